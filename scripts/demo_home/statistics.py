"""Hourly statistics of the past, so that Home Assistant's Energy dashboard shows it too.

Home Assistant compiles statistics only of what it has lived through itself.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.plug_emulator import Clock

from .household import APPLIANCES, PARIS, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tests.real_home import HomeClient

    from .household import Appliance, Household

_HOUR = timedelta(hours=1)
_SHORT_TERM: Final = timedelta(minutes=5)
# From this version on a statistic says what its mean is and what kind of unit it has.
_FIRST_WITH_UNIT_CLASS: Final = (2025, 11)


async def import_statistics(
    client: HomeClient,
    household: Household,
    entity_ids: Mapping[str, Mapping[str, str]],
    live_since: datetime,
) -> int:
    """Give the recorder the hours before `live_since`; return how many. Raises RequestError."""
    is_new = await has_unit_classes(client)
    imported = 0
    for appliance in APPLIANCES:
        installed_at = household.plugs[appliance.name].outlet.installed_at
        hours = await asyncio.to_thread(
            _hours, appliance, installed_at, household.first_day, live_since
        )
        ids = entity_ids[appliance.name]
        for metadata, keys in (
            (_metadata(ids["energy"], "energy", "kWh", is_new=is_new), ("state", "sum")),
            (_metadata(ids["power"], "power", "W", is_new=is_new), ("mean", "min", "max")),
        ):
            await client.command(
                "recorder/import_statistics",
                metadata=metadata,
                stats=[
                    {"start": hour["start"], **{key: hour[key] for key in keys}} for hour in hours
                ],
            )
            imported += len(hours)
    return imported


async def has_unit_classes(client: HomeClient) -> bool:
    """Return whether statistics say what kind of unit they have. Raises RequestError."""
    version = (await client.get("/api/config"))["version"]
    return tuple(int(part) for part in version.split(".")[:2]) >= _FIRST_WITH_UNIT_CLASS


async def show_on_energy_dashboard(
    client: HomeClient, entity_ids: Mapping[str, Mapping[str, str]]
) -> None:
    """Put the plugs on the Energy dashboard. Raises RequestError."""
    energy = {one.name: entity_ids[one.name]["energy"] for one in APPLIANCES}
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {
                "type": "solar",
                "stat_energy_from": energy[one.name],
                "config_entry_solar_forecast": None,
            }
            for one in APPLIANCES
            if one.role == "production"
        ],
        device_consumption=[
            {"stat_consumption": energy[one.name]}
            for one in APPLIANCES
            if one.role == "consumption"
        ],
    )


def _hours(
    appliance: Appliance, installed_at: datetime, first_day: date, live_since: datetime
) -> list[dict[str, Any]]:
    """Return each full hour: start, counter at its end and its growth, mean, least, most power.

    Home Assistant's own sums start at zero with the first live five minutes, so these end there.
    """
    clock = Clock(lambda: datetime.fromtimestamp(0, UTC), timezone=PARIS)
    plug = appliance.plug(installed_at, clock)
    step = _SHORT_TERM.total_seconds()
    clock.set(datetime.fromtimestamp(live_since.timestamp() // step * step, UTC))
    joint_wh = plug.outlet.total_wh
    hours: list[dict[str, Any]] = []
    start = midnight(first_day).astimezone(UTC)
    while start + _HOUR <= live_since:
        powers = []
        for minute in range(60):
            clock.set(start + timedelta(minutes=minute))
            powers.append(plug.power)
        clock.set(start + _HOUR)
        total_wh = plug.outlet.total_wh
        hours.append(
            {
                "start": start.isoformat(),
                "state": int(total_wh + 1e-6) / 1000,
                "sum": round((total_wh - joint_wh) / 1000, 3),
                "mean": round(1000 * plug.energy_between(start, start + _HOUR), 3),
                "min": round(min(powers), 3),
                "max": round(max(powers), 3),
            }
        )
        start += _HOUR
    return hours


def _metadata(statistic_id: str, unit_class: str, unit: str, *, is_new: bool) -> dict[str, Any]:
    has_mean = unit_class == "power"
    return {
        "statistic_id": statistic_id,
        "source": "recorder",
        "name": None,
        "has_sum": not has_mean,
        "unit_of_measurement": unit,
        **(
            {"mean_type": int(has_mean), "unit_class": unit_class}
            if is_new
            else {"has_mean": has_mean}
        ),
    }
