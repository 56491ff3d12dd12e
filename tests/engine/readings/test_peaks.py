"""The highest power of each day, also of before an entity was renamed or a meter replaced."""

from __future__ import annotations

from dataclasses import replace

from custom_components.med_exporter.engine.job import FormerEntities
from custom_components.med_exporter.engine.readings.peaks import peaks
from custom_components.med_exporter.engine.recorder.states import Recorder

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")
HOUR = 3600
POWER = FRIDGE.entities["power_w"]
FORMER = "sensor.fridge_as_it_was_called"


def test_states_under_a_former_id_tell_the_peaks_of_their_time(recorder) -> None:
    recorder.add(FORMER, [(START + 60, 80.0), (START + 120, 900.0), (START + 180, 70.0)], "W")
    recorder.add(POWER, [(START + 2 * HOUR, 300.0), (START + 3 * HOUR, 60.0)], "W")
    renamed = FormerEntities(
        until=START + 2 * HOUR, entities={"power_w": FORMER}, hours={"power_w": POWER}
    )
    edges = [START, START + 2 * HOUR, START + 4 * HOUR]
    device = replace(FRIDGE, former=(renamed,))
    assert peaks(Recorder(recorder.connect), device, edges) == {0: 900, 1: 300}


def test_the_hours_of_a_renamed_entity_have_moved_and_its_last_states_have_not(recorder) -> None:
    hours = [(START, {"mean": 80.0, "min": 10.0, "max": 500.0})]
    recorder.add_statistics(POWER, hours, "W")
    recorder.add(FORMER, [(START + HOUR + 60, 900.0), (START + HOUR + 120, 70.0)], "W")
    recorder.add(POWER, [(START + 2 * HOUR, 60.0)], "W")
    renamed = FormerEntities(
        until=START + 2 * HOUR, entities={"power_w": FORMER}, hours={"power_w": POWER}
    )
    device = replace(FRIDGE, former=(renamed,))
    edges = [START, START + HOUR, START + 2 * HOUR, START + 3 * HOUR]
    assert peaks(Recorder(recorder.connect), device, edges) == {0: 500, 1: 900, 2: 60}


def test_a_meter_that_was_replaced_tells_of_its_own_time_alone(recorder) -> None:
    old = FormerEntities(until=START + HOUR, entities={"power_w": "sensor.old_power"})
    recorder.add("sensor.old_power", [(START, 700.0), (START + HOUR + 60, 2000.0)], "W")
    recorder.add(POWER, [(START + HOUR, 100.0)], "W")
    edges = [START, START + HOUR, START + 2 * HOUR]
    found = peaks(Recorder(recorder.connect), replace(FRIDGE, former=(old,)), edges)
    assert found == {0: 700, 1: 100}
