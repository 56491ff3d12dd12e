"""Half-hours for tests that think in them, in the ledger's table of quarter-hours."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from custom_components.med_exporter.engine.energy import to_kwh, to_mwh
from custom_components.med_exporter.engine.ledger import (
    Day,
    accounts_of,
    quarters_table,
    sums_by_account,
)
from custom_components.med_exporter.engine.times import HALF_HOUR, QUARTER, UTC_DAY
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy.engine import Connection


class HalfHourRow(NamedTuple):
    """The energy of a plug in a half-hour, while it had a role in a metering point."""

    plug_id: str
    start_ts: int
    role: str
    metering_point: str
    kwh: float
    filled_kwh: float = 0.0


def put_half_hours(connection: Connection, rows: Iterable[HalfHourRow]) -> None:
    """Add energies, half of each to either quarter-hour."""
    SCHEMA.create(connection)
    energies: defaultdict[tuple[str, str, str], dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        mwh, filled = to_mwh(row.kwh), to_mwh(row.filled_kwh)
        quarters = energies[row.plug_id, row.metering_point, row.role]
        quarters[row.start_ts] = (mwh // 2, filled // 2)
        quarters[row.start_ts + QUARTER] = (mwh - mwh // 2, filled - filled // 2)
    for key, quarters in energies.items():
        add_quarters(connection, account_id(connection, *key), quarters)


def half_hours(connection: Connection) -> list[HalfHourRow]:
    """Return all energies by half-hour."""
    by_id = {account.id: account for account in accounts_of(connection)}
    days = [day for (day,) in connection.execute(quarters_table.select().with_only_columns(
        quarters_table.c.day
    ))]  # fmt: skip
    if not days:
        return []
    edges = range(min(days) * 86400, (max(days) + 1) * 86400 + 1, HALF_HOUR)
    return [
        HalfHourRow(
            by_id[account].plug_id,
            edges[place],
            by_id[account].role,
            by_id[account].metering_point,
            to_kwh(one.mwh),
            to_kwh(one.filled),
        )
        for (place, account), one in sums_by_account(
            connection, list(by_id.values()), edges
        ).items()
    ]


def quarters_in(database: Path, where: str, *values: str) -> dict[int, float]:
    """Return kWh by quarter-hour of the accounts of a SQLite file that a condition chooses."""
    found: defaultdict[int, int] = defaultdict(int)
    with closing(sqlite3.connect(database)) as connection:
        for number, energy, filled in connection.execute(
            "SELECT day, energy, filled FROM med_exporter_quarters"
            f" JOIN med_exporter_accounts ON id = account_id WHERE {where} ORDER BY day",
            values,
        ):
            for place, mwh, _ in Day.unpacked(energy, filled).entries():
                found[number * UTC_DAY + place * QUARTER] += mwh
    return {start: to_kwh(mwh) for start, mwh in sorted(found.items())}
