"""Pushes to another Home Assistant, a real one, read back with its own interfaces."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Self

import pytest
from aiohttp import ClientError
from awesomeversion import AwesomeVersion
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import (
    DestinationError,
    Outcome,
)
from custom_components.med_exporter.destinations.home_assistant import statistics as module
from custom_components.med_exporter.destinations.home_assistant.api import Remote
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.measurements import (
    Cost,
    EcoWattLevel,
    Energy,
    Grain,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.hostile_front import front_of, never_held
from tests.real_home import HomeClient, RequestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.measurements import Measurement
    from tests.other_home import OtherHome

FIRST = datetime(2025, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = 365 * 24
# For each of two pushes; a Home Assistant takes seconds to start again.
KILLS = 2


@pytest.fixture
def hass(hass: HomeAssistant, enable_custom_integrations: None) -> HomeAssistant:
    return hass


@pytest.fixture
def client(other_client: HomeClient) -> HomeClient:
    return other_client


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


async def test_current_values_are_states_with_their_attributes(destination, client, point) -> None:
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


async def test_tempo_and_ecowatt(destination, client, point) -> None:
    prefix = f"sensor.med_{point.slug}"
    await push(destination, [colour(point, 0, TempoColour.BLUE), colour(point, 1, TempoColour.RED)])
    level = EcoWattLevel(
        data_type=DataType.ECOWATT,
        point=point,
        grain=Grain.DAILY,
        start=dt_util.start_of_local_day(),
        end=dt_util.start_of_local_day() + timedelta(days=1),
        closed=False,
        timestamp=dt_util.utcnow(),
        level=2,
        details={"message": "Tense", "hourly_values": [1] * 24},
    )
    await push(destination, [level])
    states = await client.states()
    today = states[f"{prefix}_tempo_color"]
    assert today["state"] == "blue"
    assert today["attributes"]["options"] == ["blue", "white", "red"]
    assert today["attributes"]["device_class"] == "enum"
    assert states[f"{prefix}_tempo_color_tomorrow"]["state"] == "red"
    ecowatt = states[f"{prefix}_ecowatt_level"]
    assert ecowatt["state"] == "2"
    assert ecowatt["attributes"] == {
        "message": "Tense",
        "hourly_values": [1] * 24,
        "friendly_name": "House EcoWatt level",
    }
    assert not any("state_class" in one["attributes"] for one in (today, ecowatt))


async def test_tomorrows_colour_does_not_stay_after_midnight(destination, client, point) -> None:
    await push(destination, [colour(point, 0, TempoColour.BLUE), colour(point, 1, TempoColour.RED)])
    await push(destination, [colour(point, 0, TempoColour.RED)])
    states = await client.states()
    assert states[f"sensor.med_{point.slug}_tempo_color"]["state"] == "red"
    assert states[f"sensor.med_{point.slug}_tempo_color_tomorrow"]["state"] == "unknown"


async def test_a_year_is_read_back_value_by_value(destination, client, point) -> None:
    values = some_values(YEAR)
    outcomes = await push(
        destination,
        [*hours(point, values), current(point, "consumption_daily", 1.5)],
    )
    assert set(outcomes) == {Outcome.STORED}
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)
    known = await metadata(client, f"med_exporter:consumption_{point.slug}")
    assert known["name"] == "House consumption"
    assert known["statistics_unit_of_measurement"] == "kWh"
    assert known["has_sum"]
    assert known["unit_class"] == "energy"


async def test_sums_go_on_from_run_to_run(destination, client, point) -> None:
    values = some_values(30)
    for first in range(0, 30, 7):
        part = {number: values[number] for number in range(first, min(first + 7, 30))}
        assert set(await push(destination, hours(point, part))) == {Outcome.STORED}
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_a_new_connection_goes_on_as_well(hass, other_home, client, point) -> None:
    values = some_values(3)
    for number, kwh in values.items():
        destination = HomeAssistantDestination(hass, remote(other_home))
        await push(destination, [hour(point, number, kwh)])
        await destination.async_close()
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


@pytest.mark.parametrize("gap", [10, 100, 900])
async def test_hours_without_a_value_leave_a_gap(destination, client, point, gap: int) -> None:
    values = {-gap: 1.5, 0: 1.0, 1: 2.0, 5: 0.5}
    for number, kwh in values.items():
        await push(destination, [hour(point, number, kwh)])
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_what_is_there_is_not_sent_again(destination, client, point) -> None:
    values = some_values(48)
    await push(destination, hours(point, values))
    assert set(await push(destination, hours(point, values))) == {Outcome.ALREADY_THERE}
    values |= some_values(4, seed=2, first=48)
    outcomes = await push(destination, hours(point, values))
    assert outcomes == [Outcome.ALREADY_THERE] * 48 + [Outcome.STORED] * 4
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_a_correction_moves_all_later_sums(destination, client, point) -> None:
    values = some_values(200)
    await push(destination, hours(point, values))
    values[50] += 1.25
    values[60] = 0.0
    onwards = {number: values[number] for number in range(48, 200)}
    outcomes = await push(destination, hours(point, onwards))
    assert outcomes == [Outcome.ALREADY_THERE] * 2 + [Outcome.STORED] * 150
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_a_correction_of_a_range_leaves_the_later_hours_their_values(
    destination, client, point
) -> None:
    values = some_values(100)
    await push(destination, hours(point, values))
    values |= {40: 9.0, 41: 0.1}
    await push(destination, hours(point, {number: values[number] for number in (40, 41, 42)}))
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_hours_are_put_before_and_between_those_that_are_there(
    destination, client, point
) -> None:
    values = some_values(60)
    await push(destination, hours(point, {n: v for n, v in values.items() if n > 20 and n % 7}))
    await push(destination, hours(point, values))
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_sums_that_somebody_restarted_are_mended(destination, client, point) -> None:
    values = some_values(20)
    statistic_id = f"med_exporter:consumption_{point.slug}"
    await push(destination, hours(point, values))
    known = await metadata(client, statistic_id)
    keys = ("has_sum", "name", "source", "statistic_id")
    newer = {"mean_type": 0, "unit_class": "energy"} if "mean_type" in known else {}
    is_old = AwesomeVersion((await client.get("/api/config"))["version"]) < "2025.11"
    await client.command(
        "recorder/import_statistics",
        metadata={
            **{key: known[key] for key in keys},
            **({"has_mean": False} if is_old else newer),
            "unit_of_measurement": "kWh",
        },
        stats=[{"start": (FIRST + 12 * HOUR).isoformat(), "state": values[12], "sum": 0.0}],
    )

    while (await statistics(client, statistic_id))[12]["sum"]:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await push(destination, hours(point, values))
    await assert_stored(client, statistic_id, values)


@pytest.mark.parametrize("unit", ["Wh", None])
async def test_another_unit_that_was_given_over_there_changes_no_sum(
    destination, client, point, unit: str | None
) -> None:
    values = some_values(20)
    await push(destination, hours(point, {n: values[n] for n in range(10)}))
    statistic_id = f"med_exporter:consumption_{point.slug}"
    # The numbers stay as they are.
    await client.command(
        "recorder/update_statistics_metadata", statistic_id=statistic_id, unit_of_measurement=unit
    )
    later = hours(point, {n: values[n] for n in range(5, 20)})
    assert await push(destination, later) == [Outcome.ALREADY_THERE] * 5 + [Outcome.STORED] * 10
    await assert_stored(client, statistic_id, values)
    assert (await metadata(client, statistic_id))["statistics_unit_of_measurement"] == "kWh"


async def test_production_and_costs_have_statistics_of_their_own(
    destination, client, point
) -> None:
    produced, consumed = some_values(10), some_values(10, seed=2)
    await push(destination, hours(point, produced, "production_daily"))
    costs = [
        Cost(
            data_type=DataType.CONSUMPTION_DAILY,
            point=point,
            grain=Grain.HOURLY,
            start=one.start,
            end=one.end,
            closed=True,
            timestamp=one.end,
            amount=round(one.kwh * 0.2, 5),
            currency="EUR",
        )
        for one in hours(point, consumed)
    ]
    await push(destination, costs)
    await assert_stored(client, f"med_exporter:production_{point.slug}", produced)
    await assert_stored(
        client,
        f"med_exporter:cost_{point.slug}",
        {number: round(kwh * 0.2, 5) for number, kwh in consumed.items()},
    )
    cost = await metadata(client, f"med_exporter:cost_{point.slug}")
    assert cost["name"] == "House cost"
    assert cost["statistics_unit_of_measurement"] == "EUR"
    production = await metadata(client, f"med_exporter:production_{point.slug}")
    assert production["name"] == "House production"


async def test_detailed_consumption_arrives_as_the_same_hours(destination, client, point) -> None:
    values = some_values(5)
    await push(destination, hours(point, values, "consumption_detailed"))
    outcomes = await push(destination, hours(point, values))
    assert set(outcomes) == {Outcome.ALREADY_THERE}
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_a_restart_over_there_forgets_states_and_keeps_statistics(
    destination, other_home, point
) -> None:
    """While it is down it is not reached, though nothing is to be sent."""
    values = some_values(5)
    measurements = [*hours(point, values), current(point, "consumption_daily", 4.0)]
    await push(destination, measurements)
    await destination.async_reach()
    await other_home.stop()
    with pytest.raises(DestinationError) as caught:
        await destination.async_reach()
    assert caught.value.is_unusable
    await other_home.start()
    await destination.async_reach()
    entity_id = f"sensor.med_{point.slug}_consumption_daily"
    async with HomeClient(other_home.url, other_home.token) as client:
        assert entity_id not in await client.states()
        outcomes = await push(destination, measurements)
        assert outcomes == [Outcome.ALREADY_THERE] * 5 + [Outcome.STORED]
        assert (await client.states())[entity_id]["state"] == "4.0"
        await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


class Dashboard:
    """Looks at the totals of a statistic again and again, as somebody in front of it might."""

    def __init__(self, home: OtherHome, statistic_id: str, *truths: dict[int, float]) -> None:
        self._home = home
        self._id = statistic_id
        self._truths = truths
        self._task: asyncio.Task[None] | None = None
        self.looks = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        if self._task.done():
            self._task.result()
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            try:
                async with HomeClient(self._home.url, self._home.token) as client:
                    while True:
                        self._check(await statistics(client, self._id))
                        self.looks += 1
                        await asyncio.sleep(0.02)
            except (ClientError, RequestError, OSError, TypeError):
                # It has been killed, or is not up yet.
                await asyncio.sleep(0.05)

    def _check(self, stored: dict[int, dict[str, float]]) -> None:
        """Compare with what was or will be true up to the hour it has got to."""
        sums = [stored[number]["sum"] for number in sorted(stored)]
        assert all(one <= next_one + 1e-6 for one, next_one in pairwise(sums))
        assert any(
            all(
                abs(row["sum"] - total) < 1e-5
                for row, total in zip(
                    (stored[number] for number in sorted(stored)),
                    accumulate(truth[number] for number in sorted(stored)),
                    strict=True,
                )
            )
            for truth in self._truths
            if set(stored) <= set(truth)
        )


def of_another_year(count: int) -> dict[str, Any]:
    """Return hours as a Home Assistant tells them, of a statistic that is named later."""
    rows = [{"start": number * 3_600_000, "state": 1, "sum": number} for number in range(count)]
    return {"STATISTIC": rows}


HOSTILE = {
    "too long": lambda id_: f'{{"id": {id_}, "result": "{"x" * 9_000_000}"}}',
    "values without end": lambda id_: f'{{"id": {id_}, "result": [{"[]," * 900_000}1]}}',
    "nesting without end": lambda id_: f'{{"id": {id_}, "result": {"[" * 200_000}',
    "no answer": lambda id_: '{"id": 0, "type": "event"}',
    "hours of another year": lambda id_: json.dumps(
        {"id": id_, "type": "result", "success": True, "result": of_another_year(1)}
    ),
    "more hours than asked for": lambda id_: json.dumps(
        {"id": id_, "type": "result", "success": True, "result": of_another_year(20_000)}
    ),
}


async def test_an_hour_with_another_value_is_missing_as_one_without_any(
    hass, other_home, client, point
) -> None:
    destination = HomeAssistantDestination(hass, remote(other_home))
    given = hours(point, some_values(30))
    await push(destination, given)
    corrected = replace(given[10], kwh=given[10].kwh + 0.001)
    assert await destination.async_missing([*given[:10], corrected, *given[11:]]) == [corrected]
    await destination.async_close()


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_answer_is_one_named_error_and_the_next_run_sends_the_rest(
    hass, other_home, client, point, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_READ_SECONDS", 1)
    values = some_values(60)
    given = hours(point, values)
    statistic_id = f"med_exporter:consumption_{point.slug}"

    def hostile(text: str) -> list[str]:
        # What the test's own process asks for the statistic.
        if statistic_id not in text:
            return [text]
        return [HOSTILE[what](json.loads(text)["id"]).replace("STATISTIC", statistic_id)]

    async with front_of(other_home.url) as front:
        destination = HomeAssistantDestination(hass, remote(other_home, url=front.url))
        await push(destination, given[:30])
        front.rewrites = hostile
        async with never_held():
            for attempt in (destination.async_missing([given[0]]), push(destination, given)):
                with pytest.raises(DestinationError) as caught:
                    await attempt
                assert caught.value.code in {"NOT_EXPECTED_SERVER", "TIMED_OUT", "CONNECTION_LOST"}
        front.rewrites = None
        assert await destination.async_missing([given[0], given[29]]) == []
        assert await push(destination, given) == [
            *[Outcome.ALREADY_THERE] * 30,
            *[Outcome.STORED] * 30,
        ]
        await destination.async_close()
    await assert_stored(client, statistic_id, values)


async def test_no_wrong_total_is_ever_seen(destination, other_home, client, point) -> None:
    before = some_values(3000)
    after = {**before, 10: 40.0, 1500: 0.0, 2999: 7.0}
    statistic_id = f"med_exporter:consumption_{point.slug}"
    async with Dashboard(other_home, statistic_id, before, after) as dashboard:
        await push(destination, hours(point, before))
        looks = dashboard.looks
        assert looks
        onwards = {number: after[number] for number in range(10, 3000)}
        await push(destination, hours(point, onwards))
        assert dashboard.looks > looks
    await assert_stored(client, statistic_id, after)


async def test_killed_at_any_moment_it_ends_complete(hass, other_home, point) -> None:
    before = some_values(2500)
    after = {**before, 100: 40.0, 1200: 0.0}
    statistic_id = f"med_exporter:consumption_{point.slug}"
    chance = random.Random(7)
    async with Dashboard(other_home, statistic_id, before, after) as dashboard:
        for truth in (before, after):
            settled = 0
            for _ in range(KILLS):
                destination = HomeAssistantDestination(hass, remote(other_home))
                left = {number: truth[number] for number in range(settled, len(truth))}

                async def run(destination=destination, left=left) -> int:
                    count = 0

                    def settle(_: Measurement, __: Outcome) -> None:
                        nonlocal count
                        count += 1

                    async def given() -> AsyncIterator[Measurement]:
                        for one in hours(point, left):
                            yield one

                    with suppress(DestinationError):
                        await destination.async_push(given(), settle)
                    return count

                pushing = asyncio.create_task(run())
                await asyncio.sleep(chance.random() * 1.5)
                await other_home.kill()
                settled += await pushing
                await destination.async_close()
                await other_home.start()
            destination = HomeAssistantDestination(hass, remote(other_home))
            left = {number: truth[number] for number in range(settled, len(truth))}
            if left:
                await push(destination, hours(point, left))
            await destination.async_close()
        assert dashboard.looks
    async with HomeClient(other_home.url, other_home.token) as client:
        await assert_stored(client, statistic_id, after)


async def test_another_id_leaves_neither_statistics_nor_states_of_the_one_before(
    destination, client, point
) -> None:
    values = some_values(5)
    await push(destination, [*hours(point, values), current(point, "consumption_daily", 1.0)])
    now = PointName(pdl="Right", slug=f"right_{point.slug}", name="House")
    assert await destination.async_rename(point, now)
    before = f"med_exporter:consumption_{point.slug}"
    known = await client.command("recorder/list_statistic_ids")
    assert before not in {one["statistic_id"] for one in known}
    assert f"sensor.med_{point.slug}_consumption_daily" not in await client.states()
    await push(destination, hours(now, values))
    await assert_stored(client, f"med_exporter:consumption_{now.slug}", values)
    # Back again: nothing of what was there counts.
    assert await destination.async_rename(now, point)
    await push(destination, hours(point, values))
    await assert_stored(client, before, values)
