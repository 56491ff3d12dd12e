"""From states to readings: what belongs together, what carries on, what was used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.costs.plug_ledger import plug_ledger
from custom_components.med_exporter.engine.growth import growth
from custom_components.med_exporter.engine.readings.from_states import readings
from custom_components.med_exporter.engine.readings.reading import READING_COLUMNS
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.recorder.statistics import Coverage

from ..conftest import FRIDGE

if TYPE_CHECKING:
    from ..recorder_database import RecorderDatabase

POWER = FRIDGE.entities["power_w"]
VOLTAGE = FRIDGE.entities["voltage"]
ENERGY = FRIDGE.entities["energy_total_kwh"]
SWITCH = FRIDGE.entities["is_on"]

START = 1_000_000.0
END = START + 1000
_MIDNIGHT = {"last_reset": "2026-11-20T00:00:00+01:00"}
_SAME = {"last_reset": "2026-11-19T23:00:00+00:00"}
_NOON = {"last_reset": "2026-11-20T12:00:00+01:00"}
HALF_HOURS = [1_000_800.0 + n * 1800 for n in range(3)]


def all_readings(recorder: RecorderDatabase, start=START, end=END) -> list[dict]:
    ledger = plug_ledger(recorder.connect, FRIDGE.plug_id, costs=False)
    found = readings(Recorder(recorder.connect), FRIDGE, ledger, (start, end), lambda _: None)
    return [dict(zip(READING_COLUMNS, reading, strict=True)) for reading in found]


def measured(recorder: RecorderDatabase) -> list[dict]:
    return [reading for reading in all_readings(recorder) if reading["measured"]]


def column(found: list[dict], name: str) -> list:
    return [reading[name] for reading in found]


class TestWhatBelongsTogether:
    def test_states_within_a_second_are_one_reading_with_the_latest_timestamp(self, recorder):
        recorder.add(POWER, [(START + 10, 50)])
        recorder.add(VOLTAGE, [(START + 10.4, 230)])
        recorder.add(SWITCH, [(START + 10.9, "on")])
        (reading,) = measured(recorder)
        assert reading["timestamp"] == START + 10.9
        assert (reading["power_w"], reading["voltage"], reading["is_on"]) == (50, 230, 1)

    def test_a_second_later_is_the_next_reading(self, recorder):
        recorder.add(POWER, [(START + 10, 50)])
        recorder.add(VOLTAGE, [(START + 11, 230)])
        assert column(measured(recorder), "timestamp") == [START + 10, START + 11]

    def test_the_second_counts_from_the_first_state_so_a_chain_does_not_grow_for_ever(
        self, recorder
    ):
        recorder.add(POWER, [(START + 0.6 * n, n) for n in range(10)])
        assert column(measured(recorder), "power_w") == [1, 3, 5, 7, 9]

    def test_the_last_state_of_a_field_counts(self, recorder):
        recorder.add(POWER, [(START + 10, 50), (START + 10.2, 60)])
        assert column(measured(recorder), "power_w") == [60]

    def test_a_value_between_two_outages_within_a_second_is_not_lost(self, recorder):
        recorder.add(ENERGY, [(START - 5, 1.0), (START + 1, "unavailable"), (START + 1.2, 1.5),
                              (START + 1.4, "unavailable"), (START + 60, 2.0)])  # fmt: skip
        assert column(measured(recorder), "energy_kwh") == [0.5, 0.5]

    def test_states_before_the_start_or_at_the_end_are_outside(self, recorder):
        recorder.add(POWER, [(START - 0.1, 1), (START, 2), (END - 0.1, 3), (END, 4)])
        assert column(measured(recorder), "power_w") == [2, 3]


class TestWhatAWrongClockHasWritten:
    def test_what_was_written_later_but_dated_before_the_range_was_not_in_force(self, recorder):
        recorder.add(ENERGY, [(START - 50, 4.9), (START + 10, 5.0), (START + 20, 5.1)])
        recorder.add(ENERGY, [(START - 20, 5.2), (START - 10, 5.3)])
        recorder.add(ENERGY, [(START + 300, 5.4)])
        assert column(measured(recorder), "energy_kwh") == pytest.approx([0.1, 0.1, 0.3])

    def test_without_anything_else_before_it_the_counter_begins_in_the_range(self, recorder):
        recorder.add(ENERGY, [(START + 10, 5.0), (START + 20, 5.1)])
        recorder.add(ENERGY, [(START - 20, 5.2)])
        assert column(measured(recorder), "energy_kwh") == [None, pytest.approx(0.1)]

    @pytest.mark.parametrize("end", [END, START + 250])
    def test_what_lies_inside_the_range_is_left_out_of_all_fields(self, recorder, end):
        own = [(START + 100 * n, 5 + n / 10) for n in range(10)]
        recorder.add(POWER, [(START, 50), (START + 300, 60)])
        recorder.add(ENERGY, [(START - 50, 4.9), *own])
        # Among those of then, and once more: the clock was wrong twice.
        for since, kwh in ((START + 190, 9.0), (START + 90, 9.5)):
            recorder.add(POWER, [(since, 2000)])
            recorder.add(ENERGY, [(since + 5 * n, kwh + n / 10) for n in range(5)])
            recorder.add(ENERGY, [(END + 100 + kwh, kwh + 0.45)])
        found = [one for one in all_readings(recorder, end=end) if one["measured"]]
        assert column(found, "energy_kwh") == pytest.approx([0.1] * len(found))
        assert set(column(found, "power_w")) <= {50, 60}
        assert len(found) == (10 if end == END else 3)

    def test_it_is_not_the_oldest_that_the_recorder_has_kept(self, recorder):
        recorder.add(ENERGY, [(START + 100, 5.0), (START + 200, 5.1)])
        recorder.add(ENERGY, [(START + 10, 5.2)])
        recorder.add(ENERGY, [(START + 300, 5.3)])
        coverage = Coverage()
        ledger = plug_ledger(recorder.connect, FRIDGE.plug_id, costs=False)
        list(readings(Recorder(recorder.connect), FRIDGE, ledger, (START, END), lambda _: None,
                      coverage))  # fmt: skip
        assert coverage.kept == START + 100

    def test_a_past_that_was_brought_from_elsewhere_counts(self, recorder):
        recorder.add(ENERGY, [(START + 10, 5.0)])
        recorder.add(ENERGY, [(START - 20, 4.2)])
        assert column(measured(recorder), "energy_kwh") == [pytest.approx(0.8)]


class TestWhatCarriesOn:
    def test_an_unchanged_field_keeps_its_value(self, recorder):
        recorder.add(VOLTAGE, [(START + 1, 230)])
        recorder.add(POWER, [(START + 1, 50), (START + 20, 60)])
        assert column(measured(recorder), "voltage") == [230, 230]

    def test_the_first_reading_carries_what_was_in_force_before_the_range(self, recorder):
        recorder.add(VOLTAGE, [(START - 5000, 228), (START - 4000, 231)])
        recorder.add(SWITCH, [(START - 9000, "on")])
        recorder.add(POWER, [(START + 20, 60)])
        (reading,) = measured(recorder)
        assert (reading["voltage"], reading["is_on"]) == (231, 1)

    @pytest.mark.parametrize("gone", ["unavailable", "unknown", "", None, "broken", "nan", "inf"])
    def test_what_is_not_known_ends_the_carrying(self, recorder, gone):
        recorder.add(VOLTAGE, [(START + 1, 230), (START + 10, gone)])
        recorder.add(POWER, [(START + 1, 50), (START + 20, 60)])
        assert column(measured(recorder), "voltage") == [230, None, None]

    def test_unavailable_before_the_range_means_empty_in_it(self, recorder):
        recorder.add(VOLTAGE, [(START - 50, 230), (START - 10, "unavailable")])
        recorder.add(POWER, [(START + 20, 60)])
        assert column(measured(recorder), "voltage") == [None]

    def test_a_moment_at_which_nothing_is_known_is_no_reading(self, recorder):
        recorder.add(POWER, [(START + 1, 50), (START + 10, "unavailable"), (START + 99, 60)])
        recorder.add(VOLTAGE, [(START + 1, 230), (START + 10.1, "unavailable"), (START + 99, 230)])
        assert column(measured(recorder), "timestamp") == [START + 1, START + 99]

    def test_a_plug_without_entities_in_the_recorder_has_no_readings(self, recorder):
        assert all_readings(recorder) == []

    def test_anything_but_on_and_off_is_not_known_of_a_switch(self, recorder):
        recorder.add(SWITCH, [(START + 1, "on"), (START + 3, "off"), (START + 5, "1")])
        recorder.add(POWER, [(START + 9, 5)])
        assert column(measured(recorder), "is_on") == [1, 0, None]


class TestUntilWhenValuesHold:
    def test_until_the_next_reading_and_the_last_until_the_end(self, recorder):
        recorder.add(POWER, [(START + 10, 50), (START + 30, 60)])
        assert column(measured(recorder), "until") == [START + 30, END]

    def test_until_the_plug_is_unavailable(self, recorder):
        recorder.add(POWER, [(START + 10, 50), (START + 15, "unavailable"), (START + 30, 60)])
        assert column(measured(recorder), "until") == [START + 15, END]

    def test_what_was_in_force_at_the_start_is_a_row_of_its_own_but_no_reading(self, recorder):
        recorder.add(POWER, [(START - 100, 50), (START + 30, 60)])
        first, second = all_readings(recorder)
        assert (first["timestamp"], first["until"], first["power_w"]) == (START, START + 30, 50)
        assert (first["measured"], second["measured"]) == (False, True)


class TestWhatWasUsed:
    def test_energy_is_the_growth_since_the_previous_reading(self, recorder):
        recorder.add(ENERGY, [(START + 1, 10.0), (START + 11, 10.5), (START + 21, 10.75)])
        assert column(measured(recorder), "energy_kwh") == [None, 0.5, 0.25]
        assert column(measured(recorder), "energy_total_kwh") == [10.0, 10.5, 10.75]

    def test_the_first_reading_has_the_growth_since_the_last_number_before_the_range(
        self, recorder
    ):
        recorder.add(ENERGY, [(START - 9999, 9.0), (START + 1, 10.0)])
        assert column(measured(recorder), "energy_kwh") == [1.0]

    def test_that_number_may_lie_behind_many_outages(self, recorder):
        outages = [(START - 900 + n, "broken" if n % 2 else "unavailable") for n in range(300)]
        recorder.add(ENERGY, [(START - 9999, 9.0), *outages, (START + 1, 10.0)])
        assert column(measured(recorder), "energy_kwh") == [1.0]

    def test_a_reading_without_a_new_counter_state_used_nothing(self, recorder):
        recorder.add(ENERGY, [(START - 1, 9.0)])
        recorder.add(POWER, [(START + 1, 0), (START + 11, 1)])
        assert column(measured(recorder), "energy_kwh") == [0, 0]

    def test_while_the_counter_is_not_known_energy_is_empty_and_comes_after(self, recorder):
        recorder.add(ENERGY, [(START - 1, 9.0), (START + 1, "unavailable"), (START + 21, 9.5)])
        recorder.add(POWER, [(START + 11, 1)])
        assert column(measured(recorder), "energy_kwh") == [None, 0.5]

    def test_two_counter_states_within_a_second_both_count(self, recorder):
        recorder.add(ENERGY, [(START - 1, 9.0), (START + 1, 9.5), (START + 1.1, 10.0)])
        assert column(measured(recorder), "energy_kwh") == [1.0]

    @pytest.mark.parametrize(
        ("before", "value", "grown"),
        [(10, 12, 2), (10, 10, 0), (10, 0, 0), (10, 0.5, 0.5), (10, 8.9, 8.9), (0, 0, 0)],
    )
    def test_a_counter_that_falls_far_has_been_restarted(self, before, value, grown):
        assert growth(before, value) == grown

    @pytest.mark.parametrize(("before", "value"), [(10, 9.99), (10, 9), (1000, 950)])
    def test_a_counter_that_falls_a_little_has_been_corrected(self, before, value):
        assert growth(before, value) == pytest.approx(value - before)

    @pytest.mark.parametrize(
        ("shown", "grown"),
        [
            # It measures both ways, however far it falls.
            ([(10, {}), (10.5, {}), (2, {}), (-1, {}), (0.5, {})], [0.5, -8.5, -3, 1.5]),
            # It has begun anew when it says so, be that at more than before.
            ([(3, _MIDNIGHT), (0.5, _NOON), (1.5, _NOON)], [0.5, 1]),
            ([(3, _MIDNIGHT), (3.5, _NOON)], [3.5]),
            # The first reset that it names is one.
            ([(3, {}), (3.5, _NOON)], [3.5]),
            # The same moment in another zone, and no moment, are no reset.
            ([(3, _MIDNIGHT), (3.5, _SAME), (4, {}), (4.5, _MIDNIGHT)], [0.5, 0.5, 0.5]),
            ([(3, _MIDNIGHT), (2, {"last_reset": "never"})], [-1]),
        ],
    )
    def test_a_total_counts_as_home_assistant_counts_it(self, recorder, shown, grown):
        """The first number is from before the range."""
        states = [
            (START + 20 * place, value, {"state_class": "total", **shape})
            for place, (value, shape) in enumerate(shown, -1)
        ]
        recorder.add_described(ENERGY, states)
        assert column(measured(recorder), "energy_kwh") == pytest.approx(grown)

    def test_what_only_grows_shows_nothing_below_0(self, recorder):
        shape = {"state_class": "total_increasing"}
        states = [
            (START + 20 * place, value, shape) for place, value in enumerate((9, -1, 9.5), -1)
        ]
        recorder.add_described(ENERGY, states)
        found = measured(recorder)
        assert column(found, "energy_kwh") == [0.5]
        assert column(found, "energy_total_kwh") == [9.5]


class TestWhatIsFilled:
    """`filled_from` is when the gap of a filled reading begins."""

    def test_energy_after_the_counter_was_not_known(self, recorder):
        recorder.add(ENERGY, [(START + 1, 9.0), (START + 10, "unavailable"), (START + 21, 9.5),
                              (START + 31, 9.6)])  # fmt: skip
        assert column(measured(recorder), "filled_from") == [None, START + 10, None]

    def test_the_gap_begins_when_the_counter_was_first_not_known(self, recorder):
        recorder.add(ENERGY, [(START + 1, 9.0), (START + 10, "unavailable"),
                              (START + 12, "unknown"), (START + 21, 9.5)])  # fmt: skip
        assert column(measured(recorder), "filled_from") == [None, START + 10]

    def test_the_gap_may_begin_before_the_range(self, recorder):
        recorder.add(ENERGY, [(START - 50, 9.0), (START - 10, "unavailable"), (START + 21, 9.5)])
        assert column(measured(recorder), "filled_from") == [START - 10]

    def test_not_where_nothing_was_used_or_where_there_is_no_earlier_number(self, recorder):
        recorder.add(ENERGY, [(START + 1, "unavailable"), (START + 2, 9.0),
                              (START + 10, "unavailable"), (START + 21, 9.0)])  # fmt: skip
        assert column(measured(recorder), "filled_from") == [None, None]

    def test_silence_alone_is_no_gap_since_only_changes_are_recorded(self, recorder):
        recorder.add(ENERGY, [(START + 1, 9.0), (START + 9000, 9.5)])
        assert column(all_readings(recorder, end=START + 9999)[0:], "filled_from") == [None, None]

    def test_silence_is_a_gap_where_the_ledger_has_filled_a_half_hour_inside(self, recorder):
        recorder.add(ENERGY, [(HALF_HOURS[0] + 60, 9.0), (HALF_HOURS[2] + 1, 9.5)])
        recorder.add_half_hours(FRIDGE.plug_id, [(HALF_HOURS[1], 0.2, 0.1)])
        found = all_readings(recorder, start=HALF_HOURS[0], end=HALF_HOURS[2] + 60)
        assert column(found, "filled_from") == [None, HALF_HOURS[0] + 60]

    @pytest.mark.parametrize("start", [HALF_HOURS[0], HALF_HOURS[2] + 10])
    def test_it_begins_before_a_start_that_writes_that_the_counter_is_not_known(
        self, recorder, start
    ):
        """A stop writes nothing."""
        recorder.add(ENERGY, [(HALF_HOURS[0] + 60, 9.0), (HALF_HOURS[2] + 5, "unknown"),
                              (HALF_HOURS[2] + 15, 9.5)])  # fmt: skip
        recorder.add(VOLTAGE, [(HALF_HOURS[0] + 70, 230), (HALF_HOURS[2] + 5, 231)])
        recorder.add_half_hours(FRIDGE.plug_id, [(HALF_HOURS[1], 0.2, 0.1)])
        found = all_readings(recorder, start=start, end=HALF_HOURS[2] + 60)
        assert found[-1]["filled_from"] == HALF_HOURS[0] + 70

    def test_not_where_the_filled_quarter_hour_reaches_beyond_the_silence(self, recorder):
        recorder.add(ENERGY, [(HALF_HOURS[1] + 1, 9.0), (HALF_HOURS[1] + 1700, 9.5)])
        recorder.add_half_hours(FRIDGE.plug_id, [(HALF_HOURS[1], 1, 1), (HALF_HOURS[2], 1, 1)])
        found = all_readings(recorder, start=HALF_HOURS[0], end=HALF_HOURS[2] + 960)
        assert column(found, "filled_from") == [None, None]

    def test_the_silence_may_begin_before_the_range(self, recorder):
        recorder.add(ENERGY, [(HALF_HOURS[0] - 60, 9.0), (HALF_HOURS[1] + 1, 9.5)])
        recorder.add_half_hours(FRIDGE.plug_id, [(HALF_HOURS[0], 1, 1)])
        middle = HALF_HOURS[0] + 600
        (_, reading) = all_readings(recorder, start=middle, end=HALF_HOURS[2])
        assert reading["filled_from"] == HALF_HOURS[0] - 60


def test_what_was_recorded_beyond_a_range_stays_known_in_it(recorder):
    """It is disabled now: its last change in the range was not when it ended."""
    recorder.add(POWER, [(START + 1, 50), (END + 100, 60)])
    recorder.add(VOLTAGE, [(START + 10, 230)])
    device = replace(FRIDGE, not_recorded=("power_w",))
    ledger = plug_ledger(recorder.connect, device.plug_id, costs=False)
    found = readings(Recorder(recorder.connect), device, ledger, (START, END), lambda _: None)
    powers = [dict(zip(READING_COLUMNS, one, strict=True))["power_w"] for one in found]
    assert powers == [50, 50]
