"""Compare running sums in the long-term statistics with the hours that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import bindparam, insert, select, update

from ..engine.times import HOUR
from .tables import sums_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningSum:
    """A statistic whose sum grows by the hour.

    Amounts are whole numbers of parts, in which sums are exact; hours are named by the UTC second
    at which they begin.

    Attributes:
        statistic_id: under the integration's own domain.
        unit: of the statistic.
        unit_class: what kind of unit it is for Home Assistant; None for one that it cannot convert.
        parts_per_unit: how many parts a unit has.
        hours: returns the parts that each hour adds, from one moment until before another; hours
            that add nothing may be left out.
        first_hour: returns the first hour that `hours` can tell of, None where there is none.
        closed_until: returns the end of the last hour that is over; None where there is none.

    """

    statistic_id: str
    unit: str
    unit_class: str | None
    parts_per_unit: int
    hours: Callable[[Connection, int, int], dict[int, int]]
    first_hour: Callable[[Connection], int | None]
    closed_until: Callable[[Connection], int | None]

    def compare(
        self, connection: Connection, start: int, until: int, written_until: int
    ) -> tuple[list[tuple[int, float]], int | None]:
        """Return what is wrong in some hours.

        Args:
            connection: to the recorder's database.
            start: the first hour to look at; what stands before it is right.
            until: the end of the last hour to look at.
            written_until: until when sums have been written before.

        Returns:
            The hours whose stored sum is not right, each with the right one; and the first hour
            written before that had added something else, None where there is none.

        """
        added = self.hours(connection, start, until)
        stored = self._stored(connection, start, until)
        total = stored_before = self.sum_before(connection, start) or 0
        wrong: list[tuple[int, float]] = []
        changed: int | None = None
        for hour in range(start, until, HOUR):
            parts = added.get(hour, 0)
            total += parts
            found = stored.get(hour)
            if found != total:
                wrong.append((hour, total / self.parts_per_unit))
            stored_parts = 0 if found is None else found - stored_before
            if changed is None and hour < written_until and stored_parts != parts:
                changed = hour
            stored_before = stored_before if found is None else found
        return wrong, changed

    def sum_before(self, connection: Connection, moment: int) -> int | None:
        """Return the last sum stored for an hour before a moment, None where there is none."""
        value = connection.execute(
            select(Statistics.sum)
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(StatisticsMeta.statistic_id == self.statistic_id, Statistics.start_ts < moment)
            .order_by(Statistics.start_ts.desc())
            .limit(1)
        ).scalar()
        return None if value is None else round(value * self.parts_per_unit)

    def store(self, connection: Connection, rows: Sequence[tuple[int, float]]) -> bool:
        """Store sums by hour; return False where Home Assistant does not know the statistic yet.

        To be called in the recorder's thread. Home Assistant's own import looks up each hour, which
        takes minutes for a past of years; its table is written to nowhere else.
        """
        metadata_id = connection.execute(
            select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == self.statistic_id)
        ).scalar()
        if metadata_id is None:
            return False
        known = self._stored(connection, rows[0][0], rows[-1][0] + HOUR)
        new = [
            {"metadata_id": metadata_id, "start_ts": float(hour), "state": total, "sum": total}
            for hour, total in rows
            if hour not in known
        ]
        changed = [
            {"of": metadata_id, "at": float(hour), "state": total, "sum": total}
            for hour, total in rows
            if hour in known
        ]
        if new:
            connection.execute(insert(Statistics), new)
        if changed:
            rows_of = cast("Table", Statistics.__table__)
            here = rows_of.c.metadata_id == bindparam("of"), rows_of.c.start_ts == bindparam("at")
            connection.execute(update(rows_of).where(*here), changed)
        return True

    def _stored(self, connection: Connection, start: int, end: int) -> dict[int, int]:
        rows = connection.execute(
            select(Statistics.start_ts, Statistics.sum)
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(
                StatisticsMeta.statistic_id == self.statistic_id,
                Statistics.start_ts >= start,
                Statistics.start_ts < end,
            )
        )
        return {
            int(start_ts): round((value or 0.0) * self.parts_per_unit) for start_ts, value in rows
        }


def mark_dirty(connection: Connection, statistic_id: str, name: str, hour: int) -> None:
    """Note from which hour on a sum is to be written, in the transaction that changes the hour.

    Args:
        connection: with that transaction.
        statistic_id: of the sum.
        name: what users call it.
        hour: the first hour that has changed.

    """
    columns = sums_table.c
    here = columns.statistic_id == statistic_id
    row = connection.execute(select(columns.dirty_from_ts, columns.name).where(here)).first()
    if row is None:
        connection.execute(
            insert(sums_table).values(statistic_id=statistic_id, name=name, dirty_from_ts=hour)
        )
    elif hour < row.dirty_from_ts or name != row.name:
        dirty_from = min(hour, row.dirty_from_ts)
        connection.execute(
            update(sums_table).where(here).values(dirty_from_ts=dirty_from, name=name)
        )


def written_until(connection: Connection, statistic_id: str) -> int | None:
    """Return the end of the last hour of a sum that was ever written."""
    columns = sums_table.c
    return connection.execute(
        select(columns.written_until_ts).where(columns.statistic_id == statistic_id)
    ).scalar()
