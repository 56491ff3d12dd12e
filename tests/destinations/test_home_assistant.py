"""Pushes to another Home Assistant, a real one, read back with its own interfaces."""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.home_assistant import HomeAssistantDestination
from custom_components.med_exporter.destinations.home_assistant_api import Remote
from custom_components.med_exporter.destinations.measurements import (
    Cost,
    EcoWattLevel,
    Energy,
    Grain,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.other_home import client, other_home  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.measurements import Measurement
    from tests.other_home import OtherHome
    from tests.real_home import HomeClient

FIRST = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = 365 * 24


@pytest.fixture
def hass(hass: HomeAssistant, enable_custom_integrations: None) -> HomeAssistant:
    return hass


@pytest.fixture
async def destination(hass, other_home: OtherHome) -> AsyncIterator[HomeAssistantDestination]:
    destination = HomeAssistantDestination(hass, remote(other_home))
    yield destination
    await destination.async_close()


@pytest.fixture
def point() -> PointName:
    """A metering point that the other Home Assistant has never heard of."""
    slug = uuid.uuid4().hex[:10]
    return PointName(pdl=slug.upper(), slug=slug, name="House")


def remote(home: OtherHome, **changes: Any) -> Remote:
    return Remote(**{"url": home.url, "token": home.token, **changes})


def hour(point: PointName, number: int, kwh: float, kind: str = "consumption_daily") -> Energy:
    start = FIRST + number * HOUR
    return Energy(
        data_type=DataType(kind),
        point=point,
        grain=Grain.HOURLY,
        start=start,
        end=start + HOUR,
        closed=True,
        timestamp=start + HOUR,
        kwh=kwh,
    )


def hours(point: PointName, values: dict[int, float], kind: str = "consumption_daily"):
    return [hour(point, number, kwh, kind) for number, kwh in values.items()]


def some_values(count: int, seed: int = 1, first: int = 0) -> dict[int, float]:
    chance = random.Random(seed)
    return {first + n: round(chance.random() * 3, 4) for n in range(count)}


def current(point: PointName, kind: str, value: float) -> Energy:
    now = dt_util.now()
    midnight = dt_util.start_of_local_day()
    return Energy(
        data_type=DataType(kind),
        point=point,
        grain=Grain.DAILY,
        start=midnight,
        end=midnight + timedelta(days=1),
        closed=False,
        timestamp=now,
        kwh=value,
    )


def colour(point: PointName, days: int, colour: TempoColour) -> TempoDay:
    midnight = dt_util.start_of_local_day() + timedelta(days=days)
    return TempoDay(
        data_type=DataType.TEMPO,
        point=point,
        grain=Grain.DAILY,
        start=midnight,
        end=midnight + timedelta(days=1),
        closed=False,
        timestamp=dt_util.utcnow(),
        colour=colour,
    )


async def push(
    destination: HomeAssistantDestination, measurements: Iterable[Measurement]
) -> list[Outcome]:
    """Push one series and return what became of each measurement, in their order."""
    measurements = list(measurements)
    settled: list[tuple[Measurement, Outcome]] = []

    async def given() -> AsyncIterator[Measurement]:
        for one in measurements:
            yield one

    await destination.async_push(given(), lambda one, outcome: settled.append((one, outcome)))
    assert [one for one, _ in settled] == measurements
    return [outcome for _, outcome in settled]


async def statistics(client: HomeClient, statistic_id: str) -> dict[int, dict[str, float]]:
    """Return state, sum and change by the number of the hour, as the dashboard reads them."""
    found = await client.command(
        "recorder/statistics_during_period",
        start_time=(FIRST - 1000 * HOUR).isoformat(),
        statistic_ids=[statistic_id],
        period="hour",
        types=["state", "sum", "change"],
    )
    return {
        round((row["start"] / 1000 - FIRST.timestamp()) / 3600): row
        for row in found.get(statistic_id, [])
    }


async def assert_stored(client: HomeClient, statistic_id: str, values: dict[int, float]) -> None:
    stored = await statistics(client, statistic_id)
    assert list(stored) == sorted(values)
    total = 0.0
    for number in sorted(values):
        total += values[number]
        assert stored[number]["state"] == pytest.approx(values[number], abs=1e-6)
        assert stored[number]["change"] == pytest.approx(values[number], abs=1e-6)
        assert stored[number]["sum"] == pytest.approx(total, abs=1e-6)


async def metadata(client: HomeClient, statistic_id: str) -> dict[str, Any]:
    found = await client.command("recorder/list_statistic_ids")
    return next(one for one in found if one["statistic_id"] == statistic_id)


async def test_current_values_are_states_with_their_attributes(
    destination, client, point, freezer_off=None
) -> None:
    await push(destination, [current(point, "consumption_daily", 12.3456)])
    await push(destination, [current(point, "consumption_monthly", 200.5)])
    await push(destination, [current(point, "production_daily", 3)])
    states = await client.states()
    prefix = f"sensor.med_{point.slug}"
    daily = states[f"{prefix}_consumption_daily"]
    assert daily["state"] == "12.3456"
    assert daily["attributes"] == {
        "unit_of_measurement": "kWh",
        "device_class": "energy",
        "friendly_name": "House Consumption today",
    }
    assert states[f"{prefix}_consumption_monthly"]["state"] == "200.5"
    assert float(states[f"{prefix}_production_daily"]["state"]) == 3


async def test_a_year_is_read_back_value_by_value(destination, client, point) -> None:
    values = some_values(YEAR)
    outcomes = await push(
        destination,
        [*hours(point, values), current(point, "consumption_daily", 1.5)],
    )
    assert set(outcomes) == {Outcome.STORED}
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)
