"""Rows on their way to a VictoriaMetrics server: written with care, and looked for afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Final

from ...engine.lazy_dataclass import dataclass
from ...web.answers import in_turn
from ..base import DestinationError, Outcome
from .retention import Retention
from .rows import NAME, Found, Rows, lines_of_rows
from .visibility import until_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..measurements import Measurement
    from .server import Flags, VictoriaMetrics
    from .whereabouts import Whereabouts

# So many are settled before others have their turn.
_AT_A_TIME: Final = 500


@dataclass(slots=True)
class Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them.

    `sent` are the moments of those that it lacked, `given` those that a connection test had sent.
    `is_missing` tells that the first one to be written did not appear.
    """

    labels: dict[str, str]
    rows: Rows
    too_old: set[int]
    sent: Sequence[int]
    due: float
    is_missing: bool
    given: set[int] = field(default_factory=set)


class Sender:
    """Writes rows and looks what has become of them; every method raises DestinationError.

    Attributes:
        retention: how far back the server keeps samples.
        last_sent: the loop's time at which something was last written.
        is_unconfirmed: whether that may not be readable yet.
        longest_line: bytes of the longest line that the server takes, where it tells that.

    """

    def __init__(self, server: VictoriaMetrics, whereabouts: Whereabouts) -> None:
        self._server = server
        self._whereabouts = whereabouts
        self.retention = Retention(whereabouts, self.write)
        self.last_sent = _now()
        self.is_unconfirmed = False
        self.longest_line: int | None = None

    async def send(
        self,
        labels: dict[str, str],
        rows: Rows,
        flags: Flags,
        *,
        disk_time: float,
        is_proved: bool = False,
    ) -> Batch:
        """Write what a server lacks of the rows of one series.

        `disk_time` is after how many seconds a server has a row on its disk; `is_proved` tells that
        this run has seen the series appear as it should.
        """
        limit = self.retention.limit(flags)
        kept = rows.since(limit)
        wanted = rows[:0]
        is_missing = False
        if kept:
            found = await self._whereabouts.async_find(labels, kept)
            wanted = await in_turn(partial(found.lacks, kept))
            if len(wanted) < len(kept):
                self.retention.witness(labels, kept, found)
        if wanted and is_proved:
            # It is asked to show them when it is asked for them.
            await self._import(labels, wanted)
        elif wanted:
            is_missing = not await self.write(labels, wanted)
        return Batch(
            labels=labels,
            rows=rows,
            too_old=set() if kept is rows else set(rows.stamps).difference(kept.stamps),
            sent=wanted.stamps,
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self.last_sent + disk_time,
            is_missing=is_missing,
        )

    async def write(self, labels: dict[str, str], rows: Rows) -> bool:
        """Write rows, one before all others, and return whether that one was seen shortly after.

        Of a series that does not appear as it should, no more than that one row is written.
        """
        trial = await self._whereabouts.async_trial(labels, rows)
        first = Rows.of([trial.row])
        await self._import(labels, first)
        _, missing = await self._shown(labels, first)
        if not missing:
            self._whereabouts.seen(labels)
        else:
            try:
                is_ours = await self._whereabouts.async_lost(labels, trial)
            except DestinationError as err:
                self.is_unconfirmed = err.code != "SERIES_CHANGED"
                raise
            if not is_ours:
                return False
        if len(rows) > 1:
            await self._import(labels, rows.but(trial.row.stamp))
        self.is_unconfirmed = not await self._server.flush()
        return True

    async def _import(self, labels: dict[str, str], rows: Rows) -> None:
        lines = await in_turn(partial(lines_of_rows, labels, rows, self.longest_line))
        self.is_unconfirmed = True
        self.last_sent = _now()
        try:
            await self._server.write(lines)
        finally:
            self.last_sent = _now()

    async def _shown(self, labels: dict[str, str], rows: Rows) -> tuple[Found, Rows]:
        """Return what is seen of rows that the server should show by now, and which are not."""
        found, missing = Found(), rows

        async def look() -> bool:
            nonlocal found, missing
            found = await self._whereabouts.async_find(labels, rows)
            missing = await in_turn(partial(found.lacks, rows))
            self.retention.witness(labels, rows, found)
            return not missing

        if rows:
            if self.is_unconfirmed:
                self.is_unconfirmed = not await self._server.flush()
            await until_shown(self._server, look, is_flushed=not self.is_unconfirmed)
        return found, missing

    async def settle(
        self, batch: Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        """Settle what the server has of a batch, and raise `ROWS_MISSING` for the rest."""
        kept = batch.rows
        if batch.too_old:
            kept = Rows.of([row for row in kept if row.stamp not in batch.too_old])
        found, missing = await self._shown(batch.labels, kept)
        if missing and await self.retention.async_drops(batch.labels, missing, flags):
            self.is_unconfirmed = False
            batch.too_old.update(missing.stamps)
            missing = missing[:0]
        outcomes = await in_turn(partial(_outcomes, batch, kept, found))
        measurements = batch.rows.measurements
        count = batch.rows.stamps.index(missing.stamps[0]) if missing else len(measurements)
        for start in range(0, count, _AT_A_TIME):
            part = slice(start, min(start + _AT_A_TIME, count))
            for measurement, outcome in zip(measurements[part], outcomes[part], strict=True):
                settle(measurement, outcome)
            await asyncio.sleep(0)
        if missing:
            # Whoever stands before the server may have begun to change labels.
            self._whereabouts.forget()
            raise DestinationError(
                "rows_missing",
                variant="one" if len(missing) == 1 else None,
                host=self._server.host,
                count=len(missing),
                metric=batch.labels[NAME],
                date=missing[0].measurement.date,
            )


def _outcomes(batch: Batch, kept: Rows, found: Found) -> list[Outcome]:
    """Return what became of each row of a batch, of which some are too old and others found."""
    differing = found.differs(kept)
    stamps = batch.rows.stamps
    if not (differing or batch.too_old) and batch.sent == stamps:
        return [Outcome.STORED] * len(stamps)
    outcomes = {
        **dict.fromkeys((*batch.sent, *batch.given), Outcome.STORED),
        **dict.fromkeys(differing, Outcome.NOT_CORRECTABLE),
        **dict.fromkeys(batch.too_old, Outcome.TOO_OLD),
    }
    return [outcomes.get(stamp, Outcome.ALREADY_THERE) for stamp in stamps]


def _now() -> float:
    return asyncio.get_running_loop().time()
