"""What is remembered of each plug's counter, in a transaction of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from ..engine.energy import to_kwh, to_mwh
from ..engine.ledger import counters_table
from .booking import Account

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from .series import LedgerPlug


def read_account(connection: Connection, plug_id: str) -> Account | None:
    """Return what is remembered of a plug."""
    columns = counters_table.c
    row = connection.execute(select(counters_table).where(columns.plug_id == plug_id)).first()
    if row is None:
        return None
    return Account(
        posted=to_mwh(row.posted_kwh),
        posted_ts=row.posted_ts,
        started_ts=row.started_ts,
        first_ts=row.first_ts,
        gap_from_ts=row.gap_from_ts,
        backfilled=row.backfilled,
    )


def write_account(
    connection: Connection, plug: LedgerPlug, account: Account, *, is_new: bool
) -> None:
    """Remember of a plug what is known now; `is_new` says that nothing was."""
    values = {"metering_point": plug.metering_point, "role": plug.role.value, **_values(account)}
    if is_new:
        connection.execute(insert(counters_table).values(plug_id=plug.plug_id, **values))
    else:
        _update(connection, plug.plug_id, values)


def restore_account(connection: Connection, plug_id: str, account: Account | None) -> None:
    """Remember of a plug what was known before: None for nothing."""
    if account is None:
        here = counters_table.c.plug_id == plug_id
        connection.execute(delete(counters_table).where(here))
    else:
        _update(connection, plug_id, _values(account))


def _values(account: Account) -> dict[str, Any]:
    return {
        "posted_kwh": to_kwh(account.posted),
        "posted_ts": account.posted_ts,
        "started_ts": account.started_ts,
        "first_ts": account.first_ts,
        "gap_from_ts": account.gap_from_ts,
        "backfilled": account.backfilled,
    }


def _update(connection: Connection, plug_id: str, values: dict[str, Any]) -> None:
    here = counters_table.c.plug_id == plug_id
    connection.execute(update(counters_table).where(here).values(**values))
