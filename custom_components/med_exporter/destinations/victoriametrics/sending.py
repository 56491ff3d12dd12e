"""Rows on their way to a VictoriaMetrics server: written with care, and looked for afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ...web_answers import in_turn
from ..base import DestinationError, Outcome
from .retention import Retention
from .rows import NAME, Found, line_of_rows, rows_of
from .visibility import until_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..measurements import Measurement
    from .rows import Row
    from .server import Flags, VictoriaMetrics
    from .whereabouts import Whereabouts

# So many are settled before others have their turn.
_AT_A_TIME: Final = 500


@dataclass(slots=True)
class Batch:
    """Rows of one series that are on their way; `due` is the loop's time to settle them.

    `is_missing` tells that the first one to be written did not appear.
    """

    labels: dict[str, str]
    rows: list[Row]
    too_old: set[int]
    sent: set[int]
    due: float
    is_missing: bool


class Sender:
    """Writes rows and looks what has become of them; every method raises DestinationError.

    Attributes:
        retention: how far back the server keeps samples.
        last_sent: the loop's time at which something was last written.
        is_unconfirmed: whether that may not be readable yet.

    """

    def __init__(self, server: VictoriaMetrics, whereabouts: Whereabouts) -> None:
        self._server = server
        self._whereabouts = whereabouts
        self.retention = Retention(whereabouts, self.write)
        self.last_sent = _now()
        self.is_unconfirmed = False

    async def send(
        self,
        labels: dict[str, str],
        chunk: Sequence[Measurement],
        flags: Flags,
        *,
        disk_time: float,
    ) -> Batch:
        """Write what a server lacks of measurements of one series.

        `disk_time` is after how many seconds a server has a row on its disk.
        """
        rows = await in_turn(partial(rows_of, chunk))
        limit = self.retention.limit(flags)
        kept = rows if rows[0].stamp >= limit else [row for row in rows if row.stamp >= limit]
        wanted: list[Row] = []
        is_missing = False
        if kept:
            found = await self._whereabouts.async_find(labels, kept)
            wanted = await in_turn(partial(found.lacks, kept))
            if len(wanted) < len(kept):
                self.retention.witness(labels, kept, found)
        if wanted:
            is_missing = not await self.write(labels, wanted)
        return Batch(
            labels=labels,
            rows=rows,
            too_old={row.stamp for row in rows if row.stamp < limit},
            sent={row.stamp for row in wanted},
            # What is found may be as young as the last thing that was sent from here, or from
            # the life before this one.
            due=self.last_sent + disk_time,
            is_missing=is_missing,
        )

    async def write(self, labels: dict[str, str], rows: Sequence[Row]) -> bool:
        """Write rows, one before all others, and return whether that one was seen shortly after.

        Of a series that does not appear as it should, no more than that one row is written.
        """
        trial = await self._whereabouts.async_trial(labels, rows)
        await self._import(labels, [trial.row])
        _, missing = await self._shown(labels, [trial.row])
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
            await self._import(labels, [row for row in rows if row is not trial.row])
        self.is_unconfirmed = not await self._server.flush()
        return True

    async def _import(self, labels: dict[str, str], rows: Sequence[Row]) -> None:
        lines = await in_turn(partial(line_of_rows, labels, rows))
        self.is_unconfirmed = True
        self.last_sent = _now()
        try:
            await self._server.write(lines)
        finally:
            self.last_sent = _now()

    async def _shown(self, labels: dict[str, str], rows: Sequence[Row]) -> tuple[Found, list[Row]]:
        """Return what is seen of rows that the server should show by now, and which are not."""
        found, missing = Found(), list(rows)

        async def look() -> bool:
            nonlocal found, missing
            found = await self._whereabouts.async_find(labels, rows)
            missing = await in_turn(partial(found.lacks, rows))
            self.retention.witness(labels, rows, found)
            return not missing

        if rows:
            await until_shown(self._server, look)
        return found, missing

    async def settle(
        self, batch: Batch, flags: Flags, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        """Settle what the server has of a batch, and raise `ROWS_MISSING` for the rest."""
        kept = [row for row in batch.rows if row.stamp not in batch.too_old]
        found, missing = await self._shown(batch.labels, kept)
        if missing and await self.retention.async_drops(batch.labels, missing, flags):
            self.is_unconfirmed = False
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


def _outcomes(batch: Batch, kept: Sequence[Row], found: Found) -> list[Outcome]:
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


def _now() -> float:
    return asyncio.get_running_loop().time()
