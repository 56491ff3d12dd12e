"""One pass through the states of many entities, by the index of time, where it is faster."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.recorder import by_time as module
from custom_components.med_exporter.engine.recorder.by_time import states_if_faster, take_page
from custom_components.med_exporter.engine.recorder.manner import Manner
from custom_components.med_exporter.engine.recorder.states import Recorder

START, END = 1000.0, 2000.0
POWER, OTHER = "sensor.power", "sensor.of_nobody"


def test_goes_through_the_index_of_time(many_states, plans_of):
    """And so nothing is sorted, but for what is of the same moment."""
    (plan,) = plans_of(
        lambda connect: take_page(Recorder(connect), many_states, 20_000, 90_000, lambda _: None)
    )
    assert "ix_states_last_updated_ts" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan
    assert "filesort" not in plan
    assert plan.count("Sort") == plan.count("Incremental Sort") + plan.count("Sort Key")


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_a_page_has_all_of_a_moment_or_none(recorder, page):
    moments = [START, START + 1, START + 1, START + 1, START + 2, START + 3, START + 3]
    recorder.add(POWER, [(moment, place) for place, moment in enumerate(moments)])
    reader = Recorder(recorder.connect, manner=Manner(page=page, together=2, per_entity=0))
    taken, reached, pages = [], START, 0
    while reached < END:
        so_far = len(taken)
        reached = take_page(reader, [1], reached, END, taken.extend)
        pages += 1
        assert all(moment < reached for moment, *_ in taken)
        assert all(moment >= reached for moment in moments[len(taken) :])
        assert len(taken) > so_far or reached == END
    assert [moment for moment, *_ in taken] == moments
    assert (pages > 1) is (page < len(moments))


@pytest.mark.parametrize(
    ("own", "others", "expected"), [(100, 0, True), (100, 1000, False), (0, 100, False)]
)
def test_is_faster_where_the_entities_have_a_good_part(
    database, monkeypatch, own, others, expected
):
    monkeypatch.setattr(module, "_LEAST_STATES", 1)
    database.add(POWER, [(START + n * 1000 / own, n) for n in range(own)])
    database.add(OTHER, [(START + n, n) for n in range(others)])
    reader = Recorder(database.connect)
    ids = list(reader.metadata_ids([POWER]).values())
    states = states_if_faster(reader, ids, START, END)
    assert states == pytest.approx(own if expected else 0, rel=0.5)
