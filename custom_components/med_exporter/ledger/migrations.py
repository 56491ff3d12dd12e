"""The ledger's tables of older versions, and the way forward."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from ..engine.energy import to_mwh
from ..engine.ledger import UNKNOWN, Day, accounts_table, quarters_table
from ..engine.ledger.tables import corrections_table
from ..engine.times import QUARTER, UTC_DAY, floor_to
from ..statistics.tables import sums_table
from .quarters import account_id, add_quarters

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_DAYS_AT_ONCE: Final = 100
_UNKNOWN_ONCE: Final = -1
"""What stood in version 2 where nothing is known of a quarter-hour."""

_old: Final = MetaData()
_half_hours: Final = Table(
    "med_exporter_half_hours",
    _old,
    Column("plug_id", String(32), primary_key=True),
    Column("start_ts", BigInteger, primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("metering_point", String(64), primary_key=True),
    Column("kwh", Double),
    Column("filled_kwh", Double),
)
_series: Final = Table(
    "med_exporter_ledger_series",
    _old,
    Column("statistic_id", String(255), primary_key=True),
    Column("name", String(255)),
    Column("dirty_from_ts", BigInteger),
    Column("written_until_ts", BigInteger),
    Column("changed_from_ts", BigInteger),
)


def halve_half_hours(connection: Connection) -> bool:
    """Make quarter-hours of some months of a plug's half-hours; tell whether none is left.

    A half-hour is halved, to the milliwatt-hour, and counts as filled or measured as it did. What
    is noted of running sums moves into a table that it shares with others.
    """
    accounts_table.create(connection, checkfirst=True)
    quarters_table.create(connection, checkfirst=True)
    inspector = inspect(connection)
    if inspector.has_table(_half_hours.name):
        plug_id = connection.execute(select(func.min(_half_hours.c.plug_id))).scalar()
        if plug_id is not None:
            _halve(connection, plug_id)
            return False
    if inspector.has_table(_series.name):
        rows = connection.execute(select(_series)).mappings().all()
        if rows:
            connection.execute(insert(sums_table), [dict(row) for row in rows])
        _series.drop(connection)
    if inspector.has_table(_half_hours.name):
        _half_hours.drop(connection)
    return True


def make_corrections(connection: Connection) -> bool:
    """Make the table of corrections; nothing has been corrected before.

    Energy may be negative since: what is not known is marked by another number, an account at a
    time. Tells whether none is left.
    """
    corrections_table.create(connection, checkfirst=True)
    accounts = connection.execute(select(accounts_table.c.id)).scalars().all()
    return not any(_mark_unknown(connection, account) for account in accounts)


def let_quarters_be_cut(_: Connection) -> bool:
    """Change nothing: what was cut from an hour before was not marked."""
    return True


def tell_wholes(connection: Connection) -> bool:
    """Make a column for what was told as a whole; of what was filled before, that is not told."""
    columns = {column["name"] for column in inspect(connection).get_columns(quarters_table.name)}
    column = quarters_table.c.joined
    if column.name not in columns:
        kind = column.type.compile(connection.dialect)
        table = quarters_table.name
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column.name} {kind}"))
    return True


def _mark_unknown(connection: Connection, account: int) -> bool:
    """Mark what is not known of an account as it is now; tell whether there was any."""
    columns, marked = quarters_table.c, {}
    days = select(columns.day, columns.energy).where(columns.account_id == account)
    for day, packed in connection.execute(days):
        energy = Day.unpacked(packed, None).energy
        if _UNKNOWN_ONCE in energy:
            known = [UNKNOWN if mwh == _UNKNOWN_ONCE else mwh for mwh in energy]
            marked[day] = Day(known).packed()[0]
    for day, packed in marked.items():
        here = (columns.account_id == account) & (columns.day == day)
        connection.execute(update(quarters_table).where(here).values(energy=packed))
    return bool(marked)


def _halve(connection: Connection, plug_id: str) -> None:
    columns = _half_hours.c
    first = connection.execute(
        select(func.min(columns.start_ts)).where(columns.plug_id == plug_id)
    ).scalar_one()
    these = (columns.plug_id == plug_id) & (
        columns.start_ts < floor_to(first, UTC_DAY) + _DAYS_AT_ONCE * UTC_DAY
    )
    energies: defaultdict[tuple[str, str], dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in connection.execute(select(_half_hours).where(these)):
        mwh, filled = to_mwh(row.kwh), to_mwh(row.filled_kwh)
        quarters = energies[row.metering_point, row.role]
        quarters[row.start_ts] = (mwh // 2, filled // 2)
        quarters[row.start_ts + QUARTER] = (mwh - mwh // 2, filled - filled // 2)
    for (metering_point, role), quarters in energies.items():
        add_quarters(connection, account_id(connection, plug_id, metering_point, role), quarters)
    connection.execute(delete(_half_hours).where(these))
