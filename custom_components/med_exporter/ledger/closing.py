"""Up to when the periods of a series are closed, and the running sums that are made of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from homeassistant.const import UnitOfEnergy
from homeassistant.util.unit_conversion import EnergyConverter
from sqlalchemy import select

from ..const import PlugRole
from ..engine import ledger as held
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import counters_table
from ..engine.times import HOUR, ceil_to, floor_to, hour_of
from ..statistics import RunningSum
from .series import COUNTED_ROLES, PlugSeries, PointSeries, Series

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.engine import Connection, Row

    from ..engine.ledger import Account

# How long a metering point's period waits for a plug that has just been heard of, in seconds.
_PATIENCE: Final = 600


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """Closed hours of a series have other values than before, from this one (UTC seconds) on."""

    series: Series
    first_ts: int


class Clock(NamedTuple):
    """What time it is, and who may still tell something of what is over.

    `now` is in UTC seconds; `present` are the plugs that metering points have, by id, each with its
    metering point. One that was taken out of it has told all.
    """

    now: float
    present: Collection[tuple[str, str]]


def running_sums(connection: Connection, clock: Clock) -> dict[Series, RunningSum]:
    """Return the running sums of all series."""
    counters = read_counters(connection)
    accounts = held.accounts_of(connection)
    return {
        series: RunningSum(
            statistic_id=series.statistic_id,
            unit=UnitOfEnergy.KILO_WATT_HOUR,
            unit_class=EnergyConverter.UNIT_CLASS,
            parts_per_unit=to_mwh(1),
            hours=partial(_hours, own),
            first_hour=partial(_first_hour, own),
            closed_until=partial(
                closed_until, series=series, counters=counters, clock=clock, length=HOUR
            ),
        )
        for series, own in _by_series(accounts).items()
    }


def accounts_of(connection: Connection, series: Series) -> list[Account]:
    """Return the accounts that a series is the sum of."""
    match series:
        case PlugSeries():
            return held.accounts_of(connection, plug_ids=[series.plug_id])
        case PointSeries():
            return held.accounts_of(
                connection, metering_point=series.metering_point, roles=[series.role.value]
            )


def read_counters(connection: Connection) -> Mapping[str, Row[Any]]:
    """Return what is remembered of all plugs, by their ids."""
    return {row.plug_id: row for row in connection.execute(select(counters_table))}


def closed_until(
    connection: Connection,
    series: Series,
    counters: Mapping[str, Row[Any]],
    clock: Clock,
    length: int,
) -> int | None:
    """Return the end of the last period that is closed; None where there is none.

    A plug's period is closed when the plug was read after its end. A metering point's is closed
    when it is over: plugs that were read in it and not since are waited for a while, if they are
    still there. What a silent plug brings later changes the periods that it belongs to.

    Args:
        connection: to the recorder's database.
        series: whose periods.
        counters: as `read_counters` returns them.
        clock: as of now.
        length: of the periods, in seconds: an hour, or a quarter of one.

    """
    if isinstance(series, PlugSeries):
        read = counters.get(series.plug_id)
        return None if read is None else floor_to(min(read.posted_ts, clock.now), length)
    known = held.known_range(connection, accounts_of(connection, series))
    if known is None:
        return None
    until = min(ceil_to(known[1], length), floor_to(clock.now, length))
    late = any(
        until - length <= row.posted_ts < until
        for row in counters.values()
        if (row.metering_point, row.role) == (series.metering_point, series.role.value)
        and (row.plug_id, row.metering_point) in clock.present
    )
    return until - length if late and clock.now < until + _PATIENCE else until


def _by_series(accounts: Iterable[Account]) -> dict[Series, list[Account]]:
    found: dict[Series, list[Account]] = {}
    for account in accounts:
        many: list[Series] = [PlugSeries(account.plug_id)]
        if (role := PlugRole(account.role)) in COUNTED_ROLES:
            many.append(PointSeries(account.metering_point, role))
        for series in many:
            found.setdefault(series, []).append(account)
    return found


def _hours(
    accounts: Collection[Account], connection: Connection, start: int, end: int
) -> dict[int, int]:
    """Return the energy of hours in mWh."""
    return held.hours_between(connection, accounts, start, end)


def _first_hour(accounts: Collection[Account], connection: Connection) -> int | None:
    known = held.known_range(connection, accounts)
    return None if known is None else hour_of(known[0])
