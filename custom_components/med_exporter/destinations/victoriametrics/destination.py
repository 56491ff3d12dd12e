"""VictoriaMetrics: closed periods as samples, each exactly once, and read back."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...const import DataType
from ..base import (
    DestinationError,
    Intake,
    Outcome,
)
from ..measurements import Grain
from .probe import async_learn_labels, async_read_nothing, async_test_server
from .rows import (
    Found,
    Row,
    labels_of,
    line_of,
    row_of,
    selector_of,
)
from .server import Flags
from .visibility import SHOWN_AFTER, until_shown

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
    from .server import VictoriaMetrics

INTAKE: Final = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.DAILY,
        DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
        DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
        DataType.PRODUCTION_DAILY: Grain.DAILY,
        DataType.TEMPO: Grain.DAILY,
    },
    current=frozenset({DataType.ECOWATT}),
    patience=timedelta(hours=48),
)
"""Samples cannot be overwritten: only what changes no more is sent."""

_BATCH: Final = 2000
# More than the half-hours of 400 days, which a server may drop all but the last month of.
_IN_FLIGHT: Final = 12
# A server writes what it holds in memory to its disk every 5 seconds, in two steps. Killed
# earlier, it forgets samples that it has acknowledged and shown.
ON_DISK_AFTER: Final = 15.0
_LONGEST_WAIT: Final = 120.0
# The shortest retention that the server takes.
_ANY_RETENTION: Final = timedelta(days=1)


@dataclass(slots=True)
class _Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them."""

    labels: dict[str, str]
    rows: list[Row]
    too_old: set[int]
    sent: set[int]
    due: float
    missing: list[Row]


class VictoriaMetricsDestination:
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
        destination_id: str | None = None,
        metrics: InternalMetrics | None = None,
        on_disk_after: float | None = None,
    ) -> None:
        self._server = server
        self._labels = dict(labels)
        self._destination_id = destination_id
        self._metrics = metrics
        # What a proxy or the server adds to the labels; None until it is known.
        self._added: dict[str, str] | None = None
        self._on_disk_after = ON_DISK_AFTER if on_disk_after is None else on_disk_after
        self._last_sent = asyncio.get_running_loop().time()
        self._is_unconfirmed = False
        # The newest row that was seen on the server, and the newest that it is known to drop.
        self._witness: tuple[dict[str, str], Row] | None = None
        self._dropped_until = -1

    async def async_start(self) -> None:
        """Begin to send the exporter's own metrics; there is no lasting connection."""
        if self._metrics is not None:
            self._metrics.start()

    async def async_close(self) -> None:
        """Send no more metrics of the exporter."""
        if self._metrics is not None:
            await self._metrics.close()

    async def async_test(self) -> str | None:
        """Write a sample and read it back; a remark tells of a short retention."""
        return await async_test_server(self._server, self._labels, self._destination_id)

    async def async_begin(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Look for samples of the periods. Raises DestinationError.

        What is older than the server's retention is not missing; where it does not tell that,
        what is older than something that is there is taken for such.
        """
        await self._learn_labels()
        if not witnesses:
            await async_read_nothing(self._server, self._labels)
            return ()
        await self._server.flush()
        flags = await self._server.flags()
        limit = max(_limit(flags), self._dropped_until + 1)
        series: dict[str, list[tuple[Row, bool]]] = {}
        for witness in witnesses:
            row, labels = row_of(witness), labels_of(witness, self._labels)
            is_there = row.stamp < limit or (await self._find(labels, [row])).has(row)
            series.setdefault(selector_of(labels), []).append((row, is_there))
        missing: list[Measurement] = []
        for found in series.values():
            newest_there = max((row.stamp for row, is_there in found if is_there), default=0)
            missing += [
                row.measurement
                for row, is_there in found
                if not is_there and (flags.retention is not None or row.stamp > newest_there)
            ]
        return missing

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
        flags = Flags()
        batches: deque[_Batch] = deque()
        error: DestinationError | None = None
        try:
            async for chunk in _chunks(measurements):
                if not batches:
                    await self._learn_labels()
                    await self._let_unconfirmed_rows_appear()
                    flags = await self._server.flags()
                batches.append(await self._send(chunk, flags))
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

    async def _learn_labels(self) -> None:
        if self._added is None:
            self._added = await async_learn_labels(self._server, self._labels, self._destination_id)

    async def _let_unconfirmed_rows_appear(self) -> None:
        if self._is_unconfirmed:
            await _sleep_until(self._last_sent + SHOWN_AFTER)

    def _is_to_settle(self, batches: deque[_Batch], flags: Flags) -> bool:
        if len(batches) >= _IN_FLIGHT:
            return True
        oldest = batches[0]
        if oldest.missing and flags.retention is None and self._witness is None:
            # Whether these are too old is seen when newer ones arrive.
            return False
        return oldest.due <= _now()

    async def _send(self, chunk: Sequence[Measurement], flags: Flags) -> _Batch:
        labels = labels_of(chunk[0], self._labels)
        rows = [row_of(measurement) for measurement in chunk]
        limit = max(_limit(flags), self._dropped_until + 1)
        kept = [row for row in rows if row.stamp >= limit]
        missing: list[Row] = []
        wanted: list[Row] = []
        if kept:
            await self._server.flush()
            found = await self._find(labels, kept)
            wanted = [row for row in kept if not found.has(row)]
            if len(wanted) < len(kept):
                self._take_witness(labels, kept, found)
        if wanted:
            found = await self._write(labels, wanted)
            missing = [row for row in wanted if not found.has(row)]
            self._is_unconfirmed = bool(missing)
        return _Batch(
            labels=labels,
            rows=rows,
            too_old={row.stamp for row in rows if row.stamp < limit},
            sent={row.stamp for row in wanted},
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self._last_sent + self._disk_time(flags),
            missing=missing,
        )

    async def _write(self, labels: dict[str, str], rows: Sequence[Row]) -> Found:
        """Write rows, and return what is seen of them shortly after."""
        self._is_unconfirmed = True
        self._last_sent = _now()
        try:
            await self._server.write(line_of(labels, [(row.stamp, row.value) for row in rows]))
        finally:
            self._last_sent = _now()
        found = self._nothing(labels, rows)

        async def look() -> bool:
            nonlocal found
            found = await self._find(labels, rows)
            if any(map(found.has, rows)):
                self._take_witness(labels, rows, found)
            return all(map(found.has, rows))

        await until_shown(self._server, look)
        return found

    async def _settle(
        self, batch: _Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        kept = [row for row in batch.rows if row.stamp not in batch.too_old]
        found = self._nothing(batch.labels, kept)
        if kept:
            await _sleep_until(batch.due)
            found = await self._find(batch.labels, kept)
        missing = [row for row in kept if not found.has(row)]
        if missing and await self._are_dropped(batch.labels, missing, flags):
            batch.too_old.update(row.stamp for row in missing)
            missing = []
        first_missing = missing[0] if missing else None
        for row in batch.rows:
            if row is first_missing:
                # Whoever stands before the server may have begun to change labels.
                self._added = None
                raise DestinationError(
                    "rows_missing",
                    variant="one" if len(missing) == 1 else None,
                    host=self._server.host,
                    count=len(missing),
                    metric=batch.labels["__name__"],
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

    async def _are_dropped(
        self, labels: dict[str, str], missing: Sequence[Row], flags: Flags
    ) -> bool:
        """Return whether rows are missing because the server keeps nothing this old.

        Where it does not tell its retention: the newest of them, sent twice more, does not even
        appear, while a newer row is there. A server that was killed meanwhile has forgotten
        them, but shows them when they are sent again.
        """
        newest = max(missing, key=_stamp)
        if flags.retention is not None:
            return newest.stamp < _limit(flags)
        if newest.stamp > _milliseconds_ago(_ANY_RETENTION):
            return False
        for _ in range(2):
            if not await self._is_witnessed(newest):
                return False
            if (await self._write(labels, [newest])).has(newest):
                return False
        if not await self._is_witnessed(newest):
            return False
        self._is_unconfirmed = False
        self._dropped_until = newest.stamp
        return True

    async def _is_witnessed(self, row: Row) -> bool:
        if self._witness is None or self._witness[1].stamp <= row.stamp:
            return False
        labels, witness = self._witness
        return (await self._find(labels, [witness])).has(witness)

    def _take_witness(self, labels: dict[str, str], rows: Sequence[Row], found: Found) -> None:
        newest = max(filter(found.has, rows), key=_stamp)
        if self._witness is None or self._witness[1].stamp < newest.stamp:
            self._witness = labels, newest

    async def _find(self, labels: dict[str, str], rows: Sequence[Row]) -> Found:
        found = self._nothing(labels, rows)
        stamps = [row.stamp for row in rows]
        async for line in self._server.read(selector_of(labels), min(stamps), max(stamps)):
            found.add(line)
        return found

    def _nothing(self, labels: dict[str, str], rows: Sequence[Row]) -> Found:
        return Found(labels, rows, self._added or {})

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


def _stamp(row: Row) -> int:
    return row.stamp


def _limit(flags: Flags) -> int:
    """Return the millisecond before which the server keeps nothing; 0 where that is not known."""
    return 0 if flags.retention is None else _milliseconds_ago(flags.retention)


def _milliseconds_ago(ago: timedelta) -> int:
    return round((dt_util.utcnow() - ago).timestamp() * 1000)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))
