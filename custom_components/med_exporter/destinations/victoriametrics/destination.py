"""VictoriaMetrics: closed periods as samples, each exactly once, and read back."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ...const import DataType
from ..base import PERIODS, DestinationError, Intake
from ..databases.destination import BACKFILL, DatabaseDestination
from ..measurements import Grain
from ..web import TIMEOUT
from .found import EXACT
from .moving import labels_of_other, samples_of
from .probe import PROBE, async_read_nothing
from .retention import USUAL_RETENTION, milliseconds_ago
from .room import Room
from .rows import NAME, TYPES, Rows, labels_of, rows_of, selector_of
from .sending import Sender
from .series_push import IN_FLIGHT, SeriesPush, sleep_until
from .whereabouts import Whereabouts

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterable,
        Collection,
        Mapping,
        Sequence,
    )

    from ..base import Settle
    from ..internal_metrics import InternalMetrics
    from ..measurements import Measurement
    from ..samples import Samples
    from .batches import Batch
    from .flags import Flags
    from .notes import Note
    from .server import VictoriaMetrics

INTAKE: Final = Intake(
    closed=PERIODS,
    current=frozenset({DataType.ECOWATT}),
    patience=timedelta(hours=48),
    at_once=32,
)
"""Samples cannot be overwritten: only what changes no more is sent.

All series wait for the disk at once, but a few are sent at a time.
"""
# Series on their way to the server, each of which asks it a dozen questions, one after the other.
_SENT_AT_ONCE: Final = 4

# A server writes what it holds in memory to its disk every 5 seconds, in two steps. Killed
# earlier, it forgets samples that it has acknowledged and shown. `/internal/force_flush` makes it
# show them and no more. `/snapshot/create` writes them, but is for who administers the server, and
# leaves a snapshot that holds its disk until somebody deletes it: a run is not to do that.
ON_DISK_AFTER: Final = 15.0
_LONGEST_WAIT: Final = 120.0
REMARK_ROUNDED: Final = "destination_values_rounded"
# As many binary digits a number has: of these none is lost.
_ALL_BITS: Final = 64
REMARK_SHORT_RETENTION: Final = "destination_retention_short"


class VictoriaMetricsDestination(DatabaseDestination):
    """A server that takes measurements, and is asked what it has before and after.

    It acknowledges rows that it may still drop or forget. So a row counts as stored when it is
    still there after the time in which a server writes to its disk. What an earlier run has sent is
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
        self._turn = asyncio.Semaphore(_SENT_AT_ONCE)
        self._room = Room(IN_FLIGHT)
        self._sender = Sender(server, self._whereabouts)

    async def async_test(self) -> str | None:
        """Write and read as a run does: a test sample, and a row of each series that has none.

        Returns None, REMARK_ROUNDED or REMARK_SHORT_RETENTION; raises DestinationError as
        `Whereabouts`, and `NOTHING_SHOWN` where what was written does not appear, and
        `SAMPLES_MERGED` where what lies as close as ours would be made one.
        """
        self._whereabouts.forget()
        is_shown = await self._whereabouts.async_general()
        samples = await self._async_latest()
        if not (is_shown or samples):
            raise self._nothing_shown(PROBE)
        flags = await self._flags()
        has_half_hours = any(one.grain is Grain.HALF_HOURLY for one in samples)
        closest = timedelta(minutes=30) if has_half_hours else timedelta(days=1)
        if flags.merges_within is not None and flags.merges_within > closest:
            raise DestinationError("samples_merged", field="url", host=self._server.host)
        for sample in samples:
            await self._test(sample, flags)
        if self._whereabouts.relative > EXACT:
            return REMARK_ROUNDED
        is_short = flags.retention is not None and flags.retention < BACKFILL
        return REMARK_SHORT_RETENTION if is_short else None

    async def _test(self, sample: Measurement, flags: Flags) -> None:
        """Give the server one row of a series, unless it has it; raises as `async_test`."""
        rows, labels = rows_of([sample]), labels_of(sample, self._labels)
        row = rows[0]
        if row.stamp < milliseconds_ago(flags.retention or USUAL_RETENTION):
            return
        series = selector_of(labels)
        # A run that pushes it does the same, and more.
        if self._given.is_pushed(series):
            return
        # One that begins from now on has its turn after this.
        async with self._given.turn(series):
            await self._server.flush()
            found = await self._whereabouts.async_find(labels, rows)
            if found.has(row):
                return
            # Before it is there: that run is not to send it too.
            self._given.note(series, row.stamp)
            is_shown = await self._sender.write(labels, rows)
        if not is_shown:
            raise self._nothing_shown(series)

    async def _flags(self) -> Flags:
        """Ask what the server tells about its settings, and keep to it."""
        flags = await self._server.flags()
        self._sender.longest_line = flags.longest_line
        bits = flags.precision_bits or _ALL_BITS
        self._whereabouts.relative = EXACT if bits >= _ALL_BITS else 2.0 ** (1 - bits)
        return flags

    def _nothing_shown(self, metric: str) -> DestinationError:
        return DestinationError("nothing_shown", field="url", host=self._server.host, metric=metric)

    async def async_reach(self) -> None:
        """Write nothing and ask for nothing, at the doors for both. Raises DestinationError."""
        await self._whereabouts.async_general()
        await self._server.write(b"", seconds=TIMEOUT)
        await async_read_nothing(self._server, self._labels)

    async def _async_limit(self) -> tuple[int, bool]:
        await self._server.flush()
        flags = await self._flags()
        # The next whole second: the last row that it drops is none that it keeps.
        return -(-self._sender.retention.limit(flags) // 1000), flags.retention is not None

    async def _async_held(self, periods: Sequence[Measurement]) -> Collection[int]:
        rows = rows_of(periods)
        found = await self._whereabouts.async_find(labels_of(periods[0], self._labels), rows)
        return {row.stamp // 1000 for row in rows if found.has(row)}

    async def _async_copy(self, before: str, now: str) -> bool:
        ours = await self._async_series(before)
        if not ours:
            return True
        notes: list[Note] = []
        async with self._turn:
            flags = await self._begin()
            for source in ours:
                labels = labels_of_other(source, now, self._labels)
                async for rows in samples_of(self._server, source):
                    batch = await self._sender.prepare(labels, rows, flags)
                    await self._send(batch, flags)
                    found, error = await self._sender.look([batch], flags)
                    if error is not None:
                        raise error
                    notes += found
        for note in notes:
            await sleep_until(note.due)
            await self._sender.settle([note], lambda *_: None)
        return True

    async def _async_delete(self, pdl: str) -> bool:
        if ours := await self._async_series(pdl):
            await self._server.delete(ours)
        return True

    async def _async_series(self, pdl: str) -> list[dict[str, str]]:
        """Return our series of a metering point, with nothing for all labels that they lack.

        What has the same labels and more may be another program's.
        """
        broad = [{**self._labels, NAME: name, "pdl": pdl} for name in TYPES]
        there = await self._server.series(broad)
        none = dict.fromkeys((name for one in there for name in one), "")
        return [{**none, **one} for one in there if await self._whereabouts.async_is_ours(one, pdl)]

    async def async_push(self, pages: AsyncIterable[Sequence[Measurement]], settle: Settle) -> None:
        """Send what the server does not have, and settle what is still there on its disk.

        Raises:
            DestinationError: `ROWS_MISSING` where rows were not taken or were forgotten, or one
                of those of `VictoriaMetrics`.

        """
        with ExitStack() as stack:
            pushed = set[str]()

            async def prepare(rows: Rows, flags: Flags, is_proved: bool) -> Batch:  # noqa: FBT001 (of a row of arguments)
                labels = labels_of(rows.measurements[0], self._labels)
                series = selector_of(labels)
                if series not in pushed:
                    pushed.add(series)
                    stack.enter_context(self._given.pushing(series))
                # Before a series has appeared as it should its rows are not sent all together.
                return await self._sender.prepare(labels, rows, flags, is_packed=is_proved)

            push = SeriesPush(
                self._sender,
                self._room,
                self._turn,
                begin=self._begin,
                prepare=prepare,
                send=self._send,
                settle=settle,
            )
            await push.async_run(pages)

    async def _begin(self) -> Flags:
        """Have the server show all that was written before, and tell what it keeps."""
        await self._sender.confirm()
        return await self._flags()

    async def _send(
        self,
        batch: Batch,
        flags: Flags,
        is_proved: bool = False,  # noqa: FBT001, FBT002 (of a row of arguments)
    ) -> None:
        series = selector_of(batch.labels)
        async with self._given.turn(series):
            # What a connection test has sent counts as the run's own.
            batch.given = self._given.take(series, batch.rows.stamps)
            for stamp in batch.given.intersection(batch.wanted.stamps):
                # Since the server was asked what it lacks.
                batch.wanted, batch.lines = batch.wanted.but(stamp), None
            disk_time = self._disk_time(flags)
            await self._sender.send(batch, disk_time=disk_time, is_proved=is_proved)

    def _disk_time(self, flags: Flags) -> float:
        """Return the seconds after which a server has written a row to its disk."""
        if flags.flush_interval is None:
            return self._on_disk_after
        told = 2.2 * flags.flush_interval.total_seconds() + 4
        return min(max(self._on_disk_after, told), _LONGEST_WAIT)
