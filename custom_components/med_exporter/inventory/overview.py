"""The house at a glance: what metering points count, and what needs somebody's attention."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..const import CONF_PDL, DOMAIN, DataType, PlugRole
from ..costs import DATA_COSTS
from ..entries.finding import metering_point_entries
from ..grid.link import loaded_grid
from ..ledger import DATA_LEDGER, PointSeries
from ..metering.devices import export_devices
from ..metering.metering_point import metering_points
from ..pushes.runtime import DestinationState
from ..pushes.standing import destination_standings
from ..rights import is_administrator, readable_devices

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..metering.metering_point import MeteringPoint

_DAY: Final = timedelta(days=1)
_DAYS: Final = 30
_NOT_SET_UP: Final = {ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY}


async def async_overview(hass: HomeAssistant, user: User | None) -> dict[str, Any]:
    """Return the metering points that a user may see, and what needs attention.

    A metering point is seen by whoever may read all of its devices. Energies are in kWh; its last
    30 days end with today. `past_percent` is how much of its past is there while that is read.
    `tempo` is what everybody is told of the colours, None without a grid: those of today and
    tomorrow, and a forecast of the days ahead. Raises DatabaseUnavailableError.
    """
    devices = export_devices(hass)
    readable = {device.device_id for device in readable_devices(user, devices)}
    seen = readable_points(hass, user)
    points = [
        await _async_point(hass, point) for point in metering_points(hass) if point.pdl in seen
    ]
    attention = [
        {"kind": "device", "name": device.name, "device_id": device.device_id}
        for device in devices
        if device.device_id in readable and _is_away(hass, device.entities.get("power_w"))
    ]
    if is_administrator(user):
        attention += _of_installation(hass)
    return {"points": points, "attention": attention, "tempo": _tempo(hass)}


def readable_points(hass: HomeAssistant, user: User | None) -> set[str]:
    """Return the pdls of metering points that a user may see: he may read all of their devices."""
    if is_administrator(user):
        return {entry.data[CONF_PDL] for entry in metering_point_entries(hass)}
    devices = export_devices(hass)
    readable = {device.device_id for device in readable_devices(user, devices)}
    hidden = {device.pdl for device in devices if device.device_id not in readable}
    return {device.pdl for device in devices} - hidden


def _tempo(hass: HomeAssistant) -> dict[str, Any] | None:
    if (grid := loaded_grid(hass)) is None:
        return None
    now = dt_util.utcnow()
    data = grid.data
    return {
        "today": data.today(now),
        "tomorrow": data.tomorrow(now),
        "forecast": [day.to_stored() for day in data.forecast(now)],
    }


def _is_away(hass: HomeAssistant, entity_id: str | None) -> bool:
    state = hass.states.get(entity_id) if entity_id else None
    return state is not None and state.state == STATE_UNAVAILABLE


async def _async_point(hass: HomeAssistant, point: MeteringPoint) -> dict[str, Any]:
    costs = hass.data[DATA_COSTS].running(point.slug)
    return {
        "name": point.name,
        "pdl": point.pdl,
        "today": _so_far(point, DataType.CONSUMPTION_DAILY),
        "month": _so_far(point, DataType.CONSUMPTION_MONTHLY),
        "produced_today": _so_far(point, DataType.PRODUCTION_DAILY),
        "cost_today": None if costs is None else costs.today.cost,
        "cost_month": None if costs is None else costs.month.cost,
        "currency": hass.config.currency if costs is None else costs.currency,
        "past_percent": point.past_percent,
        "days": await _async_days(hass, point, PlugRole.CONSUMPTION),
        "produced_days": await _async_days(hass, point, PlugRole.PRODUCTION),
    }


def _so_far(point: MeteringPoint, data_type: DataType) -> float | None:
    current = point.current(data_type)
    return None if current is None else current.value_kwh


async def _async_days(
    hass: HomeAssistant, point: MeteringPoint, role: PlugRole
) -> list[dict[str, Any]]:
    """Return the last days up to today, also those of which nothing is known; none if all are."""
    today = dt_util.start_of_local_day()
    start = dt_util.start_of_local_day(today.date() - (_DAYS - 1) * _DAY)
    days = await hass.data[DATA_LEDGER].async_days(
        PointSeries(point.slug, role), start, today + timedelta(hours=1)
    )
    known = {day.start.date(): round(day.kwh, 3) for day in days}
    all_days = (start.date() + number * _DAY for number in range(_DAYS)) if known else ()
    return [{"date": day.isoformat(), "kwh": known.get(day)} for day in all_days]


def _of_installation(hass: HomeAssistant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False):
        about = {"name": entry.title, "entry_id": entry.entry_id}
        if any(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
            found.append({"kind": "login", **about})
        elif entry.state in _NOT_SET_UP:
            found.append({"kind": "entry", **about, "reason": entry.reason})
    found += [
        {"kind": "destination", "name": one["name"], "reason": one["last_error"]}
        for one in destination_standings(hass)
        if one["state"] == DestinationState.ERROR
    ]
    found += [
        {
            "kind": "issue",
            "key": issue.translation_key,
            "placeholders": issue.translation_placeholders or {},
        }
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active and issue.dismissed_version is None
    ]
    return found
