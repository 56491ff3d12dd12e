"""Sums in another Home Assistant stay right whatever is corrected, inserted or changed there."""

from __future__ import annotations

import asyncio

import pytest
from awesomeversion import AwesomeVersion

from custom_components.med_exporter.destinations.base import Outcome

from .measured import FIRST, HOUR, assert_stored, hours, metadata, push, some_values, statistics


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
