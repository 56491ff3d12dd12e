"""Pushes to another Home Assistant, a real one, read back with its own interfaces."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.home_assistant.api import RemoteConnection
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.measurements import (
    Cost,
    EcoWattLevel,
    Grain,
    PointName,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.real_home import HomeClient

from .measured import (
    YEAR,
    assert_stored,
    colour,
    current,
    hour,
    hours,
    metadata,
    push,
    remote,
    some_values,
)


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


async def test_what_goes_to_one_statistic_at_once_is_written_in_turn(
    destination, client, point
) -> None:
    values = some_values(60)
    outcomes = await asyncio.gather(
        *(
            push(destination, hours(point, values, kind))
            for kind in ("consumption_daily", "consumption_detailed")
        )
    )
    assert sorted(map(set, outcomes), key=str) == [{Outcome.ALREADY_THERE}, {Outcome.STORED}]
    await assert_stored(client, f"med_exporter:consumption_{point.slug}", values)


async def test_many_series_share_a_few_connections(
    destination, client, point, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, real = [], RemoteConnection.open

    async def noted(*given: Any) -> RemoteConnection:
        opened.append(await real(*given))
        return opened[-1]

    monkeypatch.setattr(RemoteConnection, "open", noted)
    points = [replace(point, slug=f"{point.slug}_{number}") for number in range(12)]
    values = some_values(3)
    await asyncio.gather(*(push(destination, hours(one, values)) for one in points))
    for one in points:
        await assert_stored(client, f"med_exporter:consumption_{one.slug}", values)
    assert 1 < len(opened) <= destination.intake.at_once


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
