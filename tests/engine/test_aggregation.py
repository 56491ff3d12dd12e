"""Readings per hour, day, week and month."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import FRIDGE, WASHER, Exports, at

POWER = FRIDGE.entities["power_w"]
ENERGY = FRIDGE.entities["energy_total_kwh"]
SWITCH = FRIDGE.entities["is_on"]


def day(text: str) -> float:
    return at(f"2026-01-10 {text}")


def hours(exports: Exports, name: str, **changes) -> dict[str, object]:
    """Return a field per hour of the day."""
    rows = exports.rows(aggregation="hourly", fields=("timestamp", name), **changes)
    return {row["timestamp"][11:16]: row[name] for row in rows}


class TestAverages:
    def test_are_weighted_by_time(self, recorder, exports):
        recorder.add(
            POWER, [(day("10:00"), 100), (day("10:45"), 500), (day("11:00"), "unavailable")]
        )
        assert hours(exports, "power_w") == {"10:00": 200}

    def test_a_level_counts_in_every_hour_in_which_it_holds(self, recorder, exports):
        recorder.add(
            POWER, [(day("10:30"), 100), (day("12:30"), 300), (day("13:00"), "unavailable")]
        )
        assert hours(exports, "power_w") == {"10:00": 100, "11:00": 100, "12:00": 200}

    def test_what_was_in_force_before_the_range_counts(self, recorder, exports):
        recorder.add(POWER, [(at("2026-01-01 00:00"), 100), (day("00:30"), 300)])
        assert hours(exports, "power_w", end=day("02:00")) == {"00:00": 200, "01:00": 300}

    def test_time_without_a_value_has_no_weight(self, recorder, exports):
        recorder.add(POWER, [(day("10:00"), 100), (day("10:01"), "unavailable"),
                             (day("10:59"), 200)])  # fmt: skip
        assert hours(exports, "power_w", end=day("11:00")) == {"10:00": 150}

    def test_the_share_of_time_on(self, recorder, exports):
        recorder.add(SWITCH, [(day("10:00"), "on"), (day("10:15"), "off")])
        assert hours(exports, "is_on", end=day("12:00")) == {"10:00": 0.25, "11:00": 0}

    def test_no_value_holds_in_the_future(self, recorder, exports):
        recorder.add(POWER, [(day("10:00"), 100)])
        assert hours(exports, "power_w", now=day("11:30")) == {"10:00": 100, "11:00": 100}

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
    )
    @given(
        states=st.lists(
            st.tuples(st.floats(0, 86399).map(lambda n: round(n, 3)), st.integers(0, 2000)),
            min_size=1, max_size=30, unique_by=lambda state: int(state[0]),
        )
    )  # fmt: skip
    def test_averages_times_hours_are_the_whole(self, recorder, exports, states):
        """Checked against the area under the steps, added up one by one."""
        recorder.clear()
        start, end = day("00:00"), day("00:00") + 86400
        steps = [(start - 1, 40), *sorted((start + n, power) for n, power in states)]
        recorder.add(POWER, steps)
        # A reading within a second of the one before is one with it.
        kept = [steps[0]]
        first = None
        for moment, power in steps[1:]:
            if first is not None and moment < first + 1:
                kept[-1] = (moment, power)
            else:
                first = moment
                kept.append((moment, power))
        edges = [max(moment, start) for moment, _ in kept] + [end]
        area = sum(
            power * (b - a) for (_, power), a, b in zip(kept, edges, edges[1:], strict=False)
        )
        rows = exports.rows(aggregation="hourly", options=exports.options(decimal_places=9))
        assert len(rows) == 24
        assert sum(row["power_w"] * 3600 for row in rows) == pytest.approx(area, abs=1e-2)


class TestSums:
    def test_energy_belongs_wholly_to_the_hour_of_its_reading(self, recorder, exports):
        recorder.add(ENERGY, [(day("09:00"), 1.0), (day("12:01"), 2.5), (day("12:30"), 3.0)])
        assert hours(exports, "energy_kwh", start=day("10:00"), end=day("14:00")) == {
            "10:00": 0, "11:00": 0, "12:00": 2, "13:00": 0,
        }  # fmt: skip

    def test_energy_is_empty_where_no_counter_was_known(self, recorder, exports):
        recorder.add(POWER, [(day("10:00"), 100)])
        assert hours(exports, "energy_kwh", end=day("11:00")) == {"10:00": None}

    def test_before_the_first_number_energy_is_empty_not_nothing(self, recorder, exports):
        recorder.add(ENERGY, [(day("10:10"), 5.0), (day("11:10"), 5.5)])
        assert hours(exports, "energy_kwh", end=day("12:00")) == {"10:00": None, "11:00": 0.5}


class TestLast:
    def test_the_counter_shows_its_last_value_of_the_period(self, recorder, exports):
        recorder.add(ENERGY, [(day("10:10"), 5.0), (day("10:50"), 5.5), (day("12:10"), 6.0)])
        assert hours(exports, "energy_total_kwh", end=day("13:00")) == {
            "10:00": 5.5, "11:00": 5.5, "12:00": 6.0,
        }  # fmt: skip

    def test_an_outage_later_in_the_period_does_not_hide_it(self, recorder, exports):
        recorder.add(ENERGY, [(day("10:10"), 5.0), (day("10:20"), "unavailable")])
        recorder.add(POWER, [(day("10:30"), 7)])
        assert hours(exports, "energy_total_kwh", end=day("11:00")) == {"10:00": 5.0}


class TestPeriods:
    def test_a_row_is_stamped_with_the_start_of_its_period(self, recorder, exports):
        recorder.add(POWER, [(at("2026-03-04 10:00"), 5), (at("2026-03-04 10:01"), "unavailable")])
        stamps = {}
        for aggregation in ("hourly", "daily", "weekly", "monthly"):
            (row,) = exports.rows(
                aggregation=aggregation, timezone="Europe/Paris",
                start=at("2026-01-01 00:00"), end=at("2026-12-31 00:00"),
            )  # fmt: skip
            stamps[aggregation] = row["timestamp"]
        assert stamps == {
            "hourly": "2026-03-04T11:00:00+01:00",
            "daily": "2026-03-04T00:00:00+01:00",
            "weekly": "2026-03-02T00:00:00+01:00",
            "monthly": "2026-03-01T00:00:00+01:00",
        }

    def test_rows_are_ordered_by_period_then_by_device_as_listed(self, recorder, exports):
        for entity_id in (POWER, WASHER.entities["power_w"]):
            recorder.add(entity_id, [(day("10:00"), 5)])
        rows = exports.rows(aggregation="hourly", devices=(WASHER, FRIDGE), end=day("12:00"))
        assert [(row["timestamp"][11:13], row["device_name"]) for row in rows] == [
            ("10", "Washing machine"),
            ("10", "Fridge"),
            ("11", "Washing machine"),
            ("11", "Fridge"),
        ]

    def test_a_period_in_which_nothing_was_known_has_no_row(self, recorder, exports):
        recorder.add(POWER, [(day("10:00"), 5), (day("10:10"), "unavailable"), (day("15:00"), 5)])
        assert list(hours(exports, "power_w", end=day("16:00"))) == ["10:00", "15:00"]

    def test_a_day_of_a_repeated_hour_has_25_rows(self, recorder, exports):
        start = at("2026-10-25 00:00", "Europe/Paris")
        recorder.add(POWER, [(start, 5)])
        rows = exports.rows(
            aggregation="hourly", timezone="Europe/Paris", start=start,
            end=at("2026-10-26 00:00", "Europe/Paris"),
        )  # fmt: skip
        stamps = [row["timestamp"] for row in rows]
        assert len(stamps) == len(set(stamps)) == 25
        assert stamps[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
