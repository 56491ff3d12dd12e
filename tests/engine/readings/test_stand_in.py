"""Where the recorder has no counter of a device, the ledger has its energy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")
QUARTER = 900
ENERGY = FRIDGE.entities["energy_total_kwh"]
FIELDS = ("timestamp", "power_w", "energy_kwh", "energy_total_kwh")
PERIODS = ("hourly", "daily", "weekly", "monthly")


@pytest.fixture
def booked(recorder):
    """Let the ledger have 0.1 kWh in each quarter-hour of ten hours."""
    recorder.add_half_hours(FRIDGE.plug_id, [(START + n * 1800, 0.2, 0) for n in range(20)])


def made(exports, device=FRIDGE, **changes):
    got = json.loads(exports.content(devices=(device,), fields=FIELDS, **changes))
    energy = round(sum(row["energy_kwh"] or 0 for row in got["data"]), 6)
    said = {warning["code"]: warning for warning in got["metadata"]["warnings"]}
    return got["data"], energy, said


@pytest.mark.usefixtures("booked")
class TestNothingOfTheCounterIsRecorded:
    device = replace(FRIDGE, not_recorded=tuple(FRIDGE.entities))

    @pytest.mark.parametrize("aggregation", PERIODS)
    def test_periods_are_the_ledgers(self, exports, aggregation):
        _, energy, said = made(exports, self.device, aggregation=aggregation)
        assert energy == 4.0
        told = said["FROM_LEDGER"]
        assert told["message"].endswith("Fridge (4.000 kWh)")
        assert (told["start"], told["end"]) == ("2026-01-10T00:00:00Z", "2026-01-10T10:00:00Z")

    def test_raw_rows_are_named(self, exports):
        rows, _, said = made(exports, self.device)
        assert rows == []
        assert said["NOT_RECORDED"]["message"].endswith("Fridge (power_w, energy_total_kwh)")
        assert said["NOT_RECORDED"]["fields"] == ["power_w", "energy_total_kwh"]
        assert "NO_READINGS" in said

    def test_hours_have_what_the_ledger_has_of_them(self, exports):
        rows, energy, _ = made(
            exports, self.device, aggregation="hourly", start=START + 1350, end=START + 5400
        )
        assert [row["energy_kwh"] for row in rows] == [0.25, 0.2]
        assert energy == 0.45

    def test_all_that_a_quarter_hour_has_so_far_was_used_before_now(self, exports):
        now = START + 2 * 3600 + 600
        _, energy, _ = made(exports, self.device, aggregation="hourly", now=now)
        assert energy == pytest.approx(0.9)


@pytest.mark.parametrize("end", [5, 8, 14])
def test_a_range_may_end_in_the_quarter_hour_in_which_a_plug_joined(recorder, exports, end):
    # 1 kW all the time; the counter's first number comes four minutes into a quarter-hour.
    recorder.add_half_hours(FRIDGE.plug_id, [(START + n * 1800, 0.5, 0) for n in range(4)])
    joined = START + 3600 + 240
    recorder.add(ENERGY, [(joined + n * 60, 5 + n / 60) for n in range(30)])
    _, whole, _ = made(
        exports, aggregation="hourly", start=START + 2880, end=START + 3600 + end * 60 + 1
    )
    assert whole == pytest.approx(12 / 60 + end / 60, abs=0.002)


@pytest.mark.usefixtures("booked")
def test_a_counter_that_was_excluded_later_goes_on_in_the_ledger(recorder, exports):
    states = [(START + n * 300, 5 + n / 30) for n in range(14)]
    recorder.add(ENERGY, [(START - 60, 5), *states])
    recorder.add(FRIDGE.entities["power_w"], [(START, 400)])
    device = replace(FRIDGE, not_recorded=tuple(FRIDGE.entities))
    for aggregation in PERIODS:
        _, energy, said = made(exports, device, aggregation=aggregation)
        assert energy == pytest.approx(4.0, abs=0.04)
        assert "FROM_LEDGER" in said
    _, energy, said = made(exports, device)
    assert energy == pytest.approx(13 / 30, abs=1e-5)
    assert said["NOT_RECORDED"]["start"] >= "2026-01-10T01:05:00Z"
    hours, *_ = made(exports, device, aggregation="hourly")
    # What was known last does not hold on for ever.
    assert [row["power_w"] for row in hours[2:]] == [None] * len(hours[2:])


@pytest.mark.usefixtures("booked")
def test_a_counter_that_is_recorded_again_has_counted_in_between(recorder, exports):
    late = [(START + 7 * 3600 + n * 300, 5 + 2.8 + n / 30) for n in range(37)]
    recorder.add(ENERGY, [(START - 60, 5), (START, 5), *late])
    hours, energy, _ = made(exports, aggregation="hourly")
    assert energy == pytest.approx(4.0, abs=0.002)
    assert [row["energy_kwh"] for row in hours[:7]] == pytest.approx([0.4] * 7, abs=0.01)


@pytest.mark.usefixtures("booked")
def test_a_counter_that_is_recorded_needs_no_help(recorder, exports):
    recorder.add(ENERGY, [(START - 60 + n * 300, 5 + n / 30) for n in range(100)])
    for aggregation in ("raw", *PERIODS):
        _, energy, said = made(exports, aggregation=aggregation)
        assert energy == pytest.approx(99 / 30, abs=1e-5)
        assert not said


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize("aggregation", PERIODS)
def test_what_a_plug_tells_of_days_before_it_was_added_is_in_periods(
    recorder, exports, aggregation
):
    recorder.add(ENERGY, [(START + 5 * 3600 + n * 900, 5 + n / 10) for n in range(21)])
    _, whole, said = made(exports, aggregation=aggregation)
    assert whole == pytest.approx(4.0, abs=1e-6)
    assert said["FROM_LEDGER"]["end"] == "2026-01-10T05:00:00Z"
    _, before, _ = made(exports, aggregation=aggregation, end=START + 4 * 3600)
    assert before == pytest.approx(1.6, abs=1e-6)
