"""Where the statistics of a meter say another energy than its states, files say the ledger's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")
HOUR = 3600
ENERGY = FRIDGE.entities["energy_total_kwh"]
POWER = FRIDGE.entities["power_w"]
METER = replace(FRIDGE, is_by_statistics=True)
ALL = ("raw", "hourly", "daily", "weekly", "monthly")
SHOWN = 0.3


def book(recorder, hours, first=START):
    """Let the ledger have the kWh of some hours, and none in those that are None."""
    halves = [
        (first + n * HOUR + half * 1800, kwh / 2, 0)
        for n, kwh in enumerate(hours)
        if kwh is not None
        for half in (0, 1)
    ]
    recorder.add_half_hours(FRIDGE.plug_id, halves)


@pytest.fixture(autouse=True)
def shown(recorder):
    """Let the states show 0.3 kWh in each of six hours, a third of it every twenty minutes."""
    states = [(START + 60 + n * 1200, 5 + n * SHOWN / 3) for n in range(18)]
    recorder.add(ENERGY, [(START - 60, 5 - SHOWN / 3), *states])


def made(exports, device=METER, **changes):
    asked = {"fields": ("timestamp", "power_w", "energy_kwh"), "end": START + 6 * HOUR, **changes}
    rows = json.loads(exports.content(devices=(device,), **asked))["data"]
    return [row["energy_kwh"] for row in rows]


@pytest.mark.parametrize("adjusted", [-0.7, -0.05, 0.4, 12.0])
@pytest.mark.parametrize("aggregation", ALL)
def test_an_hour_that_a_user_has_adjusted(recorder, exports, aggregation, adjusted):
    book(recorder, [SHOWN] * 2 + [SHOWN + adjusted] + [SHOWN] * 4)
    energies = made(exports, aggregation=aggregation)
    assert sum(energies) == pytest.approx(6 * SHOWN + adjusted)
    if aggregation == "hourly":
        assert energies[2] == pytest.approx(SHOWN + adjusted)
    if aggregation == "raw":
        assert [one for one in energies if one != pytest.approx(SHOWN / 3)] == [
            pytest.approx(adjusted)
        ]


@pytest.mark.parametrize("aggregation", ALL)
def test_what_a_plug_shows_is_its_own(recorder, exports, aggregation):
    book(recorder, [SHOWN, 5.0, *[SHOWN] * 5])
    energies = made(exports, FRIDGE, aggregation=aggregation)
    assert sum(energies) == pytest.approx(6 * SHOWN)


@pytest.mark.parametrize("aggregation", ALL)
def test_an_hour_that_the_ledger_does_not_wholly_know_is_as_shown(recorder, exports, aggregation):
    # One that nobody has booked, and the last one, which goes on.
    book(recorder, [SHOWN, None, SHOWN, SHOWN, SHOWN, 0.1])
    assert sum(made(exports, aggregation=aggregation)) == pytest.approx(6 * SHOWN)


@pytest.mark.parametrize("aggregation", ALL)
def test_an_hour_after_which_nothing_is_told_for_a_while(recorder, exports, aggregation):
    book(recorder, [SHOWN, SHOWN - 0.2, None, None, SHOWN, SHOWN, SHOWN])
    assert sum(made(exports, aggregation=aggregation)) == pytest.approx(6 * SHOWN - 0.2)


@pytest.mark.parametrize("aggregation", ["raw", "hourly"])
def test_only_full_hours_of_a_range_are_compared(recorder, exports, aggregation):
    book(recorder, [SHOWN, 9.0, SHOWN + 0.5, SHOWN, 9.0, SHOWN, SHOWN])
    span = {"start": START + HOUR + 600, "end": START + 4 * HOUR + 3000}
    energies = made(exports, aggregation=aggregation, **span)
    assert sum(energies) == pytest.approx(2 / 3 * SHOWN + 2 * SHOWN + 0.5 + SHOWN, abs=1e-6)


def test_raw_rows_have_none_for_a_state_that_has_come_with_the_hour_before(recorder, exports):
    book(recorder, [SHOWN - 0.001, SHOWN + 0.001] * 3 + [SHOWN])
    assert made(exports) == pytest.approx([SHOWN / 3] * 18)
    hours = made(exports, aggregation="hourly")
    assert hours == pytest.approx([SHOWN - 0.001, SHOWN + 0.001] * 3)


# When the counter loses its number, and has it again.
LOST, AGAIN = START + 2 * HOUR + 1, START + 5 * HOUR + 60
# Such as a user has put right, who knows what was used meanwhile.
PUT_RIGHT = [SHOWN, SHOWN, 0.5, 0.1, 0.4, 0.2, SHOWN]


@pytest.fixture
def lost(recorder):
    """Let the counter have no number for three hours and a second."""
    recorder.clear()
    states = [(START + 60 + n * 1200, 5 + n * SHOWN / 3) for n in range(18)]
    left = [one for one in states if not LOST <= one[0] < AGAIN]
    recorder.add(ENERGY, [(START - 60, 5 - SHOWN / 3), *left, (LOST, "unavailable")])


@pytest.mark.parametrize("is_seen", [False, True], ids=["silent", "with power"])
@pytest.mark.parametrize("span", [(0, 6), (0, 4), (3, 6), (3, 5)])
def test_hours_in_which_the_counter_has_no_number(recorder, exports, lost, span, is_seen):
    book(recorder, PUT_RIGHT)
    if is_seen:
        recorder.add(POWER, [(START + n * 600 + 5, 300) for n in range(36)])
    begin, end = span
    asked = {"start": START + begin * HOUR, "end": START + end * HOUR}
    hours = made(exports, aggregation="hourly", **asked)
    assert hours == pytest.approx(PUT_RIGHT[begin:end], abs=1e-6)
    for aggregation in ALL:
        energies = made(exports, aggregation=aggregation, **asked)
        assert sum(filter(None, energies)) == pytest.approx(sum(PUT_RIGHT[begin:end]))


def test_hours_without_a_number_of_which_the_ledger_has_none_either(recorder, exports, lost):
    # What Home Assistant makes of them: the first hour with a number has all of it.
    book(recorder, [SHOWN, SHOWN, 0.0, None, None, 4 * SHOWN, SHOWN])
    for aggregation in ALL:
        energies = made(exports, aggregation=aggregation)
        assert sum(energies) == pytest.approx(6 * SHOWN)


@pytest.mark.parametrize("seconds", [6 * HOUR, 5 * HOUR + 1800])
def test_energy_from_before_the_first_number_counts_once(recorder, exports, seconds):
    recorder.clear()
    recorder.add(ENERGY, [(START + 1860 + n * 1200, 5 + n * SHOWN / 3) for n in range(16)])
    book(recorder, [0.5, *[SHOWN] * 6])
    hours = made(exports, aggregation="hourly", end=START + seconds)
    last = SHOWN if seconds == 6 * HOUR else SHOWN / 3
    assert hours == pytest.approx([0.5, *[SHOWN] * 4, last], abs=1e-6)
