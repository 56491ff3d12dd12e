"""Price half-hours: find what is to be priced, price it, and write what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select

from ..engine import ledger as held
from ..engine.energy import to_kwh, to_mwh
from ..engine.tariff import Eras, Pricer
from ..engine.times import HALF_HOUR, ceil_to, day_of, day_start, floor_to, hour_of
from ..ledger.series import COUNTED_ROLES
from .state import Pricing, read_pricing, write_pricing
from .tables import costs_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..engine.tariff import Colours, Tariff

_DAY: Final = 86400
_KEPT: Final = 400 * _DAY
_CHUNK: Final = 31 * _DAY
_ROLES: Final = [role.value for role in COUNTED_ROLES]
_CONSUMPTION: Final = COUNTED_ROLES[0].value

# Money has eight decimals and parts of a half-hour nine, so that sums come out the same each time.
_MONEY_DECIMALS: Final = 8
_KWH_DECIMALS: Final = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a metering point's energy is to be priced with, as it stands now.

    `metering_point` is its slug, `tariff` None where there is no contract, `colours` what is known
    of Tempo, `zone` the installation's time zone.
    """

    metering_point: str
    tariff: Tariff | None
    colours: Colours
    zone: ZoneInfo


class Work(NamedTuple):
    """What one transaction has done: the half-hours that changed, and whether more is to do."""

    changed: int
    is_done: bool


class HalfHour(NamedTuple):
    """The energy of a plug in one role and half-hour."""

    start_ts: int
    plug_id: str
    role: str
    kwh: float


class _Key(NamedTuple):
    start_ts: int
    plug_id: str
    role: str
    period: str
    tier: int


class _Value(NamedTuple):
    kwh: float
    cost: float | None


def find_work(
    connection: Connection, terms: Terms, now: float, *, since: float, reprice: bool = False
) -> Pricing:
    """Find from when on half-hours are to be priced, and keep that in the database.

    They are where the priced energy is not that of the half-hours, where the contract of a day is
    another, and where a Tempo colour is another. Contracts that were changed count from today on,
    and for days that had none.

    Args:
        connection: with a transaction of which this becomes a part.
        terms: what to price with.
        now: UTC seconds.
        since: energy is compared from here on (UTC seconds).
        reprice: whether all that is kept is to be priced by the contracts as they are now.

    """
    pricing = read_pricing(connection, terms.metering_point)
    known = pricing.values() if pricing else None
    if pricing is None:
        pricing = Pricing(metering_point=terms.metering_point)
        since = 0
    oldest = oldest_kept(now)
    today = day_of(now, terms.zone)
    wanted = Eras.of(terms.tariff)
    eras = wanted if reprice else pricing.eras.followed_by(wanted, today)
    changed_day = pricing.eras.first_difference(eras)
    pricing.eras = eras
    first_ts = max(oldest, _first_half_hour(connection, terms.metering_point) or now)
    # Until 06:00 the colour is that of the day before.
    first = day_of(first_ts, terms.zone) - timedelta(days=1)
    found = (
        oldest if reprice else None,
        pricing.dirty_from_ts,
        None if changed_day is None else _start_of(changed_day, first, terms.zone),
        pricing.take_colours(terms.colours, (first, today), terms.zone),
        _first_difference(connection, terms.metering_point, max(oldest, since)),
    )
    dirty = [moment for moment in found if moment is not None and moment <= now]
    pricing.dirty_from_ts = floor_to(max(oldest, min(dirty)), HALF_HOUR) if dirty else None
    if pricing.values() != known:
        write_pricing(connection, pricing)
    return pricing


def price_next(connection: Connection, metering_point: str, now: float, zone: ZoneInfo) -> Work:
    """Price the next month or so of what is to be priced, and note how far that has come.

    Rows that come out as they stand are left alone.
    """
    pricing = read_pricing(connection, metering_point)
    if pricing is None or pricing.dirty_from_ts is None:
        return Work(0, is_done=True)
    start = pricing.dirty_from_ts
    end = start + _CHUNK
    pricer = Pricer(
        pricing.eras,
        zone,
        pricing.known_colours,
        used_kwh=_used_before(connection, metering_point, start, zone),
    )
    rows = price_half_hours(_energies(connection, metering_point, start, end), pricer)
    changed = _replace(connection, metering_point, (start, end), rows)
    pricing.dirty_from_ts = end if end <= now else None
    if changed:
        hour = hour_of(min(changed))
        pricing.statistics_from_ts = min(hour, pricing.statistics_from_ts or hour)
    write_pricing(connection, pricing)
    return Work(len(changed), is_done=pricing.dirty_from_ts is None)


def price_half_hours(rows: Iterable[HalfHour], pricer: Pricer) -> _Prices:
    """Price half-hours, ascending by time."""
    prices: _Prices = {}
    for start_ts, group in groupby(rows, key=lambda row: row.start_ts):
        start = datetime.fromtimestamp(start_ts, UTC)
        end = start + timedelta(seconds=HALF_HOUR)
        used: dict[str, float] = {}
        produced: dict[str, float] = {}
        for _, plug_id, role, kwh in group:
            (used if role == _CONSUMPTION else produced)[plug_id] = kwh
        for charge in pricer.consumption(start, end, used):
            key = _Key(start_ts, charge.device, _CONSUMPTION, charge.period or "", charge.tier or 0)
            _add(prices, key, charge.energy_kwh, charge.cost)
        for payment in pricer.production(start, end, produced):
            key = _Key(start_ts, payment.device, COUNTED_ROLES[1].value, "", 0)
            _add(prices, key, payment.energy_kwh, payment.amount)
    return {
        key: _Value(
            round(value.kwh, _KWH_DECIMALS),
            None if value.cost is None else round(value.cost, _MONEY_DECIMALS),
        )
        for key, value in prices.items()
    }


def oldest_kept(now: float) -> int:
    """Return from when on (UTC seconds) half-hours and their costs are kept: 400 days."""
    return -int(-(now - _KEPT) // _DAY) * _DAY


def delete_costs(connection: Connection, now: float) -> int:
    """Delete costs older than 400 days and return how many rows."""
    old = costs_table.c.start_ts < oldest_kept(now)
    return connection.execute(delete(costs_table).where(old)).rowcount


type _Prices = dict[_Key, _Value]


def _add(prices: _Prices, key: _Key, kwh: float, cost: float | None) -> None:
    if kwh <= 0:
        return
    standing = prices.get(key)
    if standing is not None:
        kwh += standing.kwh
        cost = None if cost is None or standing.cost is None else cost + standing.cost
    prices[key] = _Value(kwh, cost)


def _energies(connection: Connection, metering_point: str, start: int, end: int) -> list[HalfHour]:
    accounts = held.accounts_of(connection, metering_point=metering_point, roles=_ROLES)
    edges = range(start, end + 1, HALF_HOUR)
    by_id = {account.id: account for account in accounts}
    found = [
        HalfHour(edges[place], by_id[account].plug_id, by_id[account].role, to_kwh(one.mwh))
        for (place, account), one in held.sums_by_account(connection, accounts, edges).items()
        if one.mwh
    ]
    return sorted(found)


def _first_half_hour(connection: Connection, metering_point: str) -> int | None:
    accounts = held.accounts_of(connection, metering_point=metering_point, roles=_ROLES)
    known = held.known_range(connection, accounts)
    return None if known is None else floor_to(known[0], HALF_HOUR)


def _used_before(
    connection: Connection, metering_point: str, moment: int, zone: ZoneInfo
) -> dict[date, float]:
    """Return what was consumed in the local month of a half-hour before it."""
    month = day_of(moment, zone).replace(day=1)
    accounts = held.accounts_of(connection, metering_point=metering_point, roles=[_CONSUMPTION])
    stretch = (day_start(month, zone), moment)
    used = sum(one.mwh for one in held.sums_between(connection, accounts, stretch).values())
    return {month: to_kwh(used)}


def _first_difference(connection: Connection, metering_point: str, since: float) -> int | None:
    """Return the first half-hour whose priced energy is not what the ledger has."""
    begin, length = int(since // _DAY) * _DAY, _DAY
    end: int | None = None
    while True:
        booked = _booked(connection, metering_point, (begin, end), length)
        priced = _priced(connection, metering_point, (begin, end), length)
        different = [
            key[0]
            for key in booked.keys() | priced.keys()
            if booked.get(key, 0) != priced.get(key, 0)
        ]
        if not different or length == HALF_HOUR:
            return min(different, default=None)
        begin, end, length = min(different), min(different) + _DAY, HALF_HOUR


def _booked(
    connection: Connection, metering_point: str, stretch: tuple[int, int | None], length: int
) -> dict[tuple[int, str, str], int]:
    """Return the ledger's energies in mWh by stretch of time, plug and role."""
    accounts = held.accounts_of(connection, metering_point=metering_point, roles=_ROLES)
    start, end = stretch
    known = held.known_range(connection, accounts)
    if known is None:
        return {}
    start = max(start, floor_to(known[0], length))
    edges = range(start, (ceil_to(known[1], length) if end is None else end) + 1, length)
    by_id = {account.id: account for account in accounts}
    return {
        (edges[place], by_id[account].plug_id, by_id[account].role): one.mwh
        for (place, account), one in held.sums_by_account(connection, accounts, edges).items()
        if one.mwh
    }


def _priced(
    connection: Connection, metering_point: str, stretch: tuple[int, int | None], length: int
) -> dict[tuple[int, str, str], int]:
    """Return the priced energies in mWh by stretch of time, plug and role."""
    columns = costs_table.c
    start, end = stretch
    stretch_ts = (columns.start_ts - columns.start_ts % length).label("stretch_ts")
    statement = (
        select(stretch_ts, columns.plug_id, columns.role, func.sum(columns.kwh))
        .where(
            columns.metering_point == metering_point,
            columns.role.in_(_ROLES),
            columns.start_ts >= start,
        )
        .group_by(stretch_ts, columns.plug_id, columns.role)
    )
    if end is not None:
        statement = statement.where(columns.start_ts < end)
    return {
        (int(begin), plug_id, role): to_mwh(kwh)
        for begin, plug_id, role, kwh in connection.execute(statement)
        if kwh
    }


def _replace(
    connection: Connection, metering_point: str, stretch: tuple[int, int], rows: _Prices
) -> set[int]:
    """Put rows in the place of those that stand; return the half-hours that have changed."""
    columns = costs_table.c
    start, end = stretch
    standing = {
        _Key(row.start_ts, row.plug_id, row.role, row.period, row.tier): _Value(row.kwh, row.cost)
        for row in connection.execute(
            select(costs_table).where(
                columns.metering_point == metering_point,
                columns.start_ts >= start,
                columns.start_ts < end,
            )
        )
    }
    changed = {
        key.start_ts
        for key in standing.keys() | rows.keys()
        if _differ(standing.get(key), rows.get(key))
    }
    if not changed:
        return changed
    connection.execute(
        delete(costs_table).where(
            columns.metering_point == metering_point,
            columns.start_ts == bindparam("half_hour"),
        ),
        [{"half_hour": half_hour} for half_hour in sorted(changed)],
    )
    new = [
        {"metering_point": metering_point, **key._asdict(), **value._asdict()}
        for key, value in rows.items()
        if key.start_ts in changed
    ]
    if new:
        connection.execute(insert(costs_table), new)
    return changed


def _differ(one: _Value | None, other: _Value | None) -> bool:
    """Tell whether two rows differ by more than what another order of sums makes."""
    if one is None or other is None:
        return one is not other
    if one.cost is None or other.cost is None:
        return one.cost is not other.cost or abs(one.kwh - other.kwh) > 2e-9
    return abs(one.kwh - other.kwh) > 2e-9 or abs(one.cost - other.cost) > 2e-8


def _start_of(day: date, earliest: date, zone: ZoneInfo) -> float:
    return day_start(max(day, earliest), zone)
