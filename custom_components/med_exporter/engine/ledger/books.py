"""Read the ledger: sums of quarter-hours over periods of any length.

All functions read through a connection of the caller's, a few days in memory at a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, select

from ..database.own_tables import stored_version
from ..times import HOUR, QUARTER, UTC_DAY, ceil_to
from .day import QUARTERS_A_DAY, Day
from .tables import COMPONENT, VERSION, accounts_table, quarters_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Row


_QUARTERS = quarters_table.c
# Made once, since it is asked for with every sum of a long past.
_DAYS = (
    select(
        _QUARTERS.account_id, _QUARTERS.day, _QUARTERS.energy, _QUARTERS.filled, _QUARTERS.joined
    )
    .where(
        _QUARTERS.account_id.in_(bindparam("accounts", expanding=True)),
        _QUARTERS.day >= bindparam("first"),
        _QUARTERS.day < bindparam("after"),
    )
    .order_by(_QUARTERS.account_id, _QUARTERS.day)
)


class Account(NamedTuple):
    """A plug, while it had this role in this metering point (its slug)."""

    id: int
    plug_id: str
    metering_point: str
    role: str


class EnergySum(NamedTuple):
    """Energy in mWh, the part of it that was filled, and how many quarter-hours are known."""

    mwh: int = 0
    filled: int = 0
    quarters: int = 0


def is_readable(connection: Connection) -> bool:
    """Tell whether the ledger's tables are there, in the format that is described here."""
    return stored_version(connection, COMPONENT) == VERSION


def accounts_of(
    connection: Connection,
    *,
    plug_ids: Collection[str] | None = None,
    metering_point: str | None = None,
    roles: Collection[str] | None = None,
) -> list[Account]:
    """Return accounts by id, all of them unless told otherwise.

    Args:
        connection: to the recorder's database.
        plug_ids: only those of these plugs.
        metering_point: only those of this metering point, by its slug.
        roles: only those with one of these roles.

    """
    columns = accounts_table.c
    statement = select(accounts_table).order_by(columns.id)
    if plug_ids is not None:
        statement = statement.where(columns.plug_id.in_(list(plug_ids)))
    if metering_point is not None:
        statement = statement.where(columns.metering_point == metering_point)
    if roles is not None:
        statement = statement.where(columns.role.in_(list(roles)))
    return [Account(*row) for row in connection.execute(statement)]


def days_between(
    connection: Connection, accounts: Collection[Account], start: float, end: float
) -> Iterator[tuple[int, int, Day]]:
    """Yield account id, UTC second of the midnight, and day, where they touch [start, end)."""
    for account_id, day, *packed in _days(connection, accounts, start, end):
        yield account_id, day * UTC_DAY, Day.unpacked(*packed)


def hours_between(
    connection: Connection, accounts: Collection[Account], start: int, end: int
) -> dict[int, int]:
    """Return the mWh of accounts together by hour, from one full hour until before another.

    Hours that have none are left out, known or not. It is what `sums_between` finds, in a fraction
    of the time: a past has tens of thousands of them.
    """
    totals = [0] * max((end - start) // HOUR, 0)
    for _, number, energy, *_ in _days(connection, accounts, start, end):
        hours = Day.unpacked(energy, None).hours()
        first = (number * UTC_DAY - start) // HOUR
        for place in range(max(first, 0), min(first + len(hours), len(totals))):
            totals[place] += hours[place - first]
    return {start + place * HOUR: mwh for place, mwh in enumerate(totals) if mwh}


def _days(
    connection: Connection, accounts: Collection[Account], start: float, end: float
) -> Iterable[Row[Any]]:
    if not accounts or start >= end:
        return ()
    here = {
        "accounts": [account.id for account in accounts],
        "first": int(start // UTC_DAY),
        "after": ceil_to(end, UTC_DAY) // UTC_DAY,
    }
    return connection.execute(_DAYS, here)


def sums_by_account(
    connection: Connection, accounts: Collection[Account], edges: Sequence[float]
) -> dict[tuple[int, int], EnergySum]:
    """Return the energy of accounts by period, as (period, account id); not where nothing is known.

    Args:
        connection: to the recorder's database.
        accounts: whose energy.
        edges: UTC seconds; period i runs from edge i to before edge i + 1. A quarter-hour belongs
            to the period in which it begins.

    """
    found: dict[tuple[int, int], EnergySum] = {}
    for account_id, period, part in _parts(connection, accounts, edges):
        key = (period, account_id)
        before = found.get(key)
        found[key] = (
            part if before is None else EnergySum(*map(sum, zip(before, part, strict=True)))
        )
    return found


def sums_between(
    connection: Connection, accounts: Collection[Account], edges: Sequence[float]
) -> dict[int, EnergySum]:
    """Return the energy of accounts together, by period; see `sums_by_account`."""
    periods = max(len(edges) - 1, 0)
    mwh, filled, quarters = ([0] * periods for _ in range(3))
    for _, period, part in _parts(connection, accounts, edges):
        mwh[period] += part.mwh
        filled[period] += part.filled
        quarters[period] += part.quarters
    sums = zip(mwh, filled, quarters, strict=True)
    return {place: EnergySum(*one) for place, one in enumerate(sums) if one[2]}


def _parts(
    connection: Connection, accounts: Collection[Account], edges: Sequence[float]
) -> Iterator[tuple[int, int, EnergySum]]:
    """Yield account id, period, and what a day has of it, where anything is known."""
    if len(edges) < 2:
        return
    places = [ceil_to(edge, QUARTER) // QUARTER for edge in edges]
    for account_id, midnight, day in days_between(connection, accounts, edges[0], edges[-1]):
        base = midnight // QUARTER
        first = max(base, places[0])
        last = min(base + QUARTERS_A_DAY, places[-1])
        if first >= last:
            continue
        period = bisect_right(places, first) - 1
        if last - first == QUARTERS_A_DAY and last <= places[period + 1]:
            # Most days lie in one month as a whole: to add them up takes a third of the time.
            if (whole := EnergySum(*day.whole())).quarters:
                yield account_id, period, whole
            continue
        energy, filled, known = day.running()
        while first < last:
            after = min(last, places[period + 1])
            low, high = first - base, after - base
            if quarters := known[high] - known[low]:
                part = EnergySum(energy[high] - energy[low], filled[high] - filled[low], quarters)
                yield account_id, period, part
            first = after
            period += 1


def energies_between(
    connection: Connection,
    accounts: Collection[Account],
    start: float,
    end: float,
    *,
    cut: bool = True,
) -> dict[int, tuple[int, int]]:
    """Return mWh and filled mWh of the known quarter-hours that begin in [start, end), by start.

    `cut` tells whether those that were cut from an hour count as filled: for whole hours, they do
    not.
    """
    found: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for _, midnight, day in days_between(connection, accounts, start, end):
        for place, mwh, filled in day.entries(cut=cut):
            moment = midnight + place * QUARTER
            if start <= moment < end:
                before = found[moment]
                found[moment] = (before[0] + mwh, before[1] + filled)
    return dict(found)


def known_range(connection: Connection, accounts: Collection[Account]) -> tuple[int, int] | None:
    """Return when the first known quarter-hour of accounts begins and the last one ends."""
    columns = quarters_table.c
    days = select(columns.day).where(columns.account_id == accounts_table.c.id).limit(1)
    # Each is one look into the index, where the least and greatest of all would read every row.
    first = days.order_by(columns.day).scalar_subquery()
    last = days.order_by(columns.day.desc()).scalar_subquery()
    here = accounts_table.c.id.in_([account.id for account in accounts])
    rows = connection.execute(select(accounts_table.c.id, first, last).where(here)).all()
    ends = {account_id: (first, last) for account_id, first, last in rows if first is not None}
    if not ends:
        return None
    starts: list[int] = []
    for end, day in enumerate((min(ends.values())[0], max(last for _, last in ends.values()))):
        there = [one for one in accounts if one.id in ends and ends[one.id][end] == day]
        midnight = day * UTC_DAY
        for _, _, energy, *_ in _days(connection, there, midnight, midnight + 1):
            starts += [midnight + place * QUARTER for place in Day.unpacked(energy, None).ends()]
    return min(starts), max(starts) + QUARTER
