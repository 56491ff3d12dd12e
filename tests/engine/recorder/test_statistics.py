"""What the recorder has purged comes from hourly statistics, and the seam loses nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.job import Filters

from ...servers import KINDS, new_database
from ..conftest import FRIDGE, Exports, at
from ..recorder_database import RecorderDatabase

POWER = FRIDGE.entities["power_w"]
ENERGY = FRIDGE.entities["energy_total_kwh"]
START = at("2026-01-10 00:00")
HOUR = 3600
AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")


@pytest.fixture(scope="module", params=KINDS)
def on_server(request: pytest.FixtureRequest, database_server):
    """A recorder-like database on a real server."""
    with new_database(database_server(request.param)) as url:
        database = RecorderDatabase(url)
        yield database
        database.close()


def total(rows: list[dict], name: str = "energy_kwh") -> float:
    return round(sum(row[name] or 0 for row in rows), 5)


def life(recorder, states: list[tuple[float, float]], keep_from: float, until: float) -> None:
    """Store a counter's states as the recorder does, purged up to a moment."""
    recorder.add(ENERGY, [state for state in states if state[0] >= keep_from])
    hours, value, added = [], states[0][1], 0.0
    for begin in range(int(states[0][0] // HOUR * HOUR), int(until // HOUR * HOUR), HOUR):
        for moment, now in states:
            if begin <= moment < begin + HOUR:
                added += now if now < 0.9 * value else now - value
                value = now
        hours.append((begin, {"state": value, "sum": added}))
    recorder.add_statistics(ENERGY, hours)


def test_a_range_that_begins_within_an_hour_of_kept_states_has_nothing_of_its_hour(
    recorder, exports
):
    life(recorder, [(START + 60 * n, 500 + n / 100) for n in range(240)], START, START + 4 * HOUR)
    got = json.loads(exports.content(start=START + 90 * 60 + 1, end=START + 3 * HOUR))
    assert [row["energy_total_kwh"] for row in got["data"]][:2] == [500.91, 500.92]
    assert {row["from_statistics"] for row in got["data"]} == {False}
    assert "FROM_STATISTICS" not in [one["code"] for one in got["metadata"]["warnings"]]


def test_purged_hours_are_rows_and_say_so(recorder, exports):
    recorder.add_statistics(
        POWER, [(START + n * HOUR, {"mean": 10.0 * n, "min": 0, "max": 99}) for n in range(4)]
    )
    recorder.add_statistics(
        ENERGY, [(START + n * HOUR, {"state": 5 + n, "sum": 1 + n}) for n in range(4)]
    )
    recorder.add(POWER, [(START + 4 * HOUR + 600, 70), (START + 5 * HOUR, 80)])
    recorder.add(ENERGY, [(START + 4 * HOUR + 600, 8.5), (START + 5 * HOUR, 9)])
    got = json.loads(exports.content(end=START + 6 * HOUR))
    rows = [
        (row["timestamp"][11:16], row["power_w"], row["energy_kwh"], row["energy_total_kwh"],
         row["from_statistics"], row["filled"])
        for row in got["data"]
    ]  # fmt: skip
    assert rows == [
        ("00:00", 0, 1, 5, True, False),
        ("01:00", 10, 1, 6, True, False),
        ("02:00", 20, 1, 7, True, False),
        ("03:00", 30, 1, 8, True, False),
        ("04:10", 70, 0.5, 8.5, False, False),
        ("05:00", 80, 0.5, 9, False, False),
    ]
    warnings = {warning["code"]: warning for warning in got["metadata"]["warnings"]}
    assert warnings["FROM_STATISTICS"] | {"message": ""} == {
        "code": "FROM_STATISTICS", "message": "", "count": 4,
        "start": "2026-01-10T00:00:00Z", "end": "2026-01-10T04:00:00Z",
    }  # fmt: skip
    assert set(warnings) == {"FROM_STATISTICS"}


def test_hours_that_statistics_lack_are_named_and_their_energy_is_not_lost(recorder, exports):
    recorder.add_statistics(
        ENERGY, [(START + n * HOUR, {"state": n, "sum": n}) for n in (0, 1, 5, 6)]
    )
    recorder.add(ENERGY, [(START + 8 * HOUR, 7)])
    got = json.loads(exports.content())
    energy = [(row["timestamp"][11:13], row["energy_kwh"], row["filled"]) for row in got["data"]]
    assert energy == [
        ("00", 0, False), ("01", 1, False), ("05", 4, True), ("06", 1, False), ("08", 1, True),
    ]  # fmt: skip
    (missing,) = [w for w in got["metadata"]["warnings"] if w["code"] == "NO_STATISTICS"]
    assert (missing["count"], missing["start"], missing["end"]) == (
        3, "2026-01-10T02:00:00Z", "2026-01-10T05:00:00Z",
    )  # fmt: skip
    hourly = exports.rows(aggregation="hourly")
    assert [row["energy_kwh"] for row in hourly[:7]] == [0, 1, 1, 1, 1, 1, 1]


def test_a_counter_that_has_not_changed_since_the_purge_is_known(recorder, exports):
    recorder.add_statistics(
        ENERGY, [(START + n * HOUR, {"state": 5, "sum": 3}) for n in range(-20, 6)]
    )
    recorder.add(POWER, [(START + n * 60, n) for n in range(-400, 30)])
    rows = exports.rows(end=START + 20 * 60)
    assert {(row["energy_kwh"], row["energy_total_kwh"]) for row in rows} == {(0, 5)}
    assert not any(row["from_statistics"] for row in rows)


def test_a_device_of_which_nothing_is_kept_comes_from_statistics_alone(recorder, exports):
    recorder.add_statistics(
        POWER, [(START + n * HOUR, {"mean": 7, "min": 7, "max": 7}) for n in range(48)]
    )
    rows = exports.rows(end=START + 48 * HOUR, aggregation="daily")
    assert [row["power_w"] for row in rows] == [7, 7]


def test_the_price_of_each_half_hour_counts(recorder, exports):
    recorder.add_statistics(ENERGY, [(START, {"state": 1, "sum": 1})])
    recorder.add(ENERGY, [(START + 2 * HOUR, 1)])
    recorder.add_half_hours(FRIDGE.plug_id, [(START, 0.25, 0), (START + 1800, 0.75, 0)])
    recorder.add_prices([(START, 0.4), (START + 1800, 1.2)])
    for aggregation in ("raw", "hourly"):
        assert total(exports.rows(aggregation=aggregation), "cost") == 1.0


def test_an_hour_is_filtered_by_its_average(recorder, exports):
    recorder.add_statistics(
        POWER, [(START + n * HOUR, {"mean": 10.0 * n, "min": 0, "max": 99}) for n in range(4)]
    )
    recorder.add(POWER, [(START + 5 * HOUR, 25)])
    assert [row["power_w"] for row in exports.rows(filters=Filters(min_power=20))] == [20, 30, 25]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(
    used=st.lists(st.tuples(st.integers(5, 9000), st.integers(0, 800)), min_size=3, max_size=60),
    reset=st.none() | st.integers(1, 59),
    purged=st.floats(0, 1),
    zone=st.sampled_from(["Europe/Paris", "Asia/Kolkata", "America/New_York"]),
)
def test_all_views_add_up_across_the_seam(recorder, exports, used, reset, purged, zone):
    recorder.clear()
    states, moment, counter = [(START - 60.0, 100.0)], START, 100_000
    grown = 0
    for place, (pause, energy) in enumerate(used):
        moment += pause
        if place == reset:
            counter = energy
        else:
            counter += energy
        grown += energy
        states.append((float(moment), counter / 1000))
    end = moment + 10
    # The recorder purges no hour that it has made no statistics of.
    seam = min(START + (moment - START) * purged, moment // HOUR * HOUR)
    life(recorder, states, seam, moment)
    views = [
        exports.rows(aggregation=aggregation, start=START - HOUR, end=end, timezone=zone)
        for aggregation in AGGREGATIONS
    ]
    for rows in views:
        assert total(rows) == pytest.approx(grown / 1000, abs=2e-5)


def test_servers_tell_the_same(on_server, tmp_path):
    on_server.clear()
    states = [(START + n * 700.0, 5 + n * 0.25) for n in range(60)]
    life(on_server, states, START + 20_000, states[-1][0])
    exports = Exports(on_server, tmp_path / "exports")
    views = [
        exports.rows(aggregation=aggregation, start=START - HOUR) for aggregation in AGGREGATIONS
    ]
    assert {total(rows) for rows in views} == {14.75}
    assert any(row["from_statistics"] for row in views[0])
