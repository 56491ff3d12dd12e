"""Compare running sums in the long-term statistics with the hours that they are made of."""

from __future__ import annotations

from itertools import accumulate, islice, repeat
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import bindparam, delete, insert, select, update

from ..engine.lazy_dataclass import dataclass
from ..engine.times import HOUR
from .tables import sums_table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy.engine import Connection

# Asked for thousands of times where many pasts are written: made once, they are also keyed once.
_OF_SUM = (
    select(Statistics.start_ts, Statistics.sum)
    .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
    .where(StatisticsMeta.statistic_id == bindparam("statistic_id"))
)
_LAST_BEFORE = (
    _OF_SUM.where(Statistics.start_ts < bindparam("moment"))
    .order_by(Statistics.start_ts.desc())
    .limit(1)
)
_BETWEEN = _OF_SUM.where(
    Statistics.start_ts >= bindparam("start"), Statistics.start_ts < bindparam("end")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What some hours of a sum should be, beside what stands in the statistics.

    `wrong` are those whose stored sum is not right, `sums` the right ones; `changed` is the first
    hour written before that had added something else, None where there is none; `stored` are the
    hours that stand there.
    """

    wrong: Sequence[int]
    sums: Sequence[float]
    changed: int | None
    stored: Collection[int]


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
        self, connection: Connection, start: int, until: int, *, before: int, written_until: int
    ) -> Compared:
        """Compare some hours with what stands in the statistics.

        Args:
            connection: to the recorder's database.
            start: the first hour to look at; what stands before it is right.
            until: the end of the last hour to look at.
            before: the sum before `start`, in parts.
            written_until: until when sums have been written before.

        """
        added = self.hours(connection, start, until)
        stored = self._stored(connection, start, until)
        if not stored and written_until <= start:
            # As of a past, of which there are millions where hundreds of plugs bring theirs.
            hours = range(start, until, HOUR)
            totals = accumulate(map(added.get, hours, repeat(0)), initial=before)
            sums = [total / self.parts_per_unit for total in islice(totals, 1, None)]
            return Compared(wrong=hours, sums=sums, changed=None, stored=())
        total = stored_before = before
        wrong: list[int] = []
        sums = []
        changed: int | None = None
        for hour in range(start, until, HOUR):
            parts = added.get(hour, 0)
            total += parts
            found = stored.get(hour)
            if found != total:
                wrong.append(hour)
                sums.append(total / self.parts_per_unit)
            stored_parts = 0 if found is None else found - stored_before
            if changed is None and hour < written_until and stored_parts != parts:
                changed = hour
            stored_before = stored_before if found is None else found
        return Compared(wrong=wrong, sums=sums, changed=changed, stored=stored.keys())

    def sum_before(self, connection: Connection, moment: int) -> int | None:
        """Return the last sum stored for an hour before a moment, None where there is none."""
        here = {"statistic_id": self.statistic_id, "moment": moment}
        row = connection.execute(_LAST_BEFORE, here).first()
        return None if row is None else round((row.sum or 0.0) * self.parts_per_unit)

    def stands_at(self, connection: Connection, hour: int) -> bool:
        """Return whether an hour stands in the statistics."""
        return hour in self._stored(connection, hour, hour + HOUR)

    def _stored(self, connection: Connection, start: int, end: int) -> dict[int, int]:
        """Return the sums of hours."""
        here = {"statistic_id": self.statistic_id, "start": start, "end": end}
        rows = connection.execute(_BETWEEN, here)
        return {
            int(start_ts): round((value or 0.0) * self.parts_per_unit) for start_ts, value in rows
        }


def mark_dirty(connection: Connection, statistic_id: str, name: str | None, hour: int) -> None:
    """Note from which hour on a sum is to be written, in the transaction that changes the hour.

    Args:
        connection: with that transaction.
        statistic_id: of the sum.
        name: what users call it; None for what it is called already.
        hour: the first hour that has changed.

    """
    columns = sums_table.c
    here = columns.statistic_id == statistic_id
    row = connection.execute(select(columns.dirty_from_ts, columns.name).where(here)).first()
    if row is None:
        connection.execute(
            insert(sums_table).values(
                statistic_id=statistic_id, name=name or statistic_id, dirty_from_ts=hour
            )
        )
    elif hour < row.dirty_from_ts or (name is not None and name != row.name):
        dirty_from = min(hour, row.dirty_from_ts)
        connection.execute(
            update(sums_table).where(here).values(dirty_from_ts=dirty_from, name=name or row.name)
        )


def forget_sum(connection: Connection, statistic_id: str) -> None:
    """Forget what is noted of a sum; what stands in the statistics is left there."""
    connection.execute(delete(sums_table).where(sums_table.c.statistic_id == statistic_id))


def dirty_from(connection: Connection, statistic_id: str) -> int | None:
    """Return the first hour of a sum that is still to be written; None where nothing is noted."""
    columns = sums_table.c
    return connection.execute(
        select(columns.dirty_from_ts).where(columns.statistic_id == statistic_id)
    ).scalar()


def shift(
    connection: Connection, statistic_id: str, added: Mapping[int, int], parts_per_unit: int
) -> None:
    """Change what hours have added to a sum whose parts nobody keeps any more, and note it.

    Args:
        connection: with a transaction of which this becomes a part.
        statistic_id: of the sum.
        added: what to add, in parts, by hours that stand in the statistics.
        parts_per_unit: of the sum.

    """
    if not added:
        return
    metadata_id = connection.execute(
        select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == statistic_id)
    ).scalar()
    if metadata_id is None:
        return
    hours = sorted(added)
    total = 0
    for hour, following in zip(hours, [*hours[1:], None], strict=True):
        total += added[hour]
        here = (Statistics.metadata_id == metadata_id) & (Statistics.start_ts >= hour)
        if following is not None:
            here &= Statistics.start_ts < following
        amount = total / parts_per_unit
        connection.execute(
            update(Statistics)
            .where(here)
            .values(sum=Statistics.sum + amount, state=Statistics.state + amount)
        )
    columns = sums_table.c
    of_sum = columns.statistic_id == statistic_id
    connection.execute(
        update(sums_table)
        .where(of_sum, (columns.changed_from_ts.is_(None)) | (columns.changed_from_ts > hours[0]))
        .values(changed_from_ts=hours[0])
    )


def hours_added(
    connection: Connection, statistic_id: str, start: int, end: int, parts_per_unit: int
) -> dict[int, int]:
    """Return what each hour that stands in the statistics has added, in parts, in [start, end)."""
    statement = (
        select(Statistics.start_ts, Statistics.sum)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(StatisticsMeta.statistic_id == statistic_id)
    )
    start_ts = Statistics.start_ts
    last = connection.execute(
        statement.where(start_ts < start).order_by(start_ts.desc()).limit(1)
    ).first()
    before = 0 if last is None else round((last.sum or 0.0) * parts_per_unit)
    found: dict[int, int] = {}
    for hour, total in connection.execute(
        statement.where(start_ts >= start, start_ts < end).order_by(start_ts)
    ):
        after = round((total or 0.0) * parts_per_unit)
        found[int(hour)] = after - before
        before = after
    return found


def written_until(connection: Connection, statistic_id: str) -> int | None:
    """Return the end of the last hour of a sum that was ever written."""
    columns = sums_table.c
    return connection.execute(
        select(columns.written_until_ts).where(columns.statistic_id == statistic_id)
    ).scalar()
