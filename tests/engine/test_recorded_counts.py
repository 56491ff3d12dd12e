"""What the recorder holds is counted once, and then only what is new."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from custom_components.med_exporter.engine.recorded_counts import Held, RecordedCounts

from .conftest import at

POWER = "sensor.fridge_power"
START = at("2026-01-10T00:00:00")


@pytest.fixture
def states(recorder):
    """Count the states of one entity, again and again."""
    counts = RecordedCounts()

    def states() -> Held | None:
        with recorder.engine.connect() as connection:
            return counts.states(connection, [POWER, "sensor.never_recorded"]).get(POWER)

    return states


def test_new_states_are_added_to_those_that_were_counted(recorder, states):
    assert states() is None
    recorder.add(POWER, [(START + second, second) for second in range(5)])
    assert states() == Held(5, START, START + 4)
    recorder.add(POWER, [(START + 10, 1)])
    assert states() == Held(6, START, START + 10)


def test_a_purge_lets_it_count_again(recorder, states):
    recorder.add(POWER, [(START + second, second) for second in range(5)])
    states()
    with recorder.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM states WHERE last_updated_ts < ?", (START + 2,))
    assert states() == Held(3, START + 2, START + 4)


def test_what_has_not_changed_is_not_counted_again(recorder, states):
    recorder.add(POWER, [(START + second, second) for second in range(5)])
    states()
    asked: list[str] = []
    event.listen(recorder.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert states() == Held(5, START, START + 4)
    assert not [one for one in asked if "count(" in one]
