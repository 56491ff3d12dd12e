"""What metering points cost, month by month, as the ledger and the contracts have it now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.util import dt as dt_util

from ..clocks.local import local_zone
from ..const import CONF_PDL, PlugRole
from ..costs import DATA_COSTS
from ..engine.costs.apportioning import rounded
from ..engine.costs.standing_charge import standing_charge
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import metering_point_entries, point_slug
from ..ledger import DATA_LEDGER, PointSeries
from ..metering.contracts import currency_of, tariff_of
from .overview import readable_points

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.auth.models import User
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.tariff import Tariff

_MONTHS: Final = 13


async def async_point_costs(hass: HomeAssistant, user: User | None) -> list[dict[str, Any]]:
    """Return what the metering points that a user may see have cost in the last 13 months.

    Each has its `contracts` as they are stored and a list of `months`, oldest first, from the first
    with energy on. Of a month, `energy_cost` is that of the energy whose price is known and
    `feed_in` what production has brought; `total` is what they and the standing charge come to.
    What no contract covers is None. A month that runs is told as far as it has come. Amounts are in
    `currency`, energies in kWh. Raises DatabaseUnavailableError.
    """
    seen = readable_points(hass, user)
    return [
        await _async_point(hass, entry)
        for entry in metering_point_entries(hass)
        if entry.data[CONF_PDL] in seen
    ]


async def _async_point(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    now, tariff = dt_util.now(), tariff_of(entry)
    start = _months_before(now, _MONTHS - 1)
    used = await _async_months(hass, entry, PlugRole.CONSUMPTION, start, now)
    fed = await _async_months(hass, entry, PlugRole.PRODUCTION, start, now)
    return {
        "entry_id": entry.entry_id,
        "name": entry.title,
        "pdl": entry.data[CONF_PDL],
        "currency": currency_of(hass, entry),
        "contracts": [] if tariff is None else tariff.to_dicts(),
        "months": [
            _month(tariff, begin, used.get(begin, _NOTHING), fed.get(begin, _NOTHING), now)
            for begin in sorted({*used, *fed})
        ],
    }


@dataclass(frozen=True, slots=True)
class _Month:
    """The energy of a month, its end, and what it cost where that is known."""

    end: datetime | None
    kwh: float
    unpriced_kwh: float
    cost: float | None


_NOTHING: Final = _Month(None, 0.0, 0.0, None)


async def _async_months(
    hass: HomeAssistant, entry: ConfigEntry, role: PlugRole, start: datetime, end: datetime
) -> dict[datetime, _Month]:
    """Return the months with energy by their start: those without a contract have no costs."""
    series = PointSeries(point_slug(entry), role)
    months = await hass.data[DATA_LEDGER].async_months(series, start, end)
    priced = await hass.data[DATA_COSTS].async_costs(series, start, end, aggregation="monthly")
    costs = {one.start: one for one in priced}
    found = {}
    for one in months:
        cost = costs.get(one.start)
        unpriced = one.kwh if cost is None else cost.unpriced_kwh
        found[one.start] = _Month(one.end, one.kwh, unpriced, None if cost is None else cost.cost)
    return found


def _month(
    tariff: Tariff | None, begin: datetime, used: _Month, fed: _Month, now: datetime
) -> dict[str, Any]:
    end = min(max(one.end for one in (used, fed) if one.end is not None), now)
    standing = None
    if tariff is not None and _is_under(tariff, end):
        standing = standing_charge(tariff, begin.timestamp(), end.timestamp(), local_zone())
    cost, charge, feed_in = _money(used.cost), _money(standing), _money(fed.cost)
    is_known = cost is not None or feed_in is not None
    return {
        "month": begin.strftime("%Y-%m"),
        "is_over": end < now,
        "kwh": round(used.kwh, 3),
        "produced_kwh": round(fed.kwh, 3),
        "unpriced_kwh": round(used.unpriced_kwh, 3),
        "energy_cost": cost,
        "standing_charge": charge,
        "feed_in": feed_in,
        # Of what is shown, as on a bill: so it adds up to the cent.
        "total": _money((cost or 0.0) + (charge or 0.0) - (feed_in or 0.0)) if is_known else None,
    }


def _is_under(tariff: Tariff, end: datetime) -> bool:
    """Tell whether a contract holds before an end: what has none has no charge, not one of zero."""
    last = dt_util.as_local(end - timedelta(microseconds=1)).date()
    return tariff.contracts[0].valid_from <= last


def _money(amount: float | None) -> float | None:
    return None if amount is None else rounded(amount, 2)


def _months_before(now: datetime, count: int) -> datetime:
    day = now.date().replace(day=1)
    for _ in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
    return dt_util.start_of_local_day(day)
