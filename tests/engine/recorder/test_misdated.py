"""States that a wrong clock has dated are found, however long the range that is looked at."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from custom_components.med_exporter.engine.database.recorder_tables import STATES
from custom_components.med_exporter.engine.recorder.dating import Misdated
from custom_components.med_exporter.engine.recorder.misdated import misdated_in
from custom_components.med_exporter.engine.recorder.state_values import number
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.times import UTC_DAY

from ..conftest import at

COUNTER = "sensor.fridge_energy"
BEGIN = at("2026-01-10T00:00:00")


@pytest.fixture
def look(database):
    """Return what is misdated in a range, and how many questions that took."""

    def look(start: float, end: float) -> tuple[list[Misdated], int]:
        asked = []
        states = Recorder(database.engine.connect)
        (counter,) = states.metadata_ids([COUNTER]).values()
        event.listen(database.engine, "before_cursor_execute", lambda *_: asked.append(1))
        return misdated_in(states, counter, start, end, number), len(asked)

    return look


@pytest.mark.parametrize("before", [0, 1, 20, 4000])
@pytest.mark.parametrize("after", [5, 4000])
def test_it_is_found_within_any_range(database, look, before, after):
    database.add(COUNTER, [(BEGIN + day * UTC_DAY, 10.0 + day) for day in range(5)])
    database.add(COUNTER, [(BEGIN + 0.5 * UTC_DAY, 15.0)])

    with database.connect() as connection:
        second = connection.execute(select(STATES.c.state_id).order_by(STATES.c.state_id)).all()[1]

    found, _ = look(BEGIN - before * UTC_DAY, BEGIN + after * UTC_DAY)

    # Whatever is dated before the second state was written before it, too.
    assert found == [Misdated(BEGIN + UTC_DAY, second.state_id)]


def test_years_of_which_nothing_is_kept_are_not_asked_for(database, look):
    database.add(COUNTER, [(BEGIN + day * UTC_DAY, day) for day in range(5)])

    found, asked = look(BEGIN - 4000 * UTC_DAY, BEGIN + 4000 * UTC_DAY)

    assert not found
    assert asked < 15


@pytest.mark.parametrize("behind", [3, 20])
def test_it_is_found_by_what_is_dated_later_where_few_states_are_looked_at(database, behind):
    database.add(COUNTER, [(BEGIN + (30 + day) * UTC_DAY, 10.0 + day) for day in range(60)])
    database.add(COUNTER, [(BEGIN + day * UTC_DAY, 80.0 + day) for day in range(behind)])
    states = Recorder(database.engine.connect)
    (counter,) = states.metadata_ids([COUNTER]).values()
    span = BEGIN, BEGIN + 90 * UTC_DAY

    every = misdated_in(states, counter, *span, number)

    assert every
    assert misdated_in(states, counter, *span, number, most=2) == every
    assert misdated_in(states, counter, *span, number, most=0) == []
