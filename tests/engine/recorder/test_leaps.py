"""A clock that leaps to and fro: what it was put back from, or to, is what nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.costs.plug_ledger import plug_ledger
from custom_components.med_exporter.engine.readings.from_states import readings
from custom_components.med_exporter.engine.readings.reading import CARRIED, READING_COLUMNS
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.times import HOUR, UTC_DAY

from ..conftest import FRIDGE, at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..recorder_database import RecorderDatabase

COUNTER, POWER = FRIDGE.entities["energy_total_kwh"], FRIDGE.entities["power_w"]
BEGIN = at("2026-01-10T10:00:00")
STEP, KWH = 10, 0.003
WEEKS, YEAR = 35 * UTC_DAY, 365 * UTC_DAY
ENERGY, WATTS = READING_COLUMNS.index("energy_kwh"), READING_COLUMNS.index("power_w")

type Written = tuple[float, float]
"""When a counter was truly read, and what it showed."""


@pytest.fixture
def live(recorder: RecorderDatabase):
    """Return what lets a plug be read every ten seconds, by a clock that is off now and then."""

    def live(phases: Sequence[tuple[float, int]]) -> tuple[list[Written], list[Written]]:
        """Return what was written by a clock that was right, and by one that was not."""
        right, wrong, states, number = [], [], [], 0
        for by, count in phases:
            for _ in range(count):
                moment, kwh = BEGIN + number * STEP, 500 + number * KWH
                (wrong if by else right).append((moment + by, kwh))
                states += [
                    (POWER, moment + by, 2000 if by else 50 + number % 2, None),
                    (COUNTER, moment + by, kwh, None),
                ]
                number += 1
        recorder.write([POWER, COUNTER], states)
        return right, wrong

    return live


@pytest.fixture
def used(recorder: RecorderDatabase):
    """Return what tells the energy between two moments, and how many readings are wrong."""

    def used(start: float, end: float) -> tuple[float, int]:
        ledger = plug_ledger(recorder.connect, FRIDGE.plug_id, costs=False)
        found = readings(Recorder(recorder.connect), FRIDGE, ledger, (start, end), lambda _: None)
        rows = [one for one in found if one[2] != CARRIED]
        kwh = [one[ENERGY] or 0.0 for one in rows]
        return sum(kwh), sum(one[WATTS] == 2000 for one in rows) + sum(one < 0 for one in kwh)

    return used


def true(right: list[Written], start: float, end: float) -> float:
    before = [kwh for moment, kwh in right if moment < start]
    inside = [kwh for moment, kwh in right if start <= moment < end]
    return inside[-1] - (before[-1] if before else inside[0]) if inside else 0.0


@pytest.mark.parametrize("by", [7 * HOUR, YEAR, -7 * HOUR, -YEAR])
@pytest.mark.parametrize("count", [2, 7, 40])
def test_a_clock_that_is_wrong_for_a_while_hides_nothing_else(live, used, by, count):
    right, wrong = live([(0, 360), (by, count), (0, 3000)])
    begin, end = right[0][0], right[-1][0] + 1
    first, last = wrong[0][0], wrong[-1][0]
    for start, until in (
        (begin, end), (begin - 2 * YEAR, end + 2 * YEAR), (begin + HOUR / 2, begin + 4 * HOUR),
        (begin + HOUR / 2, last + 1), (first - HOUR / 2, first + HOUR), (first, last + 1),
        (last + 1, last + 2 * HOUR),
    ):  # fmt: skip
        expected = true(right, start, until)
        assert used(start, until) == (pytest.approx(expected, abs=1e-6), 0), start - begin


@pytest.mark.parametrize("by", [7 * HOUR, YEAR])
def test_a_clock_that_was_ahead_a_moment_ago_hides_nothing(live, used, by):
    right, _ = live([(0, 100), (by, 14), (0, 3)])
    start, end = right[0][0], right[-1][0] + 1
    assert used(start, end) == (pytest.approx(true(right, start, end)), 0)


def test_a_start_ahead_after_a_night_is_told_from_a_night_that_never_was(recorder, used):
    evening, morning = BEGIN, BEGIN + 10 * HOUR
    for since, first, count in (
        (evening, 0, 100), (morning + 7 * HOUR, 100, 7), (morning + 60, 107, 100),
    ):  # fmt: skip
        recorder.add(COUNTER, [(since + n * STEP, (first + n) * KWH) for n in range(count)])
    assert used(evening, morning + HOUR)[0] == pytest.approx(206 * KWH)


def test_a_clock_that_leaps_to_and_fro_hides_nothing(live, used):
    right, _ = live([
        (0, 3), (-WEEKS, 7), (0, 4), (7 * HOUR, 7), (-WEEKS, 3), (YEAR, 7), (-YEAR, 2), (0, 20),
        (-WEEKS, 6), (0, 7), (YEAR, 6), (0, 7), (-YEAR, 6), (0, 400),
    ])  # fmt: skip
    begin, end = right[0][0], right[-1][0] + 1
    for start, until in (
        (begin, end), (begin - HOUR, end), (begin - HOUR, begin + 23 * HOUR), (begin + 600, end),
    ):  # fmt: skip
        assert used(start, until) == (pytest.approx(true(right, start, until)), 0)
