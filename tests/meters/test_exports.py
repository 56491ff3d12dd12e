"""In a file a meter is a device like any other, whatever its entities show their readings in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import do_adhoc_statistics

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from custom_components.med_exporter.history.records import ExportStatus
from tests.file_exports import Plug, add_meter, path_of, set_up
from tests.metering_points import NOON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.exports.jobs import JobManager

    from .conftest import Home

pytestmark = pytest.mark.engine_in_thread

BEGIN = datetime.fromisoformat("2026-11-20T10:00:00+00:00")
FIELDS = ["timestamp", "power_w", "energy_kwh", "energy_total_kwh", "voltage", "current", "is_on"]


@pytest.fixture
async def jobs(hass_with_recorder: HomeAssistant, tmp_path: Path) -> AsyncIterator[JobManager]:
    jobs = await set_up(hass_with_recorder, tmp_path)
    yield jobs
    await jobs.async_close()


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Let files lie where nothing stays."""
    return str(tmp_path)


@pytest.fixture
def jobs_of_home(home: Home) -> JobManager:
    return home.hass.data[DATA_JOBS]


@pytest.fixture
async def boiler(jobs: JobManager, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Plug:
    """A boiler whose counter shows watt-hours, its power kilowatts, its current milliamperes."""
    names = {
        "power_w": "sensor.p",
        "voltage": "sensor.v",
        "current": "sensor.c",
        "is_on": "switch.s",
    }
    meter = add_meter(hass, "Boiler", "sensor.boiler", **names)
    for number in range(4):
        freezer.move_to(BEGIN + timedelta(minutes=20 * number))
        for entity_id, state, unit in (
            ("switch.s", "on" if number % 2 else "off", None),
            ("sensor.p", 1.5 * number, "kW"),
            ("sensor.v", 230 + number, "V"),
            ("sensor.c", 6500 * number, "mA"),
            ("sensor.boiler", 1000 + 500 * number, "Wh"),
        ):
            hass.states.async_set(entity_id, str(state), {"unit_of_measurement": unit})
        await hass.async_block_till_done()
    freezer.move_to(BEGIN + timedelta(hours=2))
    return meter


async def made(jobs: JobManager, **changes: Any) -> dict[str, Any]:
    asked = {
        "export_type": "device_data", "format": "json", "date_range": "today", "fields": FIELDS,
        "options": {"timezone": "UTC"}, **changes,
    }  # fmt: skip
    record = await jobs.async_create(asked, user=None, trigger="action")
    ended = await jobs.async_wait(record.id, 60)
    assert ended.status is ExportStatus.COMPLETED, ended
    found: dict[str, Any] = json.loads(path_of(ended).read_bytes())
    return found


@pytest.mark.parametrize("name", ["sensor.boiler", "Boiler", "sensor.p"])
async def test_raw_rows_are_the_states_in_the_units_of_the_columns(
    jobs: JobManager, boiler: Plug, name: str
) -> None:
    rows = (await made(jobs, devices=[name], aggregation="raw"))["data"]
    values = [[row[field] for field in FIELDS[1:]] for row in rows]
    assert values == [
        [0, None, 1.0, 230, 0, False],
        [1500, 0.5, 1.5, 231, 6.5, True],
        [3000, 0.5, 2.0, 232, 13, False],
        [4500, 0.5, 2.5, 233, 19.5, True],
    ]
    at = [dt_util.parse_datetime(row["timestamp"]) for row in rows]
    assert at == [BEGIN + timedelta(minutes=20 * number) for number in range(4)]


async def test_hours_are_those_of_the_states(jobs: JobManager, boiler: Plug) -> None:
    rows = (await made(jobs, aggregation="hourly"))["data"]
    assert sum(row["energy_kwh"] for row in rows) == pytest.approx(1.5)
    assert rows[-1]["energy_total_kwh"] == 2.5


async def test_a_statistic_of_no_entity_has_its_hours(home: Home, jobs_of_home: JobManager) -> None:
    start = NOON - timedelta(days=2)
    await home.import_hours("linky:house", start, [0.5 * number for number in range(1, 41)])
    entry = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(entry)
    asked = {"fields": ["timestamp", "energy_kwh"], "date_range": "last_7_days"}
    rows = (await made(jobs_of_home, aggregation="hourly", **asked))["data"]
    used = [row["energy_kwh"] for row in rows if row["energy_kwh"] is not None]
    assert used == pytest.approx([0.5] * 40)


FIVE = timedelta(minutes=5)
RESETS = (NOON.replace(hour=0).isoformat(), NOON.isoformat())


async def counts(home: Home, values: list[tuple[float, dict[str, str]]]) -> None:
    """Let a counter that measures both ways show a value every five minutes, from noon on."""
    shape = {"state_class": "total", "unit_of_measurement": "kWh", "device_class": "energy"}
    await async_setup_component(home.hass, "sensor", {})
    for number, (value, more) in enumerate(values):
        end = NOON + (number + 1) * FIVE
        home.house.freezer.move_to(end - timedelta(minutes=2))
        home.hass.states.async_set("sensor.grid", str(value), shape | more)
        await home.hass.async_block_till_done()
        home.house.freezer.move_to(end + timedelta(seconds=10))
        await home.committed()
        do_adhoc_statistics(home.hass, start=dt_util.as_utc(end - FIVE))
        await home.committed()


@pytest.mark.parametrize("adjusted", [0.0, -0.6])
@pytest.mark.parametrize("named", [(), (5, 9, 10), (3, 20)])
async def test_files_have_what_the_statistics_of_a_meter_say(
    home: Home, jobs_of_home: JobManager, named: tuple[int, ...], adjusted: float
) -> None:
    """Also of one that a user has adjusted, and of one that names its reset now and then."""
    await counts(
        home,
        [
            (10 + 0.1 * number - (0.3 if number > 7 else 0),
             {"last_reset": RESETS[number > 4]} if number in named else {})
            for number in range(26)
        ],
    )  # fmt: skip
    if adjusted:
        get_instance(home.hass).async_adjust_statistics("sensor.grid", NOON, adjusted, "kWh")
        await home.committed()
    entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    await home.look(entry)
    hours = await home.dashboard(["sensor.grid"], NOON, NOON + timedelta(hours=2))
    assert len(hours) == 2
    asked = {
        "fields": ["timestamp", "energy_kwh"],
        "date_range": {
            "start": NOON.isoformat(), "end": (NOON + timedelta(hours=2)).isoformat(),
        },
    }  # fmt: skip
    rows = (await made(jobs_of_home, aggregation="hourly", **asked))["data"]
    told = [row["energy_kwh"] for row in rows]
    assert told == pytest.approx([mwh / 1e6 for mwh in hours.values()], abs=1e-4)
    for aggregation in ("raw", "daily"):
        rows = (await made(jobs_of_home, aggregation=aggregation, **asked))["data"]
        whole = sum(row["energy_kwh"] or 0 for row in rows)
        assert whole == pytest.approx(sum(hours.values()) / 1e6, abs=2e-3)
