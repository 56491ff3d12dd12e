"""Energy sensors in other units, and what users and the recorder do to them: the same energy."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.ledger_rows import quarters_in
from tests.live.conftest import until

from .generic import Generic
from .house import house

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
PER_KWH = {"Wh": 1000.0, "kWh": 1.0, "MWh": 1e-3, "GJ": 3.6e-3, "kJ": 3600.0, "kcal": 860.4207}
_WITHIN = 0.001
_RENAMED = {
    "sensor.renamed": "sensor.another_name",
    "sensor.renamed_to_a_taken_id": "sensor.taken",
}
_RECORDER = {"commit_interval": 1, "purge_keep_days": 400}


@dataclass
class _Meter:
    """An energy sensor of a metering point of its own; `then` is what it shows after noon."""

    sensor: Generic
    what: str
    then: Generic
    # Before it is known, a sensor shows nothing; what it shows first is no growth.
    kwh: float = 3.0
    grown: list[tuple[datetime, float]] = field(default_factory=list)

    @property
    def now_id(self) -> str:
        """The id of the entity after noon."""
        return _RENAMED.get(self.sensor.entity_id, self.sensor.entity_id)

    async def use(self, here: House, kwh: float, *, after_noon: bool = False) -> None:
        shown = self.then if after_noon else self.sensor
        self.kwh += kwh
        await shown.count(here, round(self.kwh * PER_KWH[shown.unit], 6))
        self.grown.append((here.clock(), kwh))


def _meters() -> dict[str, _Meter]:
    def one(name: str, what: str, unit: str, then: str | None = None) -> _Meter:
        # Another number, which is none before it is set: no counter of one unit is read as another.
        shown = Generic(name, unit)
        return _Meter(shown, what, Generic(name, then, "later") if then else shown)

    found = [one(f"in_{unit.lower()}", f"in {unit}", unit) for unit in PER_KWH]
    found.append(one("kwh_then_wh", "kWh until noon, then Wh", "kWh", "Wh"))
    found.append(one("wh_then_mwh", "Wh until noon, then MWh", "Wh", "MWh"))
    found.append(one("mwh_then_gj", "MWh until noon, then GJ", "MWh", "GJ"))
    found += [
        one(name, f"{name.replace('_', ' ')} at noon", "kWh")
        for name in ("renamed", "hidden", "shown_in_mwh", "renamed_to_a_taken_id")
    ]
    return {f"m{number}": meter for number, meter in enumerate(found)}


async def press_meters(table: Table, folder: Path) -> None:
    """Live a day with sensors that use the same, and look the morning after."""
    morning = datetime(2026, 11, 20, 8, 40, tzinfo=PARIS)
    meters = _meters()
    settings = _settings([one.sensor for one in meters.values()])
    async with house(folder, morning, settings=settings) as here:
        for meter in meters.values():
            await meter.use(here, 0.0)
        for pdl, meter in meters.items():
            form = {"name": pdl, "pdl": pdl, "take_over": False,
                    "statistics": [meter.sensor.entity_id]}  # fmt: skip
            made = await here.home.flow("med_exporter", {"next_step_id": "meters"}, form, {}, {})
            here.entries[pdl] = made["entry_id"]
            await meter.use(here, 1.25)
        await here.sleep_off(morning + timedelta(hours=2))
        await _are_compiled(here, meters)
        for meter in meters.values():
            await meter.use(here, 0.75)
        await _change(here)
        # Where states stay is looked up in the background.
        await asyncio.sleep(5)
        path = here.home.folder / "configuration.yaml"
        told = json.loads(path.read_text())
        later = _settings([one.then for one in meters.values()])
        told["input_number"] |= later["input_number"]
        told["template"] = later["template"]
        path.write_text(json.dumps(told))
        await here.sleep_off(morning + timedelta(hours=4))
        for meter in meters.values():
            # A sensor of another unit shows its number anew, before it goes on.
            await meter.use(here, 0.0, after_noon=True)
        for meter in meters.values():
            await meter.use(here, 0.5, after_noon=True)
        for pdl, meter in meters.items():
            shown, _ = await here.of_point(pdl, "consumption_daily")
            if meter.then is meter.sensor:
                table.add(f"{meter.what}: after noon", 2.5, entity=shown, within=_WITHIN)
        await here.sleep_off(morning + timedelta(hours=22))
        await here.push()
        for pdl, meter in meters.items():
            await _compare(table, here, pdl, meter, morning)
        here.look_at_log(table, "meters")


def _settings(sensors: list[Generic]) -> dict[str, Any]:
    each = [one.settings for one in sensors]
    return {
        "input_number": {key: one for each_ in each for key, one in each_["input_number"].items()},
        "template": [one for each_ in each for one in each_["template"]],
    }


async def _are_compiled(here: House, meters: dict[str, _Meter]) -> None:
    """Wait until the recorder has made up for a stop: what is renamed before that loses it."""
    day = here.clock().astimezone(PARIS).date()

    async def is_so() -> bool:
        found = [await here.statistics(one.sensor.entity_id, day) for one in meters.values()]
        return all(len(hours) >= 2 for hours in found)

    await until(is_so, 60)


async def _change(here: House) -> None:
    """Do what users do with entities, but for their units in the configuration."""
    changes: dict[str, dict[str, Any]] = {
        "sensor.renamed": {"new_entity_id": _RENAMED["sensor.renamed"], "name": "Another"},
        "sensor.hidden": {"hidden_by": "user"},
        "sensor.shown_in_mwh": {
            "options_domain": "sensor",
            "options": {"unit_of_measurement": "MWh", "display_precision": 1},
        },
    }
    for entity_id, change in changes.items():
        await here.home.command("config/entity_registry/update", entity_id=entity_id, **change)
    # Somebody's states stand under this id, and no statistics.
    await here.home.post("/api/states/sensor.taken", {"state": "700"})
    await asyncio.sleep(2)
    await here.home.delete("/api/states/sensor.taken")
    await here.home.command(
        "config/entity_registry/update",
        entity_id="sensor.renamed_to_a_taken_id", new_entity_id="sensor.taken",
    )  # fmt: skip


async def day_in_places(here: House, pdl: str, day: date) -> dict[str, float | None]:
    """Return what all places say of the day before the running one, in kWh, of one meter."""
    start, end = (one.timestamp() for one in here.bounds(day))
    quarters = quarters_in(here.home.database, "metering_point = ? AND role = 'consumption'", pdl)
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", day)
    rows = await here.file(day, devices=[pdl])
    heard = here.in_mqtt(pdl, "daily", str(day))
    return {
        "entity": (await here.of_point(pdl, "consumption_daily"))[1],
        "ledger": sum(kwh for at, kwh in quarters.items() if start <= at < end),
        "statistics": sum(hours.values()),
        "file": sum(row["energy_kwh"] or 0 for row in rows),
        "mqtt": heard[-1] if heard else None,
        "victoriametrics": await here.stored(pdl, "daily", here.bounds(day)[0]),
    }


async def _compare(table: Table, here: House, pdl: str, meter: _Meter, morning: datetime) -> None:
    day = morning.date()
    dashboard = await here.home.command(
        "recorder/statistics_during_period",
        start_time=here.bounds(day)[0].isoformat(),
        end_time=here.bounds(day)[1].isoformat(),
        statistic_ids=[meter.now_id],
        period="day",
        units={"energy": "kWh"},
        types=["change"],
    )
    # A template shows the number that it had before a restart, in its new unit, for a moment.
    used = dashboard[meter.now_id][0]["change"]
    places = await day_in_places(here, pdl, day)
    raw = await here.file(day, devices=[pdl], aggregation="raw")
    totals = [one["energy_total_kwh"] for one in raw if one["energy_total_kwh"] is not None]
    table.add(f"{meter.what}: the day", used, **places, within=_WITHIN)
    table.add(
        f"{meter.what}: its readings, of warnings "
        f"{sorted({one['code'] for one in here.last_file.get('warnings', [])})}",
        used, file=sum(row["energy_kwh"] or 0 for row in raw), within=_WITHIN,
    )  # fmt: skip
    table.add(
        f"{meter.what}: the last counter", meter.kwh, file=totals[-1] if totals else None,
        within=_WITHIN,
    )  # fmt: skip
