"""Readings that are made in one pass are those of devices that are read by themselves."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.costs.plug_ledger import PlugLedger
from custom_components.med_exporter.engine.job import JobDevice
from custom_components.med_exporter.engine.readings.from_states import readings
from custom_components.med_exporter.engine.readings.gathered import gathered
from custom_components.med_exporter.engine.recorder import by_time as module
from custom_components.med_exporter.engine.recorder.manner import Manner
from custom_components.med_exporter.engine.recorder.states import Recorder

from ..recorder_database import RecorderDatabase

FEW = Manner(one_pass=True, page=3, together=2, per_entity=1, waiting=4)
"""One pass however few states there are, a few at a time."""
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
    JobDevice(device_id="three", device_ip="", device_name="three", entities={"power_w": OTHER}),
)  # fmt: skip


@pytest.fixture
def database(tmp_path):
    database = RecorderDatabase.in_folder(tmp_path)
    yield database
    database.close()


def use(recorder):
    return gathered(recorder, DEVICES, START, END, None)


def asked(recorder, one_pass=None, on_block=lambda moment: None):
    return [
        readings(recorder, device, PlugLedger(), (START, END), on_block, one_pass=one_pass)
        for device in DEVICES
    ]


MOMENTS = st.lists(st.sampled_from([999.9, *map(float, range(1000, 1020)), 1999.5, 2000.0]))


@given(power=MOMENTS, kilo=MOMENTS, plug=MOMENTS, other=MOMENTS, data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_same_readings_in_whatever_order_they_are_asked_for(
    tmp_path_factory, power, kilo, plug, other, data
):
    numbers = st.sampled_from(["1.5", "-0", "unavailable", "", None, "inf", "1e400", "200"])
    database = RecorderDatabase.in_folder(tmp_path_factory.mktemp("states"))
    for entity, moments, states, unit in (
        (POWER, power, numbers, "W"),
        (POWER, kilo, numbers, "kW"),
        (OTHER, other, numbers, None),
        (PLUG, plug, st.sampled_from(["on", "off", "unavailable", None]), None),
    ):
        database.add(entity, [(moment, data.draw(states)) for moment in sorted(moments)], unit)
    database.add(POWER, [(1500.0, "7")], "W")
    recorder = Recorder(database.connect, manner=FEW)
    expected = [list(found) for found in asked(recorder)]
    with use(recorder) as one_pass:
        streams = asked(recorder, one_pass)
        made = [[] for _ in streams]
        for place in data.draw(st.lists(st.integers(0, 2), max_size=20)):
            made[place] += islice(streams[place], 2)
        rest = [list(stream) for stream in streams]
    assert [a + b for a, b in zip(made, rest, strict=True)] == expected
    database.close()


def test_reads_the_database_once_for_all(database):
    database.add(POWER, [(START + n, n) for n in range(100)])
    recorder = Recorder(database.connect, manner=FEW)
    moments = []
    with use(recorder) as one_pass:
        first, second, third = asked(recorder, one_pass, moments.append)
        assert len(list(first)) == 100
        assert moments == sorted(moments)
        assert moments[-1] == END
        # What is for the others waits.
        database.engine.dispose()
        recorder.connect = None
        assert len(list(second)) == 100
        assert list(third) == []


def test_who_asks_when_the_pass_has_begun_reads_by_himself(database):
    database.add(POWER, [(START + n, n) for n in range(100)])
    recorder = Recorder(database.connect, manner=FEW)
    with use(recorder) as one_pass:
        early, first, _ = asked(recorder, one_pass)
        assert len(list(first)) == 100
        late, *_ = asked(recorder, one_pass)
        assert list(late) == list(early)
        assert len(list(asked(recorder)[0])) == 100


@pytest.mark.parametrize(
    ("own", "others", "expected"), [(100, 0, True), (100, 1000, False), (0, 100, False)]
)
def test_gathers_only_where_it_is_faster(database, monkeypatch, own, others, expected):
    monkeypatch.setattr(module, "_LEAST_STATES", 1)
    database.add(POWER, [(START + n * 1000 / own, n) for n in range(own)])
    database.add("sensor.of_nobody", [(START + n, n) for n in range(others)])
    recorder = Recorder(database.connect)
    with use(recorder) as one_pass:
        assert (one_pass is not None) is expected


def test_what_is_read_apart_is_passed_over(database):
    database.add(POWER, [(START + n, n) for n in range(50)])
    database.add(OTHER, [(START + n, n) for n in range(50)])
    ended = JobDevice(
        device_id="ended", device_ip="", device_name="ended", entities={"power_w": OTHER},
        not_recorded=("power_w",),
    )  # fmt: skip
    devices = (DEVICES[0], ended)
    recorder = Recorder(database.connect, manner=FEW)
    with gathered(recorder, devices, START, END, None) as one_pass:
        span = START, END
        found = [
            readings(recorder, one, PlugLedger(), span, lambda _: None, one_pass=one_pass)
            for one in devices
        ]
        assert [len(list(one)) for one in found] == [50, 50]
