"""Which readings are kept, against a plain reimplementation."""

from __future__ import annotations

import json
import statistics
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.job import Filters, TimeOfDay
from custom_components.med_exporter.engine.readings.filters import stretches_of

from ..conftest import FRIDGE, WASHER, at

POWER = FRIDGE.entities["power_w"]
ENERGY = FRIDGE.entities["energy_total_kwh"]
SWITCH = FRIDGE.entities["is_on"]
START = at("2026-01-10 00:00")
AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")


def day(text: str) -> float:
    return at(f"2026-01-10 {text}")


def powers(exports, **changes) -> list[float | None]:
    return [row["power_w"] for row in exports.rows(**changes)]


class TestByValue:
    def test_both_bounds_are_included_and_the_unknown_matches_nothing(self, recorder, exports):
        recorder.add(POWER, [(START + n * 10, n) for n in range(1, 6)])
        recorder.add(POWER, [(START + 60, "unavailable")])
        recorder.add(ENERGY, [(START + 60, 1)])
        kept = powers(exports, filters=Filters(min_power=2, max_power=4))
        assert kept == [2, 3, 4]

    @pytest.mark.parametrize(("states", "kept"), [(("on",), [1]), (("off",), [2]),
                                                  (("on", "off"), [1, 2])])  # fmt: skip
    def test_the_relays_state(self, recorder, exports, states, kept):
        recorder.add(POWER, [(START + 10, 1), (START + 20, 2), (START + 30, 3)])
        recorder.add(SWITCH, [(START + 10, "on"), (START + 20, "off"), (START + 30, "unknown")])
        assert powers(exports, filters=Filters(device_states=states)) == kept

    @pytest.mark.parametrize("aggregation", ["raw", "daily"])
    @pytest.mark.parametrize(
        ("filters", "name"),
        [
            (Filters(device_states=("on",)), "device_states"),
            (Filters(min_power=0, max_power=0.5), "min_power, max_power"),
            (Filters(time_of_day=TimeOfDay(start="05:00", end="06:00")), "time_of_day"),
            (Filters(days_of_week=(7,)), "days_of_week"),
        ],
    )
    def test_what_leaves_nothing_of_a_device_is_named(
        self, recorder, exports, filters, name, aggregation
    ):
        recorder.add(POWER, [(START + 10, 1), (START + 20, "unavailable")])
        recorder.add(WASHER.entities["power_w"], [(START + 10, 0)])
        got = json.loads(
            exports.content(devices=(FRIDGE, WASHER), filters=filters, aggregation=aggregation)
        )
        said = [w for w in got["metadata"]["warnings"] if w["code"] == "FILTERED_OUT"]
        emptied = {"Fridge", "Washing machine"} - {row["device_name"] for row in got["data"]}
        assert "Fridge" in emptied
        names = ", ".join(sorted(emptied))
        assert [(w["count"], w["about"], w["filters"]) for w in said] == [
            (len(emptied), names, name.split(", "))
        ]
        assert said[0]["message"].endswith(f": {names} ({name})")

    def test_what_leaves_something_is_not_named(self, recorder, exports):
        recorder.add(POWER, [(START + 10, 1)])
        got = json.loads(exports.content(filters=Filters(min_power=1, exclude_outliers=True)))
        assert "FILTERED_OUT" not in {w["code"] for w in got["metadata"]["warnings"]}

    def test_energy_of_what_is_not_kept_is_not_there_in_any_view(self, recorder, exports):
        recorder.add(POWER, [(START + n * 600, n % 3) for n in range(60)])
        recorder.add(ENERGY, [(START + n * 600, n / 10) for n in range(60)])
        sums = {
            round(sum(row["energy_kwh"] or 0 for row in exports.rows(
                aggregation=aggregation, filters=Filters(min_power=2))), 6)
            for aggregation in AGGREGATIONS
        }  # fmt: skip
        assert sums == {2.0}

    def test_a_gaps_energy_goes_with_its_reading(self, recorder, exports):
        recorder.add(POWER, [(day("10:00"), 50), (day("13:30"), 5)])
        recorder.add(ENERGY, [(day("10:00"), 1), (day("10:10"), "unavailable"), (day("13:30"), 4)])
        for aggregation in ("raw", "hourly"):
            for least, total in ((1, 3), (10, 0)):
                rows = exports.rows(aggregation=aggregation, filters=Filters(min_power=least))
                assert sum(row["energy_kwh"] or 0 for row in rows) == total


class TestByTime:
    def test_a_time_of_day_keeps_its_start_and_not_its_end(self, recorder, exports):
        recorder.add(POWER, [(day(text), n) for n, text in enumerate(
            ["05:59:59", "06:00", "21:59:59", "22:00"])])  # fmt: skip
        day_time = TimeOfDay(start="06:00", end="22:00")
        assert powers(exports, filters=Filters(time_of_day=day_time)) == [1, 2]
        night = TimeOfDay(start="22:00", end="06:00")
        assert powers(exports, filters=Filters(time_of_day=night)) == [0, 3]

    def test_days_are_local(self, recorder, exports):
        # 2026-01-10 is a Saturday; 23:30 UTC is Sunday in Paris.
        recorder.add(POWER, [(day("12:00"), 6), (day("23:30"), 7)])
        for number in (6, 7):
            kept = powers(exports, timezone="Europe/Paris", filters=Filters(days_of_week=(number,)))
            assert kept == [number]

    def test_a_level_counts_in_each_stretch_in_which_it_holds_and_only_there(
        self, recorder, exports
    ):
        recorder.add(POWER, [(day("05:00"), 100)])
        recorder.add(ENERGY, [(day("05:00"), 1)])
        rows = exports.rows(
            aggregation="hourly", filters=Filters(time_of_day=TimeOfDay(start="06:30", end="08:30"))
        )
        assert [(row["timestamp"][11:16], row["power_w"], row["energy_kwh"]) for row in rows] == [
            ("06:00", 100, 0), ("07:00", 100, 0), ("08:00", 100, 0),
        ]  # fmt: skip

    def test_a_gap_that_reaches_into_a_stretch_lies_in_it_wholly(self, recorder, exports):
        recorder.add(ENERGY, [(day("02:00"), 1), (day("02:10"), "unavailable"), (day("08:00"), 3)])
        rows = exports.rows(
            aggregation="hourly", filters=Filters(time_of_day=TimeOfDay(start="06:00", end="22:00"))
        )
        energy = {row["timestamp"][11:13]: row["energy_kwh"] for row in rows}
        assert (energy["06"], energy["07"]) == (1, 1)
        assert sum(kwh or 0 for kwh in energy.values()) == 2

    @pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata"])
    @settings(max_examples=25, deadline=None)
    @given(
        first=st.integers(0, 1439), last=st.integers(0, 1439), begin=st.integers(0, 400),
        days=st.frozensets(st.integers(1, 7)),
    )  # fmt: skip
    def test_stretches_are_what_the_clock_says(self, zone, first, last, begin, days):
        """Checked minute by minute over a clock change of each zone."""
        if first == last:
            last = (first + 1) % 1440
        clock = [f"{n // 60:02d}:{n % 60:02d}" for n in (first, last)]
        filters = Filters(
            time_of_day=TimeOfDay(start=clock[0], end=clock[1]), days_of_week=tuple(sorted(days))
        )
        for around in (at("2026-03-28 12:00"), at("2026-10-24 12:00"), at("2026-04-04 02:00")):
            start = around + begin * 60
            end = start + 2 * 86400
            stretches = stretches_of(filters, start, end, ZoneInfo(zone))
            for moment in range(int(start), int(end), 420):
                local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
                minute = local.hour * 60 + local.minute
                inside = (
                    first <= minute < last if first < last else minute >= first or minute < last
                ) and (not days or local.isoweekday() in days)
                assert any(a <= moment < b for a, b in stretches) is inside


class TestOutliers:
    def test_are_left_out_and_counted_per_device(self, recorder, exports):
        recorder.add(POWER, [(START + n, [10, 20, 30, 40][n % 4]) for n in range(40)])
        recorder.add(POWER, [(START + 50, 2000), (START + 52, -500)])
        washer = WASHER.entities["power_w"]
        recorder.add(washer, [(START + n, [1000, 2000, 3000][n % 3]) for n in range(30)])
        got = json.loads(
            exports.content(devices=(FRIDGE, WASHER), filters=Filters(exclude_outliers=True))
        )
        assert len(got["data"]) == 70
        (warning,) = [w for w in got["metadata"]["warnings"] if w["code"] == "OUTLIERS_REMOVED"]
        assert warning["count"] == 2

    def test_nothing_is_one_when_most_values_are_the_same(self, recorder, exports):
        recorder.add(POWER, [(START + n, 0 if n % 5 else 2000) for n in range(50)])
        assert len(exports.rows(filters=Filters(exclude_outliers=True))) == 50

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
    )
    @given(
        values=st.lists(st.integers(-50, 50) | st.integers(-5000, 5000), min_size=2, max_size=40)
    )
    def test_are_those_of_a_plain_calculation(self, recorder, exports, values):
        recorder.clear()
        recorder.add(POWER, [(START + 2 * n, value) for n, value in enumerate(values)])
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        fence = 3 * (high - low)
        expected = [value for value in values if fence == 0 or low - fence <= value <= high + fence]
        assert powers(exports, filters=Filters(exclude_outliers=True)) == expected


_FILTERS = st.builds(
    Filters,
    min_power=st.none() | st.integers(0, 40).map(float),
    max_power=st.none() | st.integers(40, 90).map(float),
    device_states=st.sampled_from([(), ("on",), ("off",), ("on", "off")]),
    exclude_outliers=st.booleans(),
    time_of_day=st.none() | st.just(TimeOfDay(start="22:15", end="05:40")),
    days_of_week=st.sampled_from([(), (6,), (1, 7)]),
)
_LIFE = st.lists(
    st.tuples(
        st.integers(2, 30_000), st.none() | st.integers(0, 100), st.booleans(), st.integers(0, 500)
    ),
    min_size=3, max_size=40,
)  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(life=_LIFE, filters=_FILTERS)
def test_filters_never_add_rows_and_all_views_tell_the_same_energy(
    recorder, exports, life, filters
):
    recorder.clear()
    moment, counter = START - 3600, 100_000
    states: dict[str, list] = {POWER: [], ENERGY: [], SWITCH: []}
    for pause, power, is_on, used in life:
        moment += pause
        counter += used
        states[POWER].append((moment, "unavailable" if power is None else power))
        states[SWITCH].append((moment, "on" if is_on else "off"))
        states[ENERGY].append((moment, "unavailable" if used > 450 else counter / 1000))
    for entity_id, entries in states.items():
        recorder.add(entity_id, entries)
    changes = {"end": START + 5 * 86400, "timezone": "Europe/Paris"}
    sums = set()
    for aggregation in AGGREGATIONS:
        everything = exports.rows(aggregation=aggregation, **changes)
        kept = exports.rows(aggregation=aggregation, filters=filters, **changes)
        assert len(kept) <= len(everything)
        sums.add(round(sum(row["energy_kwh"] or 0 for row in kept), 6))
        if aggregation == "raw":
            assert all(
                (filters.min_power is None or row["power_w"] >= filters.min_power)
                and (not filters.device_states or row["is_on"] is not None)
                for row in kept
            )
            stamps = {row["timestamp"] for row in everything}
            assert {row["timestamp"] for row in kept} <= stamps
    assert max(sums) - min(sums) <= 2e-6
