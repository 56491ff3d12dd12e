"""Write quarter-hours of energy, inside a transaction of the caller's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from ..engine import ledger as held
from ..engine.ledger import Day, accounts_table, quarters_table
from ..engine.times import FOREVER, QUARTER, UTC_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection


class AllFilled(Mapping[int, tuple[int, int]]):
    """Energies that were filled as a whole, in mWh by quarter-hour, as pairs of twice the same.

    They are made where they are asked for: for the tens of thousands of a past, Python would
    collect garbage all the time.
    """

    def __init__(self, mwh: Mapping[int, int]) -> None:
        self.mwh = mwh

    def __getitem__(self, quarter: int) -> tuple[int, int]:
        return (mwh := self.mwh[quarter]), mwh

    def __iter__(self) -> Iterator[int]:
        return iter(self.mwh)

    def __len__(self) -> int:
        return len(self.mwh)


class Stretch(NamedTuple):
    """Energies of some quarter-hours of a stretch of time, ascending.

    `number` is that of the stretch since 1970, `places` those of the quarter-hours in it; `mwh` is
    all energy of each, `filled` how much of it was filled.
    """

    number: int
    places: Sequence[int]
    mwh: Sequence[int]
    filled: Sequence[int]


def by_stretches(energies: Mapping[int, tuple[int, int]], length: int) -> Iterator[Stretch]:
    """Cut energies into stretches of some seconds each, in the order of time.

    A past has hundreds of thousands of quarter-hours, most of them in stretches that have all.
    """
    quarters = sorted(energies)
    first = 0
    while first < len(quarters):
        number = quarters[first] // length
        begin = number * length
        after = bisect_left(quarters, begin + length, first)
        chosen = quarters[first:after]
        mwh: Sequence[int]
        filled: Sequence[int]
        if isinstance(energies, AllFilled):
            mwh = filled = list(map(energies.mwh.__getitem__, chosen))
        else:
            mwh, filled = zip(*map(energies.__getitem__, chosen), strict=True)
        places: Sequence[int] = range(length // QUARTER)
        if after - first < len(places):
            places = [(quarter - begin) // QUARTER for quarter in chosen]
        yield Stretch(number, places, mwh, filled)
        first = after


def _bits(quarters: Collection[int]) -> dict[int, int]:
    """Return a bit for each quarter-hour, the first of its day in the lowest, by day."""
    found: dict[int, int] = {}
    ascending = sorted(quarters)
    first = 0
    while first < len(ascending):
        day, start = divmod(ascending[first], UTC_DAY)
        after = bisect_left(ascending, (day + 1) * UTC_DAY, first)
        last = ascending[after - 1]
        # Of a day of a past all but one are there.
        missing = set(range(ascending[first], last, QUARTER)).difference(ascending[first:after])
        bits = (2 << last % UTC_DAY // QUARTER) - (1 << start // QUARTER)
        found[day] = bits - sum(1 << one % UTC_DAY // QUARTER for one in missing)
        first = after
    return found


def account_id(connection: Connection, plug_id: str, metering_point: str, role: str) -> int:
    """Return the id of what energy is booked to, which is made where it is missing."""
    key = {"plug_id": plug_id, "metering_point": metering_point, "role": role}
    found = connection.execute(select(accounts_table.c.id).filter_by(**key)).scalar()
    if found is not None:
        return int(found)
    inserted = connection.execute(insert(accounts_table).values(**key))
    assert inserted.inserted_primary_key is not None
    return int(inserted.inserted_primary_key[0])


def add_quarters(
    connection: Connection,
    account: int,
    energies: Mapping[int, tuple[int, int]],
    joined: Collection[int] | None = None,
) -> None:
    """Add energies to the quarter-hours of an account.

    Args:
        connection: with a transaction of which this becomes a part.
        account: its id.
        energies: mWh, and how many of these were filled, by quarter-hour. One that was not known
            is known from then on, also with no energy.
        joined: those among them that share a whole with the quarter-hour before; None where it is
            not told what was filled as a whole.

    """
    _change(connection, account, energies, Day.adding, joined)


def replace_quarters(
    connection: Connection,
    account: int,
    energies: Mapping[int, tuple[int, int]],
    joined: Collection[int] | None = None,
) -> None:
    """Put energies in the place of those of an account; arguments as of `add_quarters`."""
    _change(connection, account, energies, Day.replacing, joined)


def take_back_quarters(
    connection: Connection,
    account: int,
    energies: Mapping[int, tuple[int, int]],
    known_until: float,
) -> None:
    """Add energies, most of them negative, and forget the empty quarter-hours after a moment.

    Args:
        connection: with a transaction of which this becomes a part.
        account: its id.
        energies: as of `add_quarters`.
        known_until: UTC seconds; nothing was known of quarter-hours that begin later.

    """
    for day, quarters in groupby(sorted(energies), key=lambda quarter: quarter // UTC_DAY):
        taken = {quarter: energies[quarter] for quarter in quarters}
        late = [q % UTC_DAY // QUARTER for q in taken if q > known_until]
        _change(connection, account, taken, _adding_but(late), None)
        columns = quarters_table.c
        here = (columns.account_id == account, columns.day == day)
        energy = connection.execute(select(columns.energy).where(*here)).scalar()
        if energy is not None and not Day.unpacked(energy, None).known():
            connection.execute(delete(quarters_table).where(*here))


def _adding_but(late: Collection[int]) -> Callable[[Day, Iterable[tuple[int, int, int]]], Day]:
    return lambda day, parts: day.adding(parts).forgetting(late)


def move_quarters(
    connection: Connection, source: held.Account, target: int, since: int = 0
) -> int | None:
    """Add all energy of an account to another one, and let the first be known to be empty.

    Args:
        connection: with a transaction of which this becomes a part.
        source: the account.
        target: the id of the other one.
        since: the first quarter-hour of what is moved, in UTC seconds.

    Returns:
        The UTC second from which on there is any; None where there is nothing to move.

    """
    days = [
        (midnight, *day.parted(max(since - midnight, 0) // QUARTER))
        for _, midnight, day in held.days_between(connection, [source], since, FOREVER)
    ]
    if not any(moved.mwh() for *_, moved in days):
        return None
    before = held.Account(target, source.plug_id, source.metering_point, source.role)
    standing = {
        midnight: day for _, midnight, day in held.days_between(connection, [before], 0, FOREVER)
    }
    new, changed = [], []
    for midnight, left, day in days:
        own = {"of": source.id, "of_day": midnight // UTC_DAY}
        changed.append(own | columns_of(left))
        there = standing.get(midnight)
        if there is None:
            row = {"account_id": target, "day": midnight // UTC_DAY}
            new.append(row | columns_of(day))
        else:
            both = there.joining(day.joints()).adding(day.parts())
            changed.append(own | {"of": target} | columns_of(both))
    if new:
        connection.execute(insert(quarters_table), new)
    columns = quarters_table.c
    here = (columns.account_id == bindparam("of"), columns.day == bindparam("of_day"))
    connection.execute(update(quarters_table).where(*here), changed)
    return max(days[0][0], since)


def columns_of(day: Day) -> dict[str, bytes | None]:
    """Return a day's columns in the table of quarter-hours."""
    return dict(zip(("energy", "filled", "joined"), day.packed(), strict=True))


def _change(
    connection: Connection,
    account: int,
    energies: Mapping[int, tuple[int, int]],
    change: Callable[[Day, Iterable[tuple[int, int, int]]], Day],
    joined: Collection[int] | None,
) -> None:
    if not energies:
        return
    columns = quarters_table.c
    rows = connection.execute(
        select(columns.day, columns.energy, columns.filled, columns.joined).where(
            columns.account_id == account,
            columns.day >= min(energies) // UTC_DAY,
            columns.day <= max(energies) // UTC_DAY,
        )
    )
    standing = {day: tuple(packed) for day, *packed in rows}
    new, changed = [], []
    bits = _bits(joined or ())
    parts = {one.number: one for one in by_stretches(energies, UTC_DAY)}
    # Between the parts of a whole may be days that have none of it.
    for day in sorted(parts.keys() | (bits.keys() & standing.keys())):
        before = standing.get(day)
        known = Day.unknown() if before is None else Day.unpacked(*before)
        if joined is not None:
            known = known.joining(bits.get(day, 0))
        there = parts.get(day)
        after = change(known, zip(*there[1:], strict=True) if there else ())
        if before is None:
            new.append({"account_id": account, "day": day} | columns_of(after))
        elif after.packed() != before:
            changed.append({"of_day": day} | columns_of(after))
    if new:
        connection.execute(insert(quarters_table), new)
    if changed:
        connection.execute(
            update(quarters_table).where(
                columns.account_id == account, columns.day == bindparam("of_day")
            ),
            changed,
        )
