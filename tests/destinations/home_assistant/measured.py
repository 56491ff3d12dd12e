"""Energy and colours for another Home Assistant, and what it has of them afterwards."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.home_assistant.api import Remote
from custom_components.med_exporter.destinations.measurements import (
    Energy,
    Grain,
    PointName,
    TempoDay,
)
from tests.measurements import pages_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custom_components.med_exporter.destinations.base import Outcome
    from custom_components.med_exporter.destinations.home_assistant.destination import (
        HomeAssistantDestination,
    )
    from custom_components.med_exporter.destinations.measurements import Measurement
    from custom_components.med_exporter.sources.tempo_calendar import TempoColour
    from tests.other_home import OtherHome
    from tests.real_home import HomeClient


FIRST = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = 365 * 24


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
    await destination.async_push(
        pages_of(measurements), lambda one, outcome: settled.append((one, outcome))
    )
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
        units={"energy": "kWh"},
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
