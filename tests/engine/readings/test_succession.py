"""A device that took the place of another one goes on from its readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from custom_components.med_exporter.engine.job import FormerEntities

from ..conftest import FRIDGE, WASHER, at

START = at("2026-01-10 00:00")
CHANGE = START + 2 * 3600
FIELDS = ("timestamp", "power_w", "energy_kwh", "energy_total_kwh")
DEVICE = replace(FRIDGE, former=(FormerEntities(until=CHANGE, entities=WASHER.entities),))


@pytest.fixture
def rows(recorder, exports):
    """Return the rows of four hours, in which another one takes over after two."""
    minutes = [START + 60 * n for n in range(-5, 240)]
    for entities, power, begin in ((FRIDGE.entities, 60.0, 500.0), (WASHER.entities, 120.0, 7.0)):
        recorder.add(entities["power_w"], [(at_, power + n % 2) for n, at_ in enumerate(minutes)])
        counted = [(at_, begin + power / 60_000 * n) for n, at_ in enumerate(minutes)]
        recorder.add(entities["energy_total_kwh"], counted)

    def rows(aggregation: str, device=DEVICE) -> list[dict]:
        return exports.rows(
            devices=(device,), fields=FIELDS, start=START, end=START + 4 * 3600,
            aggregation=aggregation,
        )  # fmt: skip

    return rows


def test_each_tells_of_its_own_time(rows):
    found = rows("raw")
    assert len(found) == 240
    assert {row["power_w"] for row in found[:120]} == {120, 121}
    assert {row["power_w"] for row in found[120:]} == {60, 61}
    assert found[119]["energy_total_kwh"] < 10
    assert found[120]["energy_total_kwh"] > 500


def test_no_leap_of_the_counter_is_energy(rows):
    raw, hourly = rows("raw"), rows("hourly")
    expected = pytest.approx([0.12, 0.12, 0.06, 0.06], abs=0.003)
    assert [row["energy_kwh"] for row in hourly] == expected
    assert sum(row["energy_kwh"] for row in raw) == pytest.approx(
        sum(row["energy_kwh"] for row in hourly), abs=0.003
    )


def test_nothing_is_told_of_a_time_after_the_range(rows):
    later = replace(FRIDGE, former=(FormerEntities(until=4e9, entities=WASHER.entities),))
    assert rows("raw", later) == rows("raw", replace(WASHER, device_id=FRIDGE.device_id))


def test_hours_that_only_statistics_know_are_those_of_their_time(recorder, exports):
    hours = [START + 3600 * n for n in range(-1, 4)]
    for name, kwh in (("supplier:old", 2.0), ("supplier:new", 5.0)):
        known = [(hour, {"sum": kwh * n, "state": kwh * n}) for n, hour in enumerate(hours)]
        recorder.add_statistics(name, known, "kWh")
    recorder.add(WASHER.entities["power_w"], [])
    former = FormerEntities(until=CHANGE, entities={"energy_total_kwh": "supplier:old"})
    device = replace(
        FRIDGE, plug_id=None, entities={"energy_total_kwh": "supplier:new"}, former=(former,)
    )
    found = exports.rows(
        devices=(device,), fields=FIELDS, start=START, end=START + 4 * 3600, aggregation="hourly"
    )
    assert [row["energy_kwh"] for row in found] == [2, 2, 5, 5]


def test_hours_of_a_renamed_entity_may_have_moved_although_its_states_have_not(recorder, exports):
    new, old = "sensor.new", "sensor.old"
    known = [
        (START + 3600 * n, {"sum": 2.0 * n, "state": 2.0 * n, "mean": None}) for n in range(-1, 4)
    ]
    recorder.add_statistics(new, known, "kWh")
    field = "energy_total_kwh"
    former = FormerEntities(until=CHANGE, entities={field: old}, hours={field: new})
    device = replace(FRIDGE, plug_id=None, entities={field: new}, former=(former,))
    found = exports.rows(
        devices=(device,), fields=FIELDS, start=START, end=START + 4 * 3600, aggregation="hourly"
    )
    assert [row["energy_kwh"] for row in found] == [2, 2, 2, 2]
