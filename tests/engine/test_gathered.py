"""States that are gathered in one pass are those that are read entity by entity."""

from __future__ import annotations

import math
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine import gathered as module
from custom_components.med_exporter.engine.errors import ExportError
from custom_components.med_exporter.engine.fields import ENTITY_FIELDS
from custom_components.med_exporter.engine.gathered import gathered
from custom_components.med_exporter.engine.job import JobDevice, Options
from custom_components.med_exporter.engine.readings import parser_of
from custom_components.med_exporter.engine.recorder import Recorder

from .recorder_database import RecorderDatabase
from .test_properties import OPTIONS, STATES, live, requests

POWER, PLUG, OTHER = "sensor.power", "switch.plug", "sensor.other"
START, END = 1000.0, 2000.0
DEVICES = (
    JobDevice(
        device_id="one", device_ip="", device_name="one",
        # An entity may be two fields, and belong to two devices.
        entities={"power_w": POWER, "voltage": POWER, "is_on": PLUG},
    ),
    JobDevice(
        device_id="two", device_ip="", device_name="two",
        entities={"current": POWER, "is_on": PLUG, "energy_total_kwh": "sensor.never_seen"},
    ),
)  # fmt: skip


@pytest.fixture
def always(monkeypatch):
    """Gather however few states there are, and a few at a time."""
    monkeypatch.setattr(module, "_LEAST_STATES", 0)
    monkeypatch.setattr(module, "_PAGE_SIZE", 3)
    monkeypatch.setattr(module, "_PER_ENTITY", 1)


@pytest.fixture
def database(tmp_path):
    database = RecorderDatabase.in_folder(tmp_path)
    yield database
    database.close()


def use(recorder, most=math.inf, on_read=lambda share: None):
    return gathered(recorder, DEVICES, START, END, most=most, folder=None, on_read=on_read)


def blocks(recorder, start, end):
    """Return all entries of each device; nobody says which of two entities is first in a moment."""
    ids = recorder.metadata_ids([POWER, PLUG])
    return [
        sorted(
            (
                entry
                for block in recorder.entries(
                    [
                        (ids[device.entities[name]], slot, parser_of(name))
                        for slot, name in enumerate(ENTITY_FIELDS)
                        if device.entities.get(name) in ids
                    ],
                    start,
                    end,
                )
                for entry in block
            ),
            key=itemgetter(0, 1),
        )
        for device in DEVICES
    ]


MOMENTS = st.lists(st.sampled_from([999.9, *map(float, range(1000, 1020)), 1999.5, 2000.0]))


@given(power=MOMENTS, kilo=MOMENTS, plug=MOMENTS, data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_same_states_in_the_same_order(tmp_path_factory, always, power, kilo, plug, data):
    numbers = st.sampled_from(["1.5", "-0", "unavailable", "", None, "inf", "1e400", "200"])
    database = RecorderDatabase.in_folder(tmp_path_factory.mktemp("states"))
    for entity, moments, states, unit in (
        (POWER, power, numbers, "W"),
        (POWER, kilo, numbers, "kW"),
        (PLUG, plug, st.sampled_from(["on", "off", "unavailable", None]), None),
    ):
        database.add(entity, [(moment, data.draw(states)) for moment in moments], unit)
    database.add(POWER, [(1500.0, "7")], "W")
    recorder = Recorder(database.connect)
    expected = [blocks(recorder, start, END) for start in (START, 1010.0)]
    with use(recorder) as share:
        assert share > 0
        assert [blocks(recorder, start, END) for start in (START, 1010.0)] == expected
    database.close()


def test_reads_the_database_once_in_order_of_time(database, always):
    database.add(POWER, [(START + n, n) for n in range(100)])
    query = module._IN_ORDER.params(after_ts=0.0, after_id=-1, end=END, ids=[1, 2], size=9)
    with database.connect() as connection:
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").fetchall()
    steps = [row[3] for row in plan]
    assert "USING INDEX ix_states_last_updated_ts (last_updated_ts>?" in steps[0]
    assert not [step for step in steps if "TEMP B-TREE FOR ORDER BY" in step]
    recorder = Recorder(database.connect)
    shares = []
    with use(recorder, on_read=shares.append) as done:
        assert shares == sorted(shares)
        assert 0 < shares[-1] <= done
        database.engine.dispose()
        recorder.connect = None
        entries = recorder.entries([(1, 0, parser_of("power_w"))], START, END)
        assert sum(map(len, entries)) == 100
    assert recorder.gathered is None


@pytest.mark.parametrize(
    ("own", "others", "most", "expected"),
    [(100, 0, math.inf, True), (100, 1000, math.inf, False), (100, 0, 50, False)],
)
def test_gathers_only_where_it_is_faster(database, always, own, others, most, expected):
    database.add(POWER, [(START + n * 1000 / own, n) for n in range(own)])
    database.add(OTHER, [(START + n, n) for n in range(others)])
    with use(Recorder(database.connect), most) as share:
        assert (share > 0) is expected


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(life=STATES, request=requests(), options=OPTIONS, form=st.sampled_from(["csv", "json"]))
def test_files_are_the_same_byte_for_byte(
    recorder, exports, monkeypatch, always, life, request, options, form
):
    live(recorder, life)
    made = []
    for most in (0, 10**9):
        monkeypatch.setattr(module, "_MOST_STATES", most)
        job = exports.job(**request, format=form, options=Options(**options))
        try:
            made.append((exports.run(job), Path(job.path).read_bytes()))
        except ExportError as err:
            made.append(err.code)
    assert made[0] == made[1]
