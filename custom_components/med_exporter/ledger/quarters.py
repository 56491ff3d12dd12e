"""Write quarter-hours of energy, inside a transaction of the caller's."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from ..engine import ledger as held
from ..engine.ledger import Day, accounts_table, quarters_table
from ..engine.times import FOREVER, QUARTER, UTC_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy.engine import Connection


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
    bits: defaultdict[int, int] = defaultdict(int)
    for quarter in joined or ():
        bits[quarter // UTC_DAY] |= 1 << quarter % UTC_DAY // QUARTER
    parts: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for quarter in sorted(energies):
        parts[quarter // UTC_DAY].append((quarter % UTC_DAY // QUARTER, *energies[quarter]))
    # Between the parts of a whole may be days that have none of it.
    for day in sorted(parts.keys() | (bits.keys() & standing.keys())):
        before = standing.get(day)
        known = Day.unknown() if before is None else Day.unpacked(*before)
        if joined is not None:
            known = known.joining(bits[day])
        after = change(known, parts[day])
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
