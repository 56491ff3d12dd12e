"""Reading the recorder's tables: every state once, in order, through the index, page by page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.recorder import states as module
from custom_components.med_exporter.engine.recorder.manner import Manner
from custom_components.med_exporter.engine.recorder.state_values import number, on_off
from custom_components.med_exporter.engine.recorder.states import Recorder, last_seen

if TYPE_CHECKING:
    from ..recorder_database import RecorderDatabase

START, END = 1000.0, 2000.0
FEW = Manner(page=3)
"""Pages as small as can be, so that every row is a border."""


def entries(database: RecorderDatabase, entity_ids: list[str]) -> list[tuple]:
    reader = Recorder(database.connect, manner=FEW)
    known = reader.metadata_ids(entity_ids)
    place = {known[entity_id]: place for place, entity_id in enumerate(entity_ids)}
    blocks = list(reader.states(place, START, END))
    assert all(blocks)
    return [
        (moment, place[metadata_id], reader.units.values(number, attributes)[state])
        for block in blocks
        for moment, metadata_id, state, attributes in block
    ]


class TestPages:
    def test_entities_are_merged_by_time(self, database):
        database.add("sensor.a", [(START + n, n) for n in range(0, 20, 2)])
        database.add("sensor.b", [(START + n, n) for n in range(1, 20, 2)])
        assert [entry[2] for entry in entries(database, ["sensor.a", "sensor.b"])] == list(
            range(20)
        )

    def test_a_dense_and_a_sparse_entity_are_merged(self, database):
        database.add("sensor.a", [(START + n / 10, n) for n in range(100)])
        database.add("sensor.b", [(START + 5.05, -1)])
        found = [entry[2] for entry in entries(database, ["sensor.a", "sensor.b"])]
        assert found == [*range(51), -1, *range(51, 100)]

    def test_many_states_of_one_moment_keep_their_order(self, database):
        database.add("sensor.a", [(START + 1, n) for n in range(10)])
        assert [entry[2] for entry in entries(database, ["sensor.a"])] == list(range(10))

    def test_pages_of_many_entities_fit_into_memory_together(self, recorder):
        recorder.add("sensor.a", [(START + n / 10, n) for n in range(1500)])
        reader = Recorder(recorder.connect)
        reader.read_side_by_side(10_000)
        sizes = [len(block) for block in reader.states([1], START, END)]
        assert max(sizes) <= module._LEAST_PAGE
        assert sum(sizes) == 1500

    def test_times_keep_all_their_digits(self, database):
        moments = [1763740800.123457 + n * 1e-6 for n in range(9)]
        database.add("sensor.a", [(moment, 1) for moment in moments])
        reader = Recorder(database.connect, manner=FEW)
        ids = reader.metadata_ids(["sensor.a"]).values()
        blocks = reader.states(ids, moments[2], moments[8])
        assert [entry[0] for block in blocks for entry in block] == moments[2:8]

    def test_the_range_is_half_open(self, database):
        database.add("sensor.a", [(START - 0.001, 0), (START, 1), (END - 0.001, 2), (END, 3)])
        assert [entry[2] for entry in entries(database, ["sensor.a"])] == [1, 2]

    def test_an_unreadable_state_is_not_known(self, database):
        database.add("sensor.a", [(START, 1), (START + 1, "unavailable"), (START + 2, "nan")])
        assert [entry[2] for entry in entries(database, ["sensor.a"])] == [1, None, None]

    def test_no_connection_is_held_between_pages(self, recorder):
        recorder.add("sensor.a", [(START + n, n) for n in range(20)])
        held = 0

        @contextmanager
        def connect():
            nonlocal held
            held += 1
            with recorder.connect() as connection:
                yield connection
            held -= 1

        reader = Recorder(connect, manner=FEW)
        for _ in reader.states(reader.metadata_ids(["sensor.a"]).values(), START, END):
            assert held == 0

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(
        st.lists(
            st.lists(st.integers(-2, 12).map(lambda n: START + n), max_size=25),
            min_size=1, max_size=4,
        )
    )  # fmt: skip
    def test_every_state_in_the_range_comes_once_and_in_order(self, recorder, moments):
        recorder.clear()
        ids = [f"sensor.s{place}" for place in range(len(moments))]
        expected = []
        for place, (entity_id, times) in enumerate(zip(ids, moments, strict=True)):
            states = [(moment, count) for count, moment in enumerate(sorted(times))]
            recorder.add(entity_id, states)
            expected += [(m, place, float(n)) for m, n in states if START <= m < END]
        found = entries(recorder, ids)
        assert [entry[0] for entry in found] == sorted(entry[0] for entry in expected)
        for place in range(len(ids)):
            of_entity = [entry for entry in found if entry[1] == place]
            assert of_entity == [entry for entry in expected if entry[1] == place]


class TestBeforeTheRange:
    def test_the_value_in_force_is_the_last_one(self, database):
        database.add("sensor.a", [(1, 5), (2, 6), (3, 7)])
        reader = Recorder(database.connect)
        metadata_id = reader.metadata_ids(["sensor.a"])["sensor.a"]
        assert reader.value_before(metadata_id, 3, number) == 6
        assert reader.value_before(metadata_id, 1, number) is None

    def test_the_last_number_may_be_further_back(self, database):
        database.add("sensor.a", [(1, 5), (2, "unavailable"), (3, None), (4, "what")])
        reader = Recorder(database.connect)
        metadata_id = reader.metadata_ids(["sensor.a"])["sensor.a"]
        assert reader.value_before(metadata_id, 9, number) is None
        assert reader.last_number_before(metadata_id, 9, number)[:2] == (5, 1)
        assert reader.last_number_before(metadata_id, 1, number) is None

    def test_the_last_moment_before_is_that_of_any_entity(self, database):
        database.add("sensor.a", [(1, 5), (4, 6)])
        database.add("sensor.b", [(2, "unavailable"), (9, 7)])
        reader = Recorder(database.connect)
        ids = reader.metadata_ids(["sensor.a", "sensor.b"]).values()
        assert [reader.moment_before(ids, moment) for moment in (1, 3, 9)] == [None, 2, 4]


class TestSummaries:
    def test_states_are_counted_per_entity_and_range(self, database):
        database.add("sensor.a", [(n, n) for n in range(10)])
        database.add("sensor.b", [(n, n) for n in range(4)])
        reader = Recorder(database.connect)
        one, other = reader.metadata_ids(["sensor.a", "sensor.b"]).values()
        assert reader.counts([one, other, -1], 2, 5) == {one: 3, other: 2, -1: 0}

    def test_an_entity_is_looked_up_once(self, database):
        database.add("sensor.a", [(1, 5)])
        reader = Recorder(database.connect)
        found = reader.metadata_ids(["sensor.a", "sensor.b"])
        assert set(found) == {"sensor.a"}
        reader.connect = None
        assert reader.metadata_ids(["sensor.b"]) == {}
        assert reader.metadata_ids(["sensor.b", "sensor.a"]) == found

    def test_last_seen_is_when_a_value_was_last_known(self, database):
        database.add("sensor.a", [(1, 5), (2, 6), (3, "unavailable")])
        database.add("sensor.b", [(1, "unknown")])
        with database.connect() as connection:
            assert last_seen(connection, ["sensor.a", "sensor.b", "sensor.c"]) == {"sensor.a": 2}

    def test_the_oldest_state_of_all(self, database):
        reader = Recorder(database.connect)
        assert reader.oldest() is None
        database.add("sensor.a", [(7, 5), (4, 6)])
        assert reader.oldest() == 4


_INDEX = "ix_states_metadata_id_last_updated_ts"


def test_states_are_found_through_the_index(database, plans_of):
    for number_ in range(4):
        states = [(START + n * 0.1, n) for n in range(4_000)]
        database.add(f"sensor.{number_}", states)
    moment = START + 100

    def ask(connect):
        reader = Recorder(connect)
        (one,) = reader.metadata_ids(["sensor.1"]).values()
        list(reader.states([one], moment, moment + 2))
        reader.value_before(one, moment, number)
        reader.last_number_before(one, moment, number)
        reader.moment_before([one], moment)
        reader.oldest([one])
        reader.counts([one], moment, moment + 9)
        with connect() as connection:
            last_seen(connection, ["sensor.1"])

    plans = plans_of(ask)
    assert len(plans) == 7
    for plan in plans:
        # MariaDB answers the oldest from the index before it makes a plan.
        assert _INDEX in plan or "optimized away" in plan, plan
        assert "Seq Scan" not in plan
        assert "filesort" not in plan


def test_an_entity_of_many_is_not_sought_among_the_states_of_all(many_states, plans_of):
    """As PostgreSQL does where it takes the disk for one whose head has to move."""
    (plan,) = plans_of(
        lambda connect: next(Recorder(connect).states([many_states[6]], 90_000, 100_000))
    )
    assert _INDEX in plan


@pytest.mark.parametrize(
    ("state", "value"), [("1.5", 1.5), ("-2", -2), ("1e3", 1000), ("on", None)]
)
def test_a_number_is_read(state, value):
    assert number(state) == value


@pytest.mark.parametrize(
    ("state", "value"), [("on", 1), ("off", 0), ("unavailable", None), (None, None)]
)
def test_a_switch_is_read(state, value):
    assert on_off(state) == value
