"""The later part of one pass, made by somebody else, is joined where both know the same."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.costs.plug_ledger import PlugLedger
from custom_components.med_exporter.engine.job import JobDevice
from custom_components.med_exporter.engine.readings.ahead import frames
from custom_components.med_exporter.engine.readings.from_states import readings
from custom_components.med_exporter.engine.readings.gathered import gathered
from custom_components.med_exporter.engine.readings.pivot import Plug
from custom_components.med_exporter.engine.recorder.manner import Manner
from custom_components.med_exporter.engine.recorder.states import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator

    from custom_components.med_exporter.engine.readings.part import Frame, Part

START, END = 1000.0, 2000.0
MIDDLE = 1500.0
POWER, COUNTER, RELAY = "sensor.power", "sensor.total", "switch.plug"
QUIET = "switch.quiet"
FEW = Manner(
    one_pass=True, page=8, together=4, per_entity=0, least_shared=0, own_part=0.5,
    attempts=100,
)  # fmt: skip
PLUG = JobDevice(
    device_id="plug", device_name="Plug",
    entities={"power_w": POWER, "energy_total_kwh": COUNTER, "is_on": RELAY},
)  # fmt: skip
SILENT = JobDevice(device_id="silent", device_name="Silent", entities={"is_on": QUIET})


class Asked:
    """Makes the later part, and notes what is asked for."""

    def __init__(self, database, limit: int | None = None) -> None:
        self._recorder = Recorder(database.connect, manner=FEW)
        self._limit = limit
        self.parts: list[Part] = []
        self.taken = 0

    def second(self, part: Part) -> Generator[Frame]:
        self.parts.append(part)
        for frame in islice(frames(self._recorder, part), self._limit):
            self.taken += 1
            yield frame


class Read:
    """What the first process reads by itself."""

    def __init__(self, database) -> None:
        self.recorder = Recorder(database.connect, manner=FEW)

    def all(self, second=None, devices=(PLUG,), manner=FEW):
        self.recorder = Recorder(self.recorder.connect, manner=manner, second=second)
        with gathered(self.recorder, devices, START, END, None) as one_pass:
            found = [
                readings(
                    self.recorder, one, PlugLedger(), (START, END), lambda _: None,
                    one_pass=one_pass,
                )
                for one in devices
            ]  # fmt: skip
            return [list(one) for one in found]


@pytest.fixture
def home(recorder):
    """Fill a plug's states, each 10 s, whose relay was last switched early."""
    recorder.add(POWER, [(START + n * 10, n) for n in range(100)], "W")
    recorder.add(COUNTER, [(START + n * 10 + 0.2, n / 100) for n in range(100)], "kWh")
    recorder.add(RELAY, [(START - 900, "on"), (START + 100, "off"), (START + 130, "on")])
    recorder.add(QUIET, [(START - 5000, "on"), (START + 40, "off")])
    return recorder


def test_takes_what_the_other_makes(home):
    asked = Asked(home)
    expected = Read(home).all(devices=(PLUG, SILENT))
    assert len(expected[0]) > 90
    assert Read(home).all(asked.second, devices=(PLUG, SILENT)) == expected
    (part,) = asked.parts
    assert (part.start, part.begin, part.end) == (START, MIDDLE, END)
    assert asked.taken > 10


def test_the_first_reads_nothing_of_the_part_itself(home):
    """A plug that was switched long ago and read since then is known at once, as a silent one."""
    devices = PLUG, SILENT
    read = Read(home)
    expected = read.all(devices=devices)

    def second(part):
        for frame in Asked(home).second(part):
            if frame[0] > MIDDLE:
                read.recorder.connect = None
            yield frame

    assert read.all(second, devices) == expected


@pytest.mark.parametrize("limit", range(1, 8))
def test_goes_on_by_itself_where_the_other_ends(home, limit):
    asked = Asked(home, limit)
    assert Read(home).all(asked.second) == Read(home).all()
    assert asked.taken == limit


def test_what_the_other_never_said_is_no_loss(home):
    assert Read(home).all(lambda _: (frame for frame in ())) == Read(home).all()


def test_is_joined_later_where_the_other_cannot_know(home):
    """States that go on within a second of each other hide where a reading began."""
    home.add(POWER, [(START + 400 + n * 0.7, n) for n in range(170)], "W")
    read = Read(home)
    expected = read.all()

    def second(part):
        for frame in Asked(home).second(part):
            if frame[0] > START + 540:
                read.recorder.connect = None
            yield frame

    assert read.all(second) == expected


@pytest.mark.parametrize("attempts", [1, 3, 7])
def test_goes_on_alone_where_both_never_know_the_same(home, attempts):
    """Nobody waits any longer for what cannot be taken, and nobody makes it."""
    taken = []
    closed = []

    def made(part):
        with suppress(GeneratorExit):
            for moment, states, made in frames(Recorder(home.connect, manner=FEW), part):
                taken.append(moment)
                yield moment, [(*state[:-1], -1.0) for state in states], made
        closed.append(frames_of[-1])

    def second(part):
        frames_of.append(made(part))
        return frames_of[-1]

    frames_of = []
    read = Read(home)
    assert read.all(second, manner=FEW._replace(attempts=attempts)) == read.all()
    assert len(taken) == attempts
    assert closed == frames_of


def test_what_a_plug_was_like_is_not_believed(home):
    """What the other makes is taken only from where both know the same on."""

    def second(part):
        for moment, states, made in frames(Recorder(home.connect, manner=FEW), part):
            wrong = [(state[0], 77.7, *state[2:]) for state in states]
            yield (moment, states, made) if moment > 1700 else (moment, wrong, made)

    assert Read(home).all(second) == Read(home).all()


def test_how_a_counter_counts_is_known_where_the_first_goes_on(home):
    """Its unit changes in what the other makes, and once more behind it."""
    home.add(COUNTER, [(START + 700 + n, 5000 + n) for n in range(60)], "Wh")
    for limit in range(1, 30):
        assert Read(home).all(Asked(home, limit).second) == Read(home).all()


@pytest.mark.parametrize(("least", "expected"), [(100, 1), (10**6, 0)])
def test_a_short_pass_is_not_shared(home, monkeypatch, least, expected):
    monkeypatch.setattr("custom_components.med_exporter.engine.recorder.by_time._LEAST_STATES", 1)
    asked = Asked(home)
    Read(home).all(asked.second, manner=FEW._replace(one_pass=None, least_shared=least))
    assert len(asked.parts) == expected


def test_the_first_begins_where_states_do(home):
    """Before them there is nothing to share."""
    home.clear()
    home.add(POWER, [(1800.0 + n, n) for n in range(200)])
    asked = Asked(home)
    Read(home).all(asked.second)
    (part,) = asked.parts
    assert (part.start, part.begin) == (1800.0, 1900.0)


@pytest.mark.parametrize(
    "name", sorted({*Plug.__slots__} - {"_ledger", "_made", "counting", "start"})
)
def test_all_that_changes_of_a_plug_is_compared_and_taken_over(name):
    """But for how its counter counts: the attributes of its next state tell that."""
    plug, other = (Plug(PlugLedger(), START) for _ in range(2))
    setattr(plug, name, [None, 7.5] if name == "in_force" else 7.5)
    if name == "_measured":
        # Until there is a reading, the one before counts.
        other.read_before = plug.read_before = START - 60
    assert plug.state() != other.state()
    other.resume(plug.state(), [])
    assert other.state() == plug.state()
    assert getattr(other, name) == getattr(plug, name)
