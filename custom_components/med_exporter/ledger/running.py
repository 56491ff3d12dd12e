"""What is booked for the days and months that run, of a metering point."""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import select

from ..engine import ledger as held
from ..engine.energy import to_kwh
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import counters_table
from ..engine.times import day_start
from .series import COUNTED_ROLES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..const import PlugRole

    type _Energies = dict[tuple[PlugRole, date], float]

_DAY = timedelta(days=1)
# A house posts every few minutes: that it does so twice in a row within one read is rare.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Booked:
    """Up to which value a plug's counter is booked.

    `kwh` is that value, `at` when the counter had it and `started` when the counter began, both in
    UTC seconds.
    """

    kwh: float
    at: float
    started: float


@dataclass(frozen=True, slots=True)
class RunningEnergy:
    """What is booked for a metering point, in kWh; not what nothing is known of.

    Attributes:
        days: of a day and the one before, by role and date.
        months: of a month and the one before, by role and first day.
        counters: of plugs, by id, as of the same moment.

    """

    days: Mapping[tuple[PlugRole, date], float] = field(default_factory=dict)
    months: Mapping[tuple[PlugRole, date], float] = field(default_factory=dict)
    counters: Mapping[str, Booked] = field(default_factory=dict)


def read_running(
    connection: Connection,
    metering_point: str,
    plug_ids: Collection[str],
    day: date,
    zone: ZoneInfo,
) -> RunningEnergy:
    """Return what is booked of the local day and month that run, and of those before."""
    counters = read_booked(connection, plug_ids)
    for _ in range(_TRIES):
        days, months = _energies(connection, metering_point, day, zone)
        # A posting may come between: SQLite lets each query of a connection see the latest.
        standing, counters = counters, read_booked(connection, plug_ids)
        if standing == counters:
            break
    return RunningEnergy(days, months, counters)


def _energies(
    connection: Connection, metering_point: str, day: date, zone: ZoneInfo
) -> tuple[_Energies, _Energies]:
    month = day.replace(day=1)
    days = (day - _DAY, day, day + _DAY)
    months = ((month - _DAY).replace(day=1), month, (month + 31 * _DAY).replace(day=1))
    begins = {one: day_start(one, zone) for one in (*months, *days)}
    edges = sorted(set(begins.values()))
    roles = [role.value for role in COUNTED_ROLES]
    accounts = held.accounts_of(connection, metering_point=metering_point, roles=roles)
    found: tuple[_Energies, _Energies] = ({}, {})
    for role in COUNTED_ROLES:
        own = [account for account in accounts if account.role == role.value]
        # Days and months are made of the same parts.
        parts = held.sums_between(connection, own, edges)
        for energies, starts in zip(found, (days, months), strict=True):
            for first, after in pairwise(starts):
                known = [
                    part.mwh
                    for place, part in parts.items()
                    if begins[first] <= edges[place] < begins[after]
                ]
                if known:
                    energies[role, first] = to_kwh(sum(known))
    return found


def read_booked(connection: Connection, plug_ids: Collection[str]) -> dict[str, Booked]:
    """Return up to where the counters of plugs are booked; not those that never were."""
    columns = counters_table.c
    rows = connection.execute(
        select(columns.plug_id, columns.posted_kwh, columns.posted_ts, columns.started_ts).where(
            columns.plug_id.in_(list(plug_ids))
        )
    )
    return {plug_id: Booked(*booked) for plug_id, *booked in rows}
