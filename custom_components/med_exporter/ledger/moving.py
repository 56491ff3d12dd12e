"""What is booked to one place and belongs to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from ..engine import ledger as held
from ..engine.ledger import accounts_table, counters_table, quarters_table
from ..statistics import mark_dirty
from .quarters import account_id, move_quarters
from .receipts import move_receipts
from .removed import move_removed
from .series import COUNTED_ROLES, PointSeries

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from ..engine.ledger import Account
    from .series import LedgerPlug


def move_metering_point(connection: Connection, old: str, new: str) -> None:
    """Let all that is booked to a metering point be booked to another id of it, both slugs."""
    for account in held.accounts_of(connection, metering_point=old):
        taken = held.accounts_of(
            connection, plug_ids=[account.plug_id], metering_point=new, roles=[account.role]
        )
        if taken:
            move_account(connection, account, new, account.role)
        else:
            connection.execute(
                update(accounts_table)
                .where(accounts_table.c.id == account.id)
                .values(metering_point=new)
            )
    connection.execute(
        update(counters_table)
        .where(counters_table.c.metering_point == old)
        .values(metering_point=new)
    )


def move_account(connection: Connection, account: Account, metering_point: str, role: str) -> None:
    """Add all energy of an account to that of the same plug at another place, and end it."""
    target = account_id(connection, account.plug_id, metering_point, role)
    if target == account.id:
        return
    move_quarters(connection, account, target)
    move_removed(connection, account.id, target)
    move_receipts(connection, account.id, target)
    here = quarters_table.c.account_id == account.id
    connection.execute(delete(quarters_table).where(here))
    connection.execute(delete(accounts_table).where(accounts_table.c.id == account.id))


def bring_past(connection: Connection, plug: LedgerPlug, since: int = 0) -> None:
    """Let all that is booked of a plug count where it is now.

    Where it was, the same quarter-hours are known to be empty from then on, so that what is made
    of them follows. What is older than 400 days stays where it is.

    Args:
        connection: with a transaction of which this becomes a part.
        plug: whose past, and where it is now.
        since: the first quarter-hour that counts there, in UTC seconds. All before it stays;
            only of a meter, whose energy no posting has added.

    """
    here = (plug.metering_point, plug.role.value)
    changed: list[int] = []
    series = set(plug.series)
    target = account_id(connection, plug.plug_id, *here)
    for account in held.accounts_of(connection, plug_ids=[plug.plug_id]):
        if account.id == target:
            continue
        move_removed(connection, account.id, target, since)
        move_receipts(connection, account.id, target)
        first = move_quarters(connection, account, target, since)
        if first is None:
            continue
        changed.append(first)
        series |= {
            PointSeries(account.metering_point, role)
            for role in COUNTED_ROLES
            if role.value == account.role
        }
    if changed:
        for one in series:
            mark_dirty(connection, one.statistic_id, None, min(changed))
