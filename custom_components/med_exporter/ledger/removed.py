"""What corrections have taken out of quarter-hours, kept so that it can be as it was."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, delete, insert, select

from ..database import TABLE_OPTIONS, Schema
from ..engine.database.own_tables import exists
from ..engine.ledger import UNKNOWN, Day
from ..engine.times import FOREVER, QUARTER, UTC_DAY
from .quarters import columns_of
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.engine import Connection

_metadata: Final = MetaData()

removed_table: Final = Table(
    "med_exporter_removed",
    _metadata,
    Column("account_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("energy", LargeBinary, nullable=False),
    Column("filled", LargeBinary),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""What corrections have left nothing of: a row for each account and day of UTC, as of a `Day`.

A quarter-hour is known in it while it is empty for that reason.
"""

# Who reads the ledger, or books, needs nothing of it.
REMOVED_SCHEMA: Final = Schema("removed", 1, _metadata, needs=SCHEMA)


def removed_between(
    connection: Connection, accounts: Collection[int], start: float, end: float
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return mWh and filled mWh (or `CUT`) by account and quarter-hour in [start, end)."""
    columns = removed_table.c
    rows = connection.execute(
        select(columns.account_id, columns.day, columns.energy, columns.filled).where(
            columns.account_id.in_(list(accounts)),
            columns.day >= int(start // UTC_DAY),
            columns.day <= int(end // UTC_DAY),
        )
    )
    return {
        (account, moment): (mwh, filled)
        for account, day, *packed in rows
        for place, mwh, filled in Day.unpacked(*packed).parts()
        if start <= (moment := day * UTC_DAY + place * QUARTER) < end
    }


def note_removed(
    connection: Connection, account: int, changed: Mapping[int, tuple[int, int] | None]
) -> None:
    """Keep what was taken out of quarter-hours, and forget those that have energy again (None)."""
    columns = removed_table.c
    for number, quarters in groupby(sorted(changed), key=lambda quarter: quarter // UTC_DAY):
        here = (columns.account_id == account, columns.day == number)
        row = connection.execute(select(columns.energy, columns.filled).where(*here)).first()
        day = Day.unknown() if row is None else Day.unpacked(*row)
        parts = [
            (quarter % UTC_DAY // QUARTER, *(changed[quarter] or (UNKNOWN, 0)))
            for quarter in quarters
        ]
        after = day.replacing(parts)
        if row is not None:
            connection.execute(delete(removed_table).where(*here))
        if after.known():
            values = columns_of(after)
            connection.execute(
                insert(removed_table).values(
                    account_id=account,
                    day=number,
                    energy=values["energy"],
                    filled=values["filled"],
                )
            )


def move_removed(connection: Connection, source: int, target: int, since: int = 0) -> None:
    """Let what was taken out of an account, since a moment, have been taken out of another one."""
    if not exists(connection, removed_table):
        return
    taken = removed_between(connection, [source, target], since, FOREVER)
    moved = {quarter: value for (account, quarter), value in taken.items() if account == source}
    missing = {quarter: moved[quarter] for quarter in moved if (target, quarter) not in taken}
    note_removed(connection, target, missing)
    note_removed(connection, source, dict.fromkeys(moved))


def forget_removed(connection: Connection, accounts: Collection[int]) -> None:
    """Forget what was taken out of accounts."""
    if exists(connection, removed_table):
        connection.execute(
            delete(removed_table).where(removed_table.c.account_id.in_(list(accounts)))
        )


def forget_old(connection: Connection, before: int) -> None:
    """Forget what was taken out of days before a day of UTC."""
    if exists(connection, removed_table):
        connection.execute(delete(removed_table).where(removed_table.c.day < before))
