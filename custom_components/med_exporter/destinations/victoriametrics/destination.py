"""VictoriaMetrics: closed periods as samples, each exactly once, and read back."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ...const import DataType
from ..base import PERIODS, DestinationError, Intake, Outcome
from ..databases.destination import BACKFILL, DatabaseDestination
from .probe import PROBE, async_read_nothing
from .retention import USUAL_RETENTION, Retention, milliseconds_ago
from .rows import NAME, Found, Row, labels_of, line_of, row_of, selector_of
from .server import Flags
from .visibility import SHOWN_AFTER, until_shown
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterable,
        AsyncIterator,
        Callable,
        Collection,
        Mapping,
        Sequence,
    )

    from ..internal_metrics import InternalMetrics
    from ..measurements import Measurement
    from ..samples import Samples
    from .server import VictoriaMetrics

INTAKE: Final = Intake(
    closed=PERIODS,
    current=frozenset({DataType.ECOWATT}),
    patience=timedelta(hours=48),
    settles_late=True,
)
"""Samples cannot be overwritten: only what changes no more is sent."""

_BATCH: Final = 2000
# Batches of all series that wait: more than the half-hours of 400 days, which a server may drop all
# but the last month of.
_IN_FLIGHT: Final = 12
# A server writes what it holds in memory to its disk every 5 seconds, in two steps. Killed
# earlier, it forgets samples that it has acknowledged and shown.
ON_DISK_AFTER: Final = 15.0
_LONGEST_WAIT: Final = 120.0
REMARK_SHORT_RETENTION: Final = "destination_retention_short"


@dataclass(slots=True)
class _Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them."""

    labels: dict[str, str]
    rows: list[Row]
    too_old: set[int]
    sent: set[int]
    due: float
    missing: list[Row]


class VictoriaMetricsDestination(DatabaseDestination):
    """A server that takes measurements, and is asked what it has before and after.

    It acknowledges rows that it may still drop or forget. So a row counts as stored when it is
    read back after the time in which a server writes to its disk. What an earlier run has sent is
    found by the reading before, and is not sent again.
    """

    intake = INTAKE

    def __init__(
        self,
        server: VictoriaMetrics,
        labels: Mapping[str, str],
        *,
        metrics: InternalMetrics | None = None,
        on_disk_after: float | None = None,
        samples: Samples | None = None,
    ) -> None:
        super().__init__(labels, metrics)
        self._server = server
        self._samples = samples
        self._whereabouts = Whereabouts(server, labels)
        self._on_disk_after = ON_DISK_AFTER if on_disk_after is None else on_disk_after
        self._last_sent = asyncio.get_running_loop().time()
        self._is_unconfirmed = False
        # Series wait for the disk together, but are sent and looked for one after the other.
        self._turn = asyncio.Lock()
        self._in_flight = 0
        self._retention = Retention(self._whereabouts, self._write)

    async def async_test(self) -> str | None:
        """Write and read as a run does: a test sample, and a row of each series that has none.

        Returns None or REMARK_SHORT_RETENTION; raises DestinationError as `Whereabouts`, and
        `NOTHING_SHOWN` where what was written does not appear.
        """
        self._whereabouts.forget()
        is_shown = await self._whereabouts.async_general()
        samples = [] if self._samples is None else await self._samples.async_latest()
        if not (is_shown or samples):
            raise self._nothing_shown(PROBE)
        flags = await self._server.flags()
        for sample in samples:
            await self._test(sample, flags)
        is_short = flags.retention is not None and flags.retention < BACKFILL
        return REMARK_SHORT_RETENTION if is_short else None

    async def _test(self, sample: Measurement, flags: Flags) -> None:
        """Give the server one row of a series, unless it has it; raises as `async_test`."""
        row, labels = row_of(sample), labels_of(sample, self._labels)
        if row.stamp < milliseconds_ago(flags.retention or USUAL_RETENTION):
            return
        found = await self._whereabouts.async_find(labels, [row])
        if not found.has(row):
            found = await self._write(labels, [row])
            if self._samples is not None:
                self._samples.note(selector_of(labels), row.stamp)
        if not found.has(row):
            raise self._nothing_shown(selector_of(labels))

    def _nothing_shown(self, metric: str) -> DestinationError:
        return DestinationError("nothing_shown", field="url", host=self._server.host, metric=metric)

    async def async_reach(self) -> None:
        """Write nothing and ask for nothing, at the doors for both. Raises DestinationError."""
        await self._whereabouts.async_general()
        await self._server.write(b"")
        await async_read_nothing(self._server, self._labels)

    async def _async_limit(self) -> tuple[int, bool]:
        await self._server.flush()
        flags = await self._server.flags()
        return self._retention.limit(flags) // 1000, flags.retention is not None

    async def _async_held(self, periods: Sequence[Measurement]) -> Collection[int]:
        rows = [row_of(one) for one in periods]
        found = await self._whereabouts.async_find(labels_of(periods[0], self._labels), rows)
        return {row.stamp // 1000 for row in rows if found.has(row)}

    async def async_push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Send what the server does not have, and settle what it still has after a while.

        Raises:
            DestinationError: `ROWS_MISSING` where rows were not taken or were forgotten, or one
                of those of `VictoriaMetrics`.

        """
        batches: deque[_Batch] = deque()
        try:
            await self._push(measurements, settle, batches)
        finally:
            self._in_flight -= len(batches)

    async def _push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
        batches: deque[_Batch],
    ) -> None:
        flags = Flags()
        error: DestinationError | None = None
        try:
            async for chunk in _chunks(measurements):
                async with self._turn:
                    if not batches:
                        await self._let_unconfirmed_rows_appear()
                        flags = await self._server.flags()
                        # What was sent from here since is shown already.
                        await self._server.flush()
                    batches.append(await self._send(chunk, flags))
                self._in_flight += 1
                while batches and self._is_to_settle(batches, flags):
                    await self._settle(batches.popleft(), flags, settle)
        except DestinationError as err:
            error = err
        try:
            while batches:
                await self._settle(batches.popleft(), flags, settle)
        except DestinationError as err:
            error = error or err
        if error is not None:
            raise error

    async def _let_unconfirmed_rows_appear(self) -> None:
        if self._is_unconfirmed:
            await _sleep_until(self._last_sent + SHOWN_AFTER)

    def _is_to_settle(self, batches: deque[_Batch], flags: Flags) -> bool:
        if self._in_flight >= _IN_FLIGHT:
            return True
        oldest = batches[0]
        if oldest.missing and flags.retention is None and not self._retention.has_witnesses:
            # Whether these are too old is seen when newer ones arrive.
            return False
        return oldest.due <= _now()

    async def _send(self, chunk: Sequence[Measurement], flags: Flags) -> _Batch:
        labels = labels_of(chunk[0], self._labels)
        rows = [row_of(measurement) for measurement in chunk]
        limit = self._retention.limit(flags)
        kept = [row for row in rows if row.stamp >= limit]
        missing: list[Row] = []
        wanted: list[Row] = []
        if kept:
            found = await self._whereabouts.async_find(labels, kept)
            wanted = [row for row in kept if not found.has(row)]
            if len(wanted) < len(kept):
                self._retention.witness(labels, kept, found)
        if wanted:
            found = await self._write(labels, wanted)
            missing = [row for row in wanted if not found.has(row)]
            self._is_unconfirmed = bool(missing)
        return _Batch(
            labels=labels,
            rows=rows,
            too_old={row.stamp for row in rows if row.stamp < limit},
            sent={row.stamp for row in wanted} | self._given(labels),
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self._last_sent + self._disk_time(flags),
            missing=missing,
        )

    async def _write(self, labels: dict[str, str], rows: Sequence[Row]) -> Found:
        """Write rows, one before all others, and return what is seen of them shortly after.

        Of a series that does not appear as it should, no more than that one row is written.
        """
        trial = await self._whereabouts.async_trial(labels, rows)
        found = await self._import(labels, [trial.row])
        if found.has(trial.row):
            self._whereabouts.seen(labels)
        else:
            try:
                is_ours = await self._whereabouts.async_lost(labels, trial)
            except DestinationError as err:
                self._is_unconfirmed = err.code != "SERIES_CHANGED"
                raise
            if not is_ours:
                return found
        rest = [row for row in rows if row is not trial.row]
        return await self._import(labels, rest, rows) if rest else found

    async def _import(
        self, labels: dict[str, str], rows: Sequence[Row], shown: Sequence[Row] | None = None
    ) -> Found:
        """Write rows, and return what is seen of them, or of those that are to be `shown`."""
        self._is_unconfirmed = True
        self._last_sent = _now()
        try:
            await self._server.write(line_of(labels, [(row.stamp, row.value) for row in rows]))
        finally:
            self._last_sent = _now()
        awaited = shown or rows
        found = Found()

        async def look() -> bool:
            nonlocal found
            found = await self._whereabouts.async_find(labels, awaited)
            self._retention.witness(labels, awaited, found)
            return all(map(found.has, awaited))

        await until_shown(self._server, look)
        return found

    async def _settle(
        self, batch: _Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        self._in_flight -= 1
        if len(batch.too_old) < len(batch.rows):
            await _sleep_until(batch.due)
        async with self._turn:
            await self._settle_now(batch, flags, settle)

    async def _settle_now(
        self, batch: _Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        kept = [row for row in batch.rows if row.stamp not in batch.too_old]
        found = Found()
        if kept:
            found = await self._whereabouts.async_find(batch.labels, kept)
        missing = [row for row in kept if not found.has(row)]
        if missing and await self._retention.async_drops(batch.labels, missing, flags):
            self._is_unconfirmed = False
            batch.too_old.update(row.stamp for row in missing)
            missing = []
        first_missing = missing[0] if missing else None
        for row in batch.rows:
            if row is first_missing:
                # Whoever stands before the server may have begun to change labels.
                self._whereabouts.forget()
                raise DestinationError(
                    "rows_missing",
                    variant="one" if len(missing) == 1 else None,
                    host=self._server.host,
                    count=len(missing),
                    metric=batch.labels[NAME],
                    date=row.measurement.date,
                )
            if row.stamp in batch.too_old:
                outcome = Outcome.TOO_OLD
            elif not found.agrees(row):
                outcome = Outcome.NOT_CORRECTABLE
            elif row.stamp in batch.sent:
                outcome = Outcome.STORED
            else:
                outcome = Outcome.ALREADY_THERE
            settle(row.measurement, outcome)

    def _given(self, labels: dict[str, str]) -> set[int]:
        """Return the moments of rows that connection tests have sent, and forget them."""
        return set() if self._samples is None else self._samples.take(selector_of(labels))

    def _disk_time(self, flags: Flags) -> float:
        """Return the seconds after which a server has written a row to its disk."""
        if flags.flush_interval is None:
            return self._on_disk_after
        told = 2.2 * flags.flush_interval.total_seconds() + 4
        return min(max(self._on_disk_after, told), _LONGEST_WAIT)


async def _chunks(measurements: AsyncIterable[Measurement]) -> AsyncIterator[list[Measurement]]:
    chunk: list[Measurement] = []
    async for measurement in measurements:
        chunk.append(measurement)
        if len(chunk) == _BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))
