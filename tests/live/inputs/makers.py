"""Sensors as other makers report them: what is counted is what Home Assistant's statistics say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.live.conftest import until

from .house import house
from .meters import day_in_places

if TYPE_CHECKING:
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
# Just before five minutes end: of a sensor that is gone by then, the recorder compiles nothing.
_MORNING = datetime(2026, 11, 20, 8, 43, 0, tzinfo=PARIS)
_INCREASING = {"state_class": "total_increasing", "unit_of_measurement": "kWh"}
_TOTAL = {"state_class": "total", "unit_of_measurement": "kWh"}
_WITHIN = 0.001
# Of the second reading: what was shown on the first of a month, and by whom else's clock.
_RESETS = ("2026-11-20T00:00:00+01:00", "2026-11-19T23:00:00+00:00", "2026-11-20T09:00:00+01:00")

type Reading = float | str | tuple[float, dict[str, Any]]


@dataclass
class _Sensor:
    """What a sensor shows while the house runs, one list for each time that it runs."""

    what: str
    shape: dict[str, Any]
    shows: tuple[list[Reading], ...]
    adjust: float = 0.0


def _reset(value: float, moment: str | None) -> Reading:
    return value, {"last_reset": moment}


_HELPERS = {
    "integrated": "an integration of a power",
    "daily_of_integrated": "a utility meter of it, by the day",
    "daily_of_wild": "a utility meter of a sensor that begins again",
}
SENSORS = {
    "zeroed": _Sensor("falls to 0", _INCREASING, ([700.0, 700.4, 0.0, 0.2], [0.5], [0.0, 0.1])),
    "boots_at_zero": _Sensor(
        "0 at boot, then as before", _INCREASING,
        ([700.0, 700.4], [0.0, 700.6], ["unavailable", 0.0, "unknown", 700.9]),
    ),
    "silent": _Sensor(
        "silent between", _INCREASING,
        ([50.0, "unavailable", 50.3, "unknown", 50.5], ["unknown", 51.0, "unavailable"],
         ["unavailable", 51.25]),
    ),
    "resets": _Sensor(
        "a total with last_reset", _TOTAL,
        ([_reset(3.0, _RESETS[0]), _reset(3.5, _RESETS[1]), _reset(0.5, _RESETS[2])],
         [_reset(0.8, _RESETS[2]), _reset(0.9, _RESETS[2])], [_reset(1.1, _RESETS[2])]),
    ),
    "reset_late": _Sensor(
        "a total that names a reset later", _TOTAL,
        ([3.0, 3.25, _reset(3.5, _RESETS[0])], [_reset(3.75, _RESETS[0])], [4.0]),
    ),
    "reset_higher": _Sensor(
        "a reset to more than before, seen at once", _TOTAL,
        ([_reset(0.5, _RESETS[0]), _reset(0.75, _RESETS[2])], [_reset(1.0, _RESETS[2])],
         [_reset(1.5, "2026-11-20T12:30:00+01:00")]),
    ),
    "both_ways": _Sensor("a total that falls", _TOTAL, ([10.0, 10.5, 10.2], [9.0, 9.5], [9.6])),
    "steps_back": _Sensor(
        "steps back by little", _INCREASING, ([500.01, 500.0, 500.02], [499.9, 500.5], [500.4])
    ),
    "negative": _Sensor(
        "less than nothing, once", _INCREASING, ([20.0, 20.5, -1.0, 20.75], [-0.5, 21.0], [21.5])
    ),
    "wraps": _Sensor(
        "wraps at its limit", {**_INCREASING, "unit_of_measurement": "Wh"},
        ([4294967.0, 4294967.2, 100.0], [350.0], [4294967.2, 5.0]),
    ),
    "jumps": _Sensor(
        "a million kWh, once", _INCREASING, ([500.0, 500.2, 1_000_500.2, 500.3], [500.5], [500.6])
    ),
    "jumps_total": _Sensor(
        "a million kWh, once, of a total", _TOTAL,
        ([500.0, 500.2, 1_000_500.2, 500.3], [500.5], [500.6]),
    ),
    "other_unit": _Sensor(
        "Wh, then kWh", {**_INCREASING, "unit_of_measurement": "Wh"},
        ([5000.0, 5250.0, (5.5, {"unit_of_measurement": "kWh"})],
         [(5.75, {"unit_of_measurement": "kWh"}), 6000.0],
         [(0.0065, {"unit_of_measurement": "MWh"})]),
    ),
    "no_unit": _Sensor(
        "without a unit for once", _INCREASING,
        ([5.0, 5.25, (5.5, {"unit_of_measurement": None}), 5.75], [6.0], [6.25]),
    ),
    "other_class": _Sensor(
        "total, then increasing", _TOTAL,
        ([5.0, 5.25, (0.5, _INCREASING), (0.75, _INCREASING)], [(1.0, _INCREASING)], [0.5]),
    ),
    "burst": _Sensor(
        "five hundred readings at once", _INCREASING,
        ([100 + n / 1000 for n in range(500)], [101.0], [101 + n / 100 for n in range(200)]),
    ),
    "adjusted": _Sensor(
        "adjusted by the user", _INCREASING, ([30.0, 31.0], [31.5, 31.75], [32.0]), adjust=-0.6
    ),
    "not_finite": _Sensor(
        "no number between", _INCREASING, ([30.0, "nan", 31.0, "inf"], ["-inf", 31.5], ["", 32.0])
    ),
    "wild": _Sensor(
        "the source of a utility meter", _INCREASING, ([8.0, 8.5, 0.25], [0.5], ["unknown", 0.75])
    ),
    "watts": _Sensor(
        "a power, integrated", {"state_class": "measurement", "unit_of_measurement": "W",
                                "device_class": "power"},
        ([3_600_000.0, 3_600_001.0, 3_600_000.0], [1_800_000.0, 1_800_001.0],
         ["unavailable", 3_600_000.0, 3_600_001.0]),
    ),
}  # fmt: skip
_SETTINGS: dict[str, Any] = {
    "sensor": [{
        "platform": "integration", "name": "integrated", "unique_id": "integrated",
        "source": "sensor.watts", "unit_prefix": "k", "unit_time": "h", "method": "left",
        "round": 4,
    }],
    "utility_meter": {
        "daily_of_integrated": {"source": "sensor.integrated", "cycle": "daily"},
        "daily_of_wild": {"source": "sensor.wild", "cycle": "daily"},
    },
}  # fmt: skip
_COUNTED = [*(one for one in SENSORS if one != "watts"), *_HELPERS]


async def press_makers(table: Table, folder: Path) -> None:
    """Live a day of three runs with sensors that report oddly, and look the morning after."""
    async with house(folder, _MORNING, settings=_SETTINGS) as here:
        pdls = await _add(here)
        for run, hours in enumerate((2, 4, 22)):
            for name, sensor in SENSORS.items():
                for reading in sensor.shows[run][run == 0 :]:
                    await _show(here, name, reading)
            await asyncio.sleep(3)
            await _compare_live(table, here, pdls, run)
            if run == 1:
                await _adjust(here)
            await here.sleep_off(_MORNING + timedelta(hours=hours))
        # A meter that has not been heard of keeps its day open.
        for name, sensor in SENSORS.items():
            await _show(here, name, sensor.shows[-1][-1])
        await _are_compiled(here, here.clock())
        await here.push()
        for pdl, name in pdls.items():
            await _compare(table, here, pdl, name)
        here.look_at_log(table, "makers")


async def _add(here: House) -> dict[str, str]:
    """Add each sensor to a metering point of its own; return their names by its id."""
    for name, sensor in SENSORS.items():
        await _show(here, name, sensor.shows[0][0])
    # Helpers know their unit with what they are given first.
    await _show(here, "watts", 3_600_002.0)
    await _show(here, "watts", 3_600_001.0)
    await _show(here, "wild", 8.25)
    await asyncio.sleep(2)
    pdls = {f"k{number}": name for number, name in enumerate(_COUNTED)}
    for pdl, name in pdls.items():
        form = {"name": pdl, "pdl": pdl, "take_over": False, "statistics": [f"sensor.{name}"]}
        made = await here.home.flow("med_exporter", {"next_step_id": "meters"}, form, {}, {})
        here.entries[pdl] = made["entry_id"]
    return pdls


async def _compare_live(table: Table, here: House, pdls: dict[str, str], run: int) -> None:
    """Compare what is shown at once with what Home Assistant makes of it some minutes later."""
    shown_at = here.clock()
    live = {pdl: (await here.of_point(pdl, "consumption_daily"))[0] for pdl in pdls}
    await _are_compiled(here, shown_at)
    for pdl, name in pdls.items():
        if run == 0 and name in (*_HELPERS, "wild"):
            # What was shown before it was added is known with the first five minutes.
            continue
        used = await _used(here, name, _MORNING, shown_at + timedelta(minutes=5))
        table.add(f"{_told(name)}: run {run + 1}", used, entity=live[pdl], within=_WITHIN)


def _told(name: str) -> str:
    return _HELPERS[name] if name in _HELPERS else SENSORS[name].what


async def _show(here: House, name: str, reading: Reading) -> None:
    value, more = reading if isinstance(reading, tuple) else (reading, {})
    attributes = {"device_class": "energy", **SENSORS[name].shape, **more}
    known = {key: one for key, one in attributes.items() if one is not None}
    await here.home.post(f"/api/states/sensor.{name}", {"state": str(value), "attributes": known})


async def _are_compiled(here: House, moment: datetime) -> None:
    """Wait until the recorder has the five minutes of a moment."""

    async def is_so() -> bool:
        rows = await here.home.command(
            "recorder/statistics_during_period",
            start_time=(moment - timedelta(minutes=10)).isoformat(),
            statistic_ids=["sensor.silent", "sensor.burst"], period="5minute", types=["sum"],
        )  # fmt: skip
        return any(one["end"] / 1000 > moment.timestamp() for each in rows.values() for one in each)

    await until(is_so, 330)


async def _used(here: House, name: str, start: datetime, end: datetime) -> float:
    """Return what Home Assistant's own statistics of a sensor have."""
    found = await here.home.command(
        "recorder/statistics_during_period",
        start_time=start.replace(minute=0).isoformat(), end_time=end.isoformat(),
        statistic_ids=[f"sensor.{name}"], period="5minute", units={"energy": "kWh"},
        types=["change"],
    )  # fmt: skip
    return float(sum(one["change"] for one in found.get(f"sensor.{name}", [])))


async def _adjust(here: House) -> None:
    """Put sums right as a user does in Home Assistant's own tools."""
    for name, sensor in SENSORS.items():
        if sensor.adjust:
            await here.home.command(
                "recorder/adjust_sum_statistics", statistic_id=f"sensor.{name}",
                start_time=_MORNING.replace(hour=10, minute=0).isoformat(),
                adjustment=sensor.adjust, adjustment_unit_of_measurement="kWh",
            )  # fmt: skip


async def _compare(table: Table, here: House, pdl: str, name: str) -> None:
    day = _MORNING.date()
    used = await _used(here, name, *here.bounds(day))
    places = await day_in_places(here, pdl, day)
    hourly = await here.file(day, devices=[pdl], aggregation="hourly")
    raw = await here.file(day, devices=[pdl], aggregation="raw")
    codes = sorted({one["code"] for one in here.last_file.get("warnings", [])})
    table.add(f"{_told(name)}: the day", used, **places, within=_WITHIN)
    table.add(f"{_told(name)}: hourly", used, file=sum(r["energy_kwh"] or 0 for r in hourly))
    table.add(
        f"{_told(name)}: its readings, of warnings {codes}", used,
        file=sum(row["energy_kwh"] or 0 for row in raw), within=_WITHIN,
    )  # fmt: skip
