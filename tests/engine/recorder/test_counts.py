"""What the recorder holds is counted once, and then only what is new."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from custom_components.med_exporter.engine.recorder.counts import Held, RecordedCounts

from ..conftest import at

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


def test_many_are_counted_by_a_few_statements(recorder):
    counts, names = RecordedCounts(), [f"sensor.plug_{number}" for number in range(50)]
    for name in names:
        recorder.add(name, [(START + second, second) for second in range(200)])
    with recorder.engine.connect() as connection:
        counts.states(connection, names)
    for name in names:
        recorder.add(name, [(START + 200 + second, second) for second in range(100)])
    asked: list[str] = []
    event.listen(recorder.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    with recorder.engine.connect() as connection:
        found = counts.states(connection, names)
    assert found == dict.fromkeys(names, Held(300, START, START + 299))
    assert len(asked) <= 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_however_states_come_and_go_the_count_is_right(recorder, data):
    counts, names, second = RecordedCounts(), ["sensor.a", "sensor.b", "sensor.c"], 0
    with recorder.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM states")
    for _ in range(data.draw(st.integers(1, 5))):
        for name in names:
            many = data.draw(st.integers(0, 3))
            step = data.draw(st.sampled_from([1, 50, 5000]))
            recorder.add(name, [(START + second + step * n, n) for n in range(many)])
            second += step * many
        if data.draw(st.booleans()):
            oldest = START + data.draw(st.integers(0, second))
            with recorder.engine.begin() as connection:
                connection.exec_driver_sql(
                    "DELETE FROM states WHERE last_updated_ts < ?", (oldest,)
                )
        asked = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
        with recorder.engine.connect() as connection:
            found = counts.states(connection, asked)
            held = dict(
                connection.exec_driver_sql(
                    "SELECT entity_id, COUNT(*) FROM states JOIN states_meta USING (metadata_id)"
                    " GROUP BY entity_id"
                ).all()
            )
        assert {name: one.count for name, one in found.items()} == {
            name: held.get(name, 0) for name in found
        }
