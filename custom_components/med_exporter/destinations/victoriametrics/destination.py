"""VictoriaMetrics: closed periods as samples, each exactly once, and read back."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from ...const import DataType
from ...web_answers import in_turn
from ..base import PERIODS, DestinationError, Intake, Outcome
from ..databases.destination import BACKFILL, DatabaseDestination
from .probe import PROBE, async_read_nothing
from .retention import USUAL_RETENTION, Retention, milliseconds_ago
from .rows import NAME, Found, Row, labels_of, line_of_rows, row_of, rows_of, selector_of
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

# Rows that are sent and read back at once: more than the half-hours of a year.
_BATCH: Final = 20_000
# Rows of all series that are held in memory until they are on the disk.
_IN_FLIGHT: Final = 60_000
# So many are read or settled before others have their turn.
_AT_A_TIME: Final = 500
# A server writes what it holds in memory to its disk every 5 seconds, in two steps. Killed
# earlier, it forgets samples that it has acknowledged and shown.
ON_DISK_AFTER: Final = 15.0
_LONGEST_WAIT: Final = 120.0
REMARK_SHORT_RETENTION: Final = "destination_retention_short"


@dataclass(slots=True)
class _Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them.

    `is_missing` tells that the first one to be written did not appear.
    """

    labels: dict[str, str]
    rows: list[Row]
    too_old: set[int]
    sent: set[int]
    due: float
    is_missing: bool


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
        super().__init__(labels, metrics, samples)
        self._server = server
        self._whereabouts = Whereabouts(server, labels)
        self._on_disk_after = ON_DISK_AFTER if on_disk_after is None else on_disk_after
        self._last_sent = asyncio.get_running_loop().time()
        self._is_unconfirmed = False
        # Series wait for the disk together, but are sent and looked for one after the other.
        self._turn = asyncio.Lock()
        self._in_flight = 0
        self._is_freed = asyncio.Event()
        self._retention = Retention(self._whereabouts, self._write)

    async def async_test(self) -> str | None:
        """Write and read as a run does: a test sample, and a row of each series that has none.

        Returns None or REMARK_SHORT_RETENTION; raises DestinationError as `Whereabouts`, and
        `NOTHING_SHOWN` where what was written does not appear.
        """
        self._whereabouts.forget()
        is_shown = await self._whereabouts.async_general()
        samples = await self._async_latest()
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
        if found.has(row):
            return
        is_shown = await self._write(labels, [row])
        self._note(selector_of(labels), row.stamp)
        if not is_shown:
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
            self._free(sum(len(batch.rows) for batch in batches))

    async def _push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
        batches: deque[_Batch],
    ) -> None:
        flags = Flags()
        error: DestinationError | None = None
        rest, count = aiter(measurements), _BATCH
        try:
            while count == _BATCH:
                while self._in_flight + _BATCH > _IN_FLIGHT:
                    if batches:
                        await self._settle(batches.popleft(), flags, settle)
                    else:
                        self._is_freed.clear()
                        await self._is_freed.wait()
                count, flags = await self._send_next(rest, batches, flags)
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

    async def _send_next(
        self, rest: AsyncIterator[Measurement], batches: deque[_Batch], flags: Flags
    ) -> tuple[int, Flags]:
        """Read and send as many as there is room for, and return how many these were.

        Nothing is read before it is one's turn.
        """
        count = 0
        self._in_flight += _BATCH
        try:
            async with self._turn:
                chunk = await _chunk(rest)
                if chunk and not batches:
                    await self._let_unconfirmed_rows_appear()
                    flags = await self._server.flags()
                    # What was sent from here since is shown already.
                    await self._server.flush()
                if chunk:
                    batches.append(await self._send(chunk, flags))
                    count = len(chunk)
        finally:
            self._free(_BATCH - count)
        return count, flags

    def _free(self, count: int) -> None:
        self._in_flight -= count
        self._is_freed.set()

    async def _let_unconfirmed_rows_appear(self) -> None:
        if self._is_unconfirmed:
            await _sleep_until(self._last_sent + SHOWN_AFTER)

    def _is_to_settle(self, batches: deque[_Batch], flags: Flags) -> bool:
        oldest = batches[0]
        if oldest.is_missing and flags.retention is None and not self._retention.has_witnesses:
            # Whether these are too old is seen when newer ones arrive.
            return False
        return oldest.due <= _now()

    async def _send(self, chunk: Sequence[Measurement], flags: Flags) -> _Batch:
        labels = labels_of(chunk[0], self._labels)
        rows = await in_turn(partial(rows_of, chunk))
        limit = self._retention.limit(flags)
        kept = rows if rows[0].stamp >= limit else [row for row in rows if row.stamp >= limit]
        wanted: list[Row] = []
        is_missing = False
        if kept:
            found = await self._whereabouts.async_find(labels, kept)
            wanted = await in_turn(partial(found.lacks, kept))
            if len(wanted) < len(kept):
                self._retention.witness(labels, kept, found)
        if wanted:
            is_missing = not await self._write(labels, wanted)
        return _Batch(
            labels=labels,
            rows=rows,
            too_old={row.stamp for row in rows if row.stamp < limit},
            sent={row.stamp for row in wanted} | self._given(selector_of(labels)),
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self._last_sent + self._disk_time(flags),
            is_missing=is_missing,
        )

    async def _write(self, labels: dict[str, str], rows: Sequence[Row]) -> bool:
        """Write rows, one before all others, and return whether that one was seen shortly after.

        Of a series that does not appear as it should, no more than that one row is written.
        """
        trial = await self._whereabouts.async_trial(labels, rows)
        await self._import(labels, [trial.row])
        _, missing = await self._async_shown(labels, [trial.row])
        if not missing:
            self._whereabouts.seen(labels)
        else:
            try:
                is_ours = await self._whereabouts.async_lost(labels, trial)
            except DestinationError as err:
                self._is_unconfirmed = err.code != "SERIES_CHANGED"
                raise
            if not is_ours:
                return False
        if len(rows) > 1:
            await self._import(labels, [row for row in rows if row is not trial.row])
        self._is_unconfirmed = not await self._server.flush()
        return True

    async def _import(self, labels: dict[str, str], rows: Sequence[Row]) -> None:
        lines = await in_turn(partial(line_of_rows, labels, rows))
        self._is_unconfirmed = True
        self._last_sent = _now()
        try:
            await self._server.write(lines)
        finally:
            self._last_sent = _now()

    async def _async_shown(
        self, labels: dict[str, str], rows: Sequence[Row]
    ) -> tuple[Found, list[Row]]:
        """Return what is seen of rows that the server should show by now, and which are not."""
        found, missing = Found(), list(rows)

        async def look() -> bool:
            nonlocal found, missing
            found = await self._whereabouts.async_find(labels, rows)
            missing = await in_turn(partial(found.lacks, rows))
            self._retention.witness(labels, rows, found)
            return not missing

        if rows:
            await until_shown(self._server, look)
        return found, missing

    async def _settle(
        self, batch: _Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        try:
            if len(batch.too_old) < len(batch.rows):
                await _sleep_until(batch.due)
            async with self._turn:
                await self._settle_now(batch, flags, settle)
        finally:
            self._free(len(batch.rows))

    async def _settle_now(
        self, batch: _Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        kept = [row for row in batch.rows if row.stamp not in batch.too_old]
        found, missing = await self._async_shown(batch.labels, kept)
        if missing and await self._retention.async_drops(batch.labels, missing, flags):
            self._is_unconfirmed = False
            batch.too_old.update(row.stamp for row in missing)
            missing = []
        outcomes = await in_turn(partial(_outcomes, batch, kept, found))
        first_missing = missing[0] if missing else None
        for number, (row, outcome) in enumerate(zip(batch.rows, outcomes, strict=True)):
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
            settle(row.measurement, outcome)
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _disk_time(self, flags: Flags) -> float:
        """Return the seconds after which a server has written a row to its disk."""
        if flags.flush_interval is None:
            return self._on_disk_after
        told = 2.2 * flags.flush_interval.total_seconds() + 4
        return min(max(self._on_disk_after, told), _LONGEST_WAIT)


def _outcomes(batch: _Batch, kept: Sequence[Row], found: Found) -> list[Outcome]:
    """Return what became of each row of a batch, of which some are too old and others found."""
    differing = found.differs(kept)
    stamps = [row.stamp for row in batch.rows]
    if not (differing or batch.too_old) and batch.sent.issuperset(stamps):
        return [Outcome.STORED] * len(batch.rows)
    outcomes = {
        **dict.fromkeys(batch.sent, Outcome.STORED),
        **dict.fromkeys(differing, Outcome.NOT_CORRECTABLE),
        **dict.fromkeys(batch.too_old, Outcome.TOO_OLD),
    }
    return [outcomes.get(stamp, Outcome.ALREADY_THERE) for stamp in stamps]


async def _chunk(measurements: AsyncIterator[Measurement]) -> list[Measurement]:
    """Return the next measurements, as many as are sent at once; fewer are the last ones."""
    chunk: list[Measurement] = []
    async for measurement in measurements:
        chunk.append(measurement)
        if len(chunk) == _BATCH:
            break
        if len(chunk) % _AT_A_TIME == 0:
            await asyncio.sleep(0)
    return chunk


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))
