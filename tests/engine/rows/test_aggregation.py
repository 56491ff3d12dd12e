"""Readings per hour, day, week and month."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.job import Job
from custom_components.med_exporter.engine.readings.fields import FIELDS, Function
from custom_components.med_exporter.engine.rows import spool as spool_module
from custom_components.med_exporter.engine.rows.spool import Spool

from ..conftest import FRIDGE, WASHER, Exports, at

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


HOURS = [float(hour * 3600) for hour in range(5)]
OF_VALUES = {
    "power_w": 3, "voltage": 4, "current": 5, "energy_total_kwh": 6, "energy_kwh": 7, "is_on": 8,
}  # fmt: skip
FUNCTIONS = [one for one in Function if one is not Function.ANY]


def row_of(hour: int, readings: list[tuple], asked: dict[str, Function]) -> list[object] | None:
    """Return the row of an hour, by the definition of each function, reading by reading."""
    start, end = HOURS[hour], HOURS[hour + 1]
    inside = [one for one in readings if one[0] < end and (one[0] >= start or one[1] > start)]
    if not inside:
        return None
    row: list[object] = []
    for name, place in OF_VALUES.items():
        function, lasts = asked[name], FIELDS[name].lasts
        own = [one[place] for one in inside if one[2] and one[0] >= start]
        counted = own if not lasts else [one[place] for one in inside]
        if function in (Function.SUM, Function.COUNT):
            counted = own
        known = [value for value in counted if value is not None]
        held = [
            (one[place], min(one[1], end) - max(one[0], start))
            for one in inside
            if one[place] is not None
        ]
        if function is Function.COUNT:
            row.append(len(known))
        elif function is Function.SUM and not lasts:
            # Whether measured or not; what holds into the hour adds nothing, and is known.
            row.append(sum(v if one[0] >= start else 0 for one in inside
                           if (v := one[place]) is not None) if held else None)  # fmt: skip
        elif not known:
            row.append(None)
        elif function is Function.AVERAGE and lasts and sum(seconds for _, seconds in held):
            row.append(sum(v * s for v, s in held) / sum(s for _, s in held))
        else:
            made = {
                Function.AVERAGE: sum(known) / len(known), Function.MIN: min(known),
                Function.MAX: max(known), Function.FIRST: known[0], Function.LAST: known[-1],
                Function.SUM: sum(known),
            }  # fmt: skip
            row.append(made[function])
    return row


class TestRuns:
    """Rows are made of runs of readings, and are those of the readings one by one."""

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
    )
    @given(data=st.data(), at_once=st.integers(1, 9), only=st.none() | st.integers(0, 3))
    def test_wherever_runs_are_cut_and_however_late_a_reading_comes(
        self, monkeypatch, data, at_once, only
    ):
        monkeypatch.setattr(spool_module, "_READINGS_AT_ONCE", at_once)
        monkeypatch.setattr(spool_module, "_LEAST_AT_ONCE", 1)
        asked = {name: data.draw(st.sampled_from(FUNCTIONS)) for name in OF_VALUES}
        value = st.none() | st.sampled_from([0.0, -1.5, 2.0, 0.25])
        moment = st.integers(0, 4 * 3600 - 1) | st.sampled_from([0, 3600, 7200])
        reading = st.tuples(
            moment.map(float), st.sampled_from([0.0, 1.0, 60.0, 3600.0, 9000.0]),
            st.sampled_from([0, 1, 1, 3]), *[value] * 6,
        )  # fmt: skip
        reading = reading.map(
            lambda one: (one[0], min(sum(one[:2]), HOURS[-1]), *one[2:], None, None)
        )
        devices = data.draw(st.lists(st.lists(reading, max_size=25), min_size=1, max_size=3))
        for readings in devices:
            if data.draw(st.booleans()):
                readings.sort(key=lambda one: one[0])
        job = Job(
            export_type="device_data", format="csv", devices=(FRIDGE,) * len(devices), start=0.0,
            end=HOURS[-1], timezone="UTC", aggregation="hourly", fields=tuple(OF_VALUES),
            aggregation_functions={name: str(one) for name, one in asked.items()},
        )  # fmt: skip
        expected = {
            (HOURS[hour], device): row
            for hour in ([*range(4)] if only is None else [only])
            for device, readings in enumerate(devices)
            if (row := row_of(hour, readings, asked)) is not None
        }
        with Spool(job, job.end, None) as spool:
            count = spool.add({n: iter(one) for n, one in enumerate(devices)}, only)
            chunks = [list(zip(*columns, strict=True)) for columns in spool.columns()]
            names = spool.stored
        made = [row for chunk in chunks for row in chunk]
        assert count == len(made)
        assert [(row[0], row[1]) for row in made] == sorted(expected)
        for start, device, *values in made:
            wanted = dict(zip(OF_VALUES, expected[start, device], strict=True))
            assert dict(zip(names, values, strict=True)) == pytest.approx(wanted, abs=1e-9)
