"""A file is the same, byte for byte, however its states are read.

Its devices in one pass or one by one, by one process or the later part by another.
"""

from __future__ import annotations

import io
import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.errors import ExportError
from custom_components.med_exporter.engine.job import FormerEntities, JobDevice, Options
from custom_components.med_exporter.engine.ledger import note_corrections
from custom_components.med_exporter.engine.readings.ahead import frames
from custom_components.med_exporter.engine.readings.fields import ENTITY_FIELDS
from custom_components.med_exporter.engine.recorder.manner import Manner
from custom_components.med_exporter.engine.recorder.states import Recorder

from .test_properties import OPTIONS, START, requests

if TYPE_CHECKING:
    from custom_components.med_exporter.engine.readings.part import Second

    from .recorder_database import RecorderDatabase

FEW = Manner(page=3, together=2, per_entity=0, waiting=4, attempts=100)
POWERS = ("sensor.a", "sensor.b")
COUNTERS = ("sensor.x", "sensor.y")
RELAYS = ("switch.p",)
ENTITIES = (*POWERS, *COUNTERS, *RELAYS, "sensor.never_seen", "sensor.without_states")
MAY_FALL = {"state_class": "total"}
UNITS = {
    "sensor.a": ("W", "kW", None),
    "sensor.x": ("kWh", "Wh", {"state_class": "total_increasing"}),
    "sensor.y": (
        None, "MWh", MAY_FALL,
        *({**MAY_FALL, "last_reset": f"2026-03-{day}T00:00:00+00:00"} for day in (27, 28, 29)),
    ),
}  # fmt: skip
NOT_KNOWN = ("unavailable", "unknown", "", None, "inf", "1e400")
PLUGS = ("50c7bf000001", "50c7bf000002", None)
WRONG_BY = 3 * 3600.0
HOUR = 3600

ENTITY = st.sampled_from(ENTITIES)
LIKELY = {
    "power_w": st.sampled_from(POWERS),
    "energy_total_kwh": st.sampled_from(COUNTERS),
    "is_on": st.sampled_from(RELAYS),
}
BY_FIELD = {name: LIKELY.get(name, ENTITY) | ENTITY for name in ENTITY_FIELDS}
OF_DEVICE = st.fixed_dictionaries({}, optional=BY_FIELD)
AT_ONCE = st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.999])
PAUSES = (AT_ONCE, AT_ONCE | st.sampled_from([1.0, 60.0, 900.0, 1800.0, 7000.0, 90_000.0]))


@st.composite
def homes(draw: st.DrawFn, end: float) -> dict[str, Any]:
    """What is kept of a home around a range, and its devices."""
    edges = st.sampled_from([START - 0.001, START, START + 0.001, end - 0.001, end, end + 0.001])
    moment = START - draw(st.sampled_from([0.0, 0.5, 900.0, 20_000.0]))
    pause = draw(st.sampled_from(PAUSES))
    counters = dict.fromkeys(COUNTERS, 10.0)
    states = []
    for _ in range(draw(st.integers(0, 40))):
        moment = draw(edges) if draw(st.integers(0, 9)) == 9 else moment + draw(pause)
        entity = draw(st.sampled_from(ENTITIES[:5]))
        if draw(st.integers(0, 3)) == 3:
            state = draw(st.sampled_from(NOT_KNOWN))
        elif entity in RELAYS:
            state = draw(st.sampled_from(["on", "off"]))
        elif entity in POWERS:
            state = draw(st.sampled_from(["1.5", "-0", "200", "1999.25"]))
        else:
            restarted = draw(st.integers(0, 9)) == 9
            counters[entity] = 0.0 if restarted else counters[entity] + draw(st.integers(0, 9)) / 8
            state = counters[entity]
        states.append((entity, moment, state, draw(st.sampled_from(UNITS.get(entity, (None,))))))
    # A clock that is behind for a while.
    first = draw(st.integers(0, 60))
    for place in range(first, min(first + draw(st.integers(0, 9)), len(states))):
        entity, moment, *rest = states[place]
        states[place] = (entity, moment - WRONG_BY, *rest)
    return {
        "states": states,
        "devices": tuple(draw(devices(number, end)) for number in range(draw(st.integers(1, 3)))),
        "hours": draw(st.booleans()),
        "half_hours": draw(st.lists(st.tuples(st.integers(-2, 40), st.booleans()), max_size=6)),
        "corrected": draw(st.dictionaries(st.integers(0, 20), st.integers(1, 9), max_size=2)),
    }


@st.composite
def devices(draw: st.DrawFn, number: int, end: float) -> JobDevice:
    """A device, perhaps with what stood in its place before."""
    untils = st.floats(START - 10, end + 10) | st.sampled_from([START, end])
    former = draw(st.just([]) | st.lists(st.tuples(untils, OF_DEVICE), max_size=2))
    entities = draw(OF_DEVICE)
    return JobDevice(
        device_id=f"id-{number}",
        device_ip=f"192.0.2.{number}",
        device_name=f"Plug {number}",
        rated_power=150.0,
        plug_id=draw(st.sampled_from(PLUGS)),
        metering_point="house",
        entities=entities,
        hours=draw(st.just({}) | st.just({"energy_total_kwh": "sensor.x", "power_w": "sensor.a"})),
        not_recorded=tuple(name for name in entities if draw(st.integers(0, 4)) == 4),
        former=tuple(
            FormerEntities(until=until, entities=entities)
            for until, entities in sorted(former, key=lambda one: one[0])
        ),
    )


def live(recorder: RecorderDatabase, home: dict[str, Any]) -> None:
    """Fill the tables as a home does."""
    recorder.clear()
    recorder.write([one for one in ENTITIES if one != "sensor.never_seen"], home["states"])
    if home["hours"]:
        hours = [START - n * HOUR for n in range(-4, 4)][::-1]
        recorder.add_statistics(
            "sensor.x", [(hour, {"state": n / 4, "sum": n / 4}) for n, hour in enumerate(hours)]
        )
        recorder.add_statistics(
            "sensor.a", [(hour, {"mean": n, "min": n, "max": n}) for n, hour in enumerate(hours)]
        )
    for plug in PLUGS[:2]:
        recorder.add_half_hours(
            plug,
            [
                (START + place * HOUR / 2, 0.25, 0.25 * filled)
                for place, filled in dict(home["half_hours"]).items()
            ],
        )
    recorder.add_prices([(START + place * HOUR / 2, 0.1 + place / 100) for place in range(40)])
    with recorder.engine.begin() as connection:
        quarters = {int(START) + 900 * place: n * 1000 for place, n in home["corrected"].items()}
        note_corrections(connection, PLUGS[0], quarters)


def second_of(recorder: RecorderDatabase, ended_after: int | None) -> Second:
    """Return what makes the later part of the readings, until it fails after some frames."""
    other = Recorder(recorder.connect, manner=FEW._replace(page=4))
    return lambda part: (frame for frame in islice(frames(other, part), ended_after))


def told(data: bytes) -> bytes | dict[str, bytes]:
    """Return what a file says, without when it was saved."""
    if not data.startswith(b"PK"):
        return data
    with ZipFile(io.BytesIO(data)) as archive:
        return {one: archive.read(one) for one in archive.namelist() if "core.xml" not in one}


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    request=requests(), options=OPTIONS, form=st.sampled_from(["csv", "json", "excel"]),
    until_now=st.booleans(), data=st.data(),
)  # fmt: skip
def test_a_file_is_the_same_however_its_states_are_read(
    recorder, exports, request, options, form, until_now, data
):
    home = data.draw(homes(request["end"]))
    live(recorder, home)
    if data.draw(st.booleans()):
        request["fields"] = tuple(dict.fromkeys((*request["fields"], "cost", "energy_kwh")))
    job = exports.job(
        **{**request, "devices": home["devices"]},
        format=form,
        options=Options(**options),
        max_records=data.draw(st.sampled_from([10_000, 10_000, 10_000, 10])),
    )
    now = job.end - 1800.5 if until_now else job.end + 60

    def made(manner: Manner, second: Second | None = None) -> tuple[Any, ...] | str:
        try:
            result = exports.run(job, now, manner, second)
        except ExportError as err:
            return f"{err.code}: {err}"
        return result.records, result.warnings, result.figures, told(Path(job.path).read_bytes())

    by_device = made(Manner(one_pass=False))
    assert made(Manner(one_pass=True)) == by_device
    assert made(FEW._replace(one_pass=True)) == by_device
    assert made(FEW._replace(one_pass=False)) == by_device
    shared = FEW._replace(one_pass=True, least_shared=0, own_part=data.draw(st.floats(0, 1)))
    ended_after = data.draw(st.none() | st.integers(0, 9))
    assert made(shared, second_of(recorder, ended_after)) == by_device


def test_states_of_one_moment_come_by_their_entities(recorder, exports):
    power, counter = "sensor.a", "sensor.x"
    recorder.write(
        (power, counter),
        [
            (power, START + 1, "1", None), (counter, START + 1, "10", None),
            (power, START + 60, "unavailable", None), (counter, START + 60, "11", None),
            (power, START + 60, "200", None),
        ],
    )  # fmt: skip
    plug = JobDevice(
        device_id="id", device_name="Plug",
        entities={"power_w": power, "energy_total_kwh": counter},
    )  # fmt: skip
    for one_pass in (False, True):
        job = exports.job(devices=(plug,), start=START, end=START + 90)
        exports.run(job, manner=Manner(one_pass=one_pass))
        rows = json.loads(Path(job.path).read_bytes())["data"]
        assert [(row["power_w"], row["energy_total_kwh"]) for row in rows] == [
            (1, 10), (None, 10), (200, 11),
        ]  # fmt: skip
