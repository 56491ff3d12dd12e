"""The energy that is to be priced, wherever it is kept: the one place that knows.

The ledger has the last 400 days, plug by plug. What is older stands in Home Assistant's long-term
statistics, hour by hour, for a metering point as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from ..database.own_tables import exists
from ..database.recorder_tables import HOURS, HOURS_META
from ..ledger import accounts_of, is_readable, known_range
from ..ledger.books import days_between
from ..tariff.energy import CONSUMPTION, MWH_PER_KWH, PRODUCTION, Energy
from ..times import HOUR, QUARTER, hour_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

ROLES: Final = (CONSUMPTION, PRODUCTION)


def points_of(connection: Connection, plug_ids: Collection[str]) -> list[str]:
    """Return the slugs of the metering points that plugs have counted for, ascending."""
    if not plug_ids or not is_readable(connection):
        return []
    accounts = accounts_of(connection, plug_ids=plug_ids, roles=ROLES)
    return sorted({account.metering_point for account in accounts})


def read_energy(
    connection: Connection,
    metering_point: str,
    start: float,
    end: float,
    *,
    plug_ids: Collection[str] | None = None,
) -> list[Energy]:
    """Return the energy that plugs counted for a metering point, device by device.

    Args:
        connection: to the recorder's database.
        metering_point: its slug.
        start: UTC seconds; slots that end after it.
        end: UTC seconds; slots that begin before it.
        plug_ids: only these plugs; None for all.

    """
    if not is_readable(connection):
        return []
    accounts = {
        account.id: account
        for account in accounts_of(
            connection, metering_point=metering_point, plug_ids=plug_ids, roles=ROLES
        )
    }
    return [
        Energy(accounts[number].plug_id, accounts[number].role, start_ts, QUARTER, day.energy)
        for number, start_ts, day in days_between(connection, list(accounts.values()), start, end)
    ]


def read_past(
    connection: Connection, metering_point: str, start: float, end: float
) -> list[Energy]:
    """Return the energy of a metering point, with that of hours from before its ledger.

    Those come from the long-term statistics; their device is "". Arguments are those of
    `read_energy`.
    """
    kept = read_energy(connection, metering_point, start, end)
    older: list[Energy] = []
    for role in ROLES:
        first = _first(connection, metering_point, role)
        # The hour in which the ledger begins stands there as far as the ledger has it.
        until = end if first is None else min(end, hour_of(first))
        statistic_id = f"med_exporter:{role}_{metering_point}"
        older += _runs(role, _hours(connection, statistic_id, start, until))
    return older + kept


def first_known(connection: Connection, metering_point: str) -> int | None:
    """Return when the first energy of a metering point begins (UTC seconds), None without any."""
    found = [_first(connection, metering_point, role) for role in ROLES]
    found += [
        _edge_of_statistics(connection, f"med_exporter:{role}_{metering_point}", last=False)
        for role in ROLES
    ]
    return min((moment for moment in found if moment is not None), default=None)


def closed_until(connection: Connection, metering_point: str) -> int | None:
    """Return until when (UTC seconds) hours of consumption are closed, None where none is.

    They are where the ledger has written them to the long-term statistics.
    """
    last = _edge_of_statistics(
        connection, f"med_exporter:{CONSUMPTION}_{metering_point}", last=True
    )
    return None if last is None else last + HOUR


def _runs(role: str, hours: list[tuple[int, int]]) -> list[Energy]:
    """Return hours without those that are not known between them."""
    runs: list[Energy] = []
    values: list[int] = []
    following: int | None = None
    for moment, mwh in hours:
        if moment != following:
            values = []
            runs.append(Energy("", role, moment, HOUR, values))
        values.append(max(mwh, 0))
        following = moment + HOUR
    return runs


def _first(connection: Connection, metering_point: str, role: str) -> int | None:
    if not is_readable(connection):
        return None
    known = known_range(
        connection, accounts_of(connection, metering_point=metering_point, roles=[role])
    )
    return None if known is None else known[0]


def _hours(
    connection: Connection, statistic_id: str, start: float, end: float
) -> list[tuple[int, int]]:
    """Return hours with their energy in mWh: the growth of the stored sums."""
    if start >= end or not exists(connection, HOURS):
        return []
    columns = HOURS.c
    own = _is_of(statistic_id)
    before = connection.execute(
        select(columns.sum)
        .where(own, columns.start_ts <= start - HOUR)
        .order_by(columns.start_ts.desc())
        .limit(1)
    ).scalar()
    rows = connection.execute(
        select(columns.start_ts, columns.sum)
        .where(own, columns.start_ts > start - HOUR, columns.start_ts < end)
        .order_by(columns.start_ts)
    )
    total = round((before or 0.0) * MWH_PER_KWH)
    found: list[tuple[int, int]] = []
    for moment, value in rows:
        grown = round((value or 0.0) * MWH_PER_KWH)
        found.append((int(moment), grown - total))
        total = grown
    return found


def _edge_of_statistics(connection: Connection, statistic_id: str, *, last: bool) -> int | None:
    if not exists(connection, HOURS):
        return None
    edge = func.max(HOURS.c.start_ts) if last else func.min(HOURS.c.start_ts)
    moment = connection.execute(select(edge).where(_is_of(statistic_id))).scalar()
    return None if moment is None else int(moment)


def _is_of(statistic_id: str) -> ColumnElement[bool]:
    """Return what holds of the hours of one statistic."""
    number = select(HOURS_META.c.id).where(HOURS_META.c.statistic_id == statistic_id)
    return HOURS.c.metadata_id == number.scalar_subquery()
