"""Write quarter-hours of energy, inside a transaction of the caller's."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, select, update

from ..engine import ledger as held
from ..engine.ledger import Day, accounts_table, quarters_table
from ..engine.times import QUARTER, UTC_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy.engine import Connection

_NEVER: Final = 2**40


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
    connection: Connection, account: int, energies: Mapping[int, tuple[int, int]]
) -> None:
    """Add energies to the quarter-hours of an account.

    Args:
        connection: with a transaction of which this becomes a part.
        account: its id.
        energies: mWh, and how many of these were filled, by quarter-hour. One that was not known
            is known from then on, also with no energy.

    """
    _change(connection, account, energies, Day.adding)


def replace_quarters(
    connection: Connection, account: int, energies: Mapping[int, tuple[int, int]]
) -> None:
    """Put energies in the place of those of an account; arguments as of `add_quarters`."""
    _change(connection, account, energies, Day.replacing)


def move_quarters(connection: Connection, source: held.Account, target: int) -> int | None:
    """Add all energy of an account to another one, and let the first be known to be empty.

    Returns the UTC second of the first day that has any; None where there is nothing to move.
    """
    days = list(held.days_between(connection, [source], 0, _NEVER))
    if not any(day.mwh() for _, _, day in days):
        return None
    before = held.Account(target, source.plug_id, source.metering_point, source.role)
    standing = {
        midnight: day for _, midnight, day in held.days_between(connection, [before], 0, _NEVER)
    }
    new, changed = [], []
    for _, midnight, day in days:
        own = {"of": source.id, "of_day": midnight // UTC_DAY}
        changed.append(own | _columns(day.emptied()))
        there = standing.get(midnight)
        if there is None:
            row = {"account_id": target, "day": midnight // UTC_DAY}
            new.append(row | _columns(day))
        else:
            changed.append(own | {"of": target} | _columns(there.adding(day.parts())))
    if new:
        connection.execute(insert(quarters_table), new)
    columns = quarters_table.c
    here = (columns.account_id == bindparam("of"), columns.day == bindparam("of_day"))
    connection.execute(update(quarters_table).where(*here), changed)
    return days[0][1]


def _columns(day: Day) -> dict[str, bytes | None]:
    energy, filled = day.packed()
    return {"energy": energy, "filled": filled}


def _change(
    connection: Connection,
    account: int,
    energies: Mapping[int, tuple[int, int]],
    change: Callable[[Day, Iterable[tuple[int, int, int]]], Day],
) -> None:
    if not energies:
        return
    columns = quarters_table.c
    rows = connection.execute(
        select(columns.day, columns.energy, columns.filled).where(
            columns.account_id == account,
            columns.day >= min(energies) // UTC_DAY,
            columns.day <= max(energies) // UTC_DAY,
        )
    )
    standing = {day: (energy, filled) for day, energy, filled in rows}
    new, changed = [], []
    for day, quarters in groupby(sorted(energies), key=lambda quarter: quarter // UTC_DAY):
        before = standing.get(day)
        known = Day.unknown() if before is None else Day.unpacked(*before)
        after = change(
            known, ((quarter % UTC_DAY // QUARTER, *energies[quarter]) for quarter in quarters)
        ).packed()
        if before is None:
            new.append({"account_id": account, "day": day, "energy": after[0], "filled": after[1]})
        elif after != before:
            changed.append({"of_day": day, "energy": after[0], "filled": after[1]})
    if new:
        connection.execute(insert(quarters_table), new)
    if changed:
        connection.execute(
            update(quarters_table).where(
                columns.account_id == account, columns.day == bindparam("of_day")
            ),
            changed,
        )
