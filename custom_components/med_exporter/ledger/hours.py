"""Book what a meter has used in each hour, as somebody says who knows all of its past."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from ..const import PlugRole
from ..engine import ledger as held
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import (
    CUT,
    QUARTERS_A_DAY,
    UNKNOWN,
    Day,
    accounts_table,
    counters_table,
    quarters_table,
)
from ..engine.ledger.tables import corrections_table
from ..engine.times import HOUR, QUARTER, UTC_DAY, hour_of
from ..statistics import mark_dirty
from ..statistics.tables import sums_table
from .quarters import account_id, columns_of
from .removed import forget_removed
from .series import COUNTED_ROLES, LedgerPlug, PlugSeries, PointSeries
from .tables import TOLD_BY_THE_HOUR
from .undoing import forget_done

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

    from .series import Series

_QUARTERS_AN_HOUR: Final = HOUR // QUARTER


class HourEnergy(NamedTuple):
    """What a meter has used in an hour, in mWh: less than 0 where it has run back.

    `quarters` are the parts of its quarter-hours, from the first on, where they are known; fewer
    than four in the hour that runs. Together they are `mwh`.
    """

    mwh: int
    quarters: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterHours:
    """All that a meter has used in a range of hours: what else stands there is wrong.

    Attributes:
        plug: the meter, and where its energy counts that has not been booked yet.
        counted_from: the first quarter-hour that counts there, in UTC seconds; what the meter has
            used before is booked as ignored.
        start: the first hour, in UTC seconds.
        end: the end of the last one.
        hours: what was used, by the hours in which anything is known.
        known_until: up to when the meter is known, in UTC seconds; None: as before.

    Raises ValueError for what are no hours.

    """

    plug: LedgerPlug
    start: int
    end: int
    counted_from: int = 0
    hours: Mapping[int, HourEnergy] = field(default_factory=dict)
    known_until: float | None = None

    def __post_init__(self) -> None:
        if any(hour % HOUR or not self.start <= hour < self.end for hour in self.hours):
            raise ValueError("hours are not full hours of the range")
        for energy in self.hours.values():
            if energy.quarters is not None and sum(energy.quarters) != energy.mwh:
                raise ValueError("quarters are not those of the hour")


def write_hours(connection: Connection, told: MeterHours, names: Mapping[str, str]) -> bool:
    """Let hours be as they are told, and return whether any was not.

    Energy that is booked stays where it is booked: a correction follows the role that the meter
    had then. An hour that is as it is told keeps the quarter-hours that it has, unless better ones
    are told; one that has changed keeps their differences. Those that are not told are cut from
    their hour, which makes them an estimate. Hours that are not told any longer are
    empty from then on. What users have put right is added to what is told.

    Args:
        connection: with a transaction of which this becomes a part.
        told: the hours.
        names: what users call each series, by statistic id.

    """
    plug = told.plug
    here = (connection, plug.plug_id, plug.metering_point)
    mine = account_id(*here, plug.role.value)
    uncounted = mine
    if told.start < told.counted_from:
        uncounted = account_id(*here, PlugRole.IGNORED.value)
    accounts = {one.id: one for one in held.accounts_of(connection, plug_ids=[plug.plug_id])}
    books = _Books(connection, accounts.values(), (uncounted, mine), told)
    corrected = held.corrections_between(connection, plug.plug_id, told.start, told.end)
    hours = sorted({*told.hours, *(h for h in books.hours() if told.start <= h < told.end)})
    for hour in hours:
        quarters = range(hour, hour + HOUR, QUARTER)
        added = [corrected.get(quarter, 0) for quarter in quarters]
        books.settle(hour, told.hours.get(hour), added)
    changed = books.write()
    for account, quarter in changed.items():
        one = accounts[account]
        many: list[Series] = [PlugSeries(one.plug_id)]
        if (role := PlugRole(one.role)) in COUNTED_ROLES:
            many.append(PointSeries(one.metering_point, role))
        for series in many:
            name = _name(connection, series.statistic_id, names)
            mark_dirty(connection, series.statistic_id, name, hour_of(quarter))
    return _note(connection, told) or bool(changed)


def forget_meters(connection: Connection, plug_ids: Collection[str]) -> int:
    """Forget all that is booked and was put right of meters; return how many accounts that were.

    What stands in the long-term statistics stays.
    """
    accounts = [one.id for one in held.accounts_of(connection, plug_ids=plug_ids)]
    connection.execute(delete(quarters_table).where(quarters_table.c.account_id.in_(accounts)))
    forget_removed(connection, accounts)
    forget_done(connection, plug_ids)
    connection.execute(delete(accounts_table).where(accounts_table.c.id.in_(accounts)))
    for table in (counters_table, corrections_table):
        connection.execute(delete(table).where(table.c.plug_id.in_(list(plug_ids))))
    return len(accounts)


class _Books:
    """The quarter-hours of a meter in all its accounts, and what becomes of them."""

    def __init__(
        self,
        connection: Connection,
        accounts: Iterable[held.Account],
        mine: tuple[int, int],
        told: MeterHours,
    ) -> None:
        self._connection = connection
        self._counted_from = told.counted_from
        days = held.days_between(connection, list(accounts), told.start, told.end)
        self._standing: dict[tuple[int, int], Day] = {
            (account, midnight): day for account, midnight, day in days
        }
        # What is not booked yet goes to the last one: to another until the meter counts.
        others = sorted({account for account, _ in self._standing} - set(mine))
        self._counted = tuple(dict.fromkeys((*others, *mine)))
        self._uncounted = tuple(dict.fromkeys((*others, *reversed(mine))))
        self._changes: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}

    def hours(self) -> Iterable[int]:
        """Yield the hours of which anything is known."""
        for (_, midnight), day in self._standing.items():
            for place in range(0, QUARTERS_A_DAY, _QUARTERS_AN_HOUR):
                if day.known(place, place + _QUARTERS_AN_HOUR):
                    yield midnight + place * QUARTER

    def settle(self, hour: int, told: HourEnergy | None, corrected: Sequence[int]) -> None:
        """Note what is to change in an hour, with what was put right in its quarter-hours."""
        midnight = hour // UTC_DAY * UTC_DAY
        first = (hour - midnight) // QUARTER
        days = {account: self._standing.get((account, midnight)) for account in self._counted}
        stand: list[int | None] = []
        owners: list[int] = []
        for place in range(first, first + _QUARTERS_AN_HOUR):
            counts = midnight + place * QUARTER >= self._counted_from
            order = self._counted if counts else self._uncounted
            owner, total = order[-1], None
            for account in order:
                day = days[account]
                if day is not None and (mwh := day.energy[place]) != UNKNOWN:
                    owner, total = account, (total or 0) + mwh
            owners.append(owner)
            stand.append(total)
        for number, wanted in enumerate(_wanted(stand, told, corrected)):
            if wanted is None:
                continue
            difference = wanted - (stand[number] or 0)
            place = first + number
            own = self._standing.get((owners[number], midnight))
            told_apart = told is None or told.quarters is not None
            is_better = told_apart and own is not None and own.is_cut(place)
            if difference or stand[number] is None or is_better:
                before = UNKNOWN if own is None else own.energy[place]
                changes = self._changes.setdefault((owners[number], midnight), {})
                mwh = difference + (0 if before == UNKNOWN else before)
                changes[place] = mwh, 0 if told_apart else CUT

    def write(self) -> dict[int, int]:
        """Write what changes, and return the first quarter-hour of it by account."""
        first: dict[int, int] = {}
        new, changed = [], []
        for (account, midnight), changes in sorted(self._changes.items()):
            first.setdefault(account, midnight + min(changes) * QUARTER)
            before = self._standing.get((account, midnight))
            day = (before or Day.unknown()).replacing(
                (place, mwh, part) for place, (mwh, part) in changes.items()
            )
            row = columns_of(day)
            if before is None:
                new.append({"account_id": account, "day": midnight // UTC_DAY, **row})
            else:
                changed.append({"of": account, "of_day": midnight // UTC_DAY, **row})
        if new:
            self._connection.execute(insert(quarters_table), new)
        if changed:
            columns = quarters_table.c
            here = (columns.account_id == bindparam("of"), columns.day == bindparam("of_day"))
            self._connection.execute(update(quarters_table).where(*here), changed)
        return first


def _wanted(
    stand: Sequence[int | None], told: HourEnergy | None, corrected: Sequence[int]
) -> Sequence[int | None]:
    """Return the quarter-hours of an hour as they ought to be, from the first on."""
    if told is None:
        # Known to be empty: what was given to others can be taken back from them.
        pairs = zip(stand, corrected, strict=True)
        return [None if mwh is None else more for mwh, more in pairs]
    if told.quarters is not None:
        # The hour that runs has told fewer of them.
        return [mwh + more for mwh, more in zip(told.quarters, corrected, strict=False)]
    missing = told.mwh + sum(corrected) - sum(mwh or 0 for mwh in stand)
    return [
        (mwh or 0) + missing * (number + 1) // 4 - missing * number // 4
        for number, mwh in enumerate(stand)
    ]


def _note(connection: Connection, told: MeterHours) -> bool:
    """Remember up to when a meter is known; return whether that is new."""
    if told.known_until is None:
        return False
    plug, columns = told.plug, counters_table.c
    values = {
        "metering_point": plug.metering_point,
        "role": plug.role.value,
        "posted_ts": told.known_until,
        "started_ts": TOLD_BY_THE_HOUR,
    }
    here = columns.plug_id == plug.plug_id
    row = connection.execute(select(counters_table).where(here)).first()
    if row is None:
        connection.execute(
            insert(counters_table).values(
                plug_id=plug.plug_id,
                posted_kwh=0.0,
                first_ts=TOLD_BY_THE_HOUR,
                backfilled=True,
                **values,
            )
        )
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    connection.execute(update(counters_table).where(here).values(**values))
    return True


def _name(connection: Connection, statistic_id: str, names: Mapping[str, str]) -> str:
    if (name := names.get(statistic_id)) is not None:
        return name
    columns = sums_table.c
    known = connection.execute(
        select(columns.name).where(columns.statistic_id == statistic_id)
    ).scalar()
    return statistic_id if known is None else known
