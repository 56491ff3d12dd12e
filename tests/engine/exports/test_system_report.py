"""Export type system_report: what stands in its sections, checked against sums over the tables."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from custom_components.med_exporter.engine.database.history_tables import exports_table
from custom_components.med_exporter.engine.job import REPORT_SECTIONS, GivenTable
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column

from .homes import BARN, DEVICES, FRIDGE, HEATER, HOUSE, LATHE, PARIS, SOLAR, Home, at, demo

START, END = at("2026-03-23"), at("2026-04-06")
DESTINATIONS = GivenTable(
    name="destinations",
    columns=(
        Column("id", Kind.TEXT),
        Column("name", Kind.TEXT),
        Column("type", Kind.TEXT),
        Column("state", Kind.TEXT),
        Column("backlog", Kind.NUMBER),
    ),
    rows=(("one", "Graphs", "victoriametrics", "error", 12),),
)


@pytest.fixture
def home(recorder):
    return demo(recorder, START, END)


@pytest.fixture
def report(exports):
    """Return what makes one section of a report."""

    def make(*sections: str, now: float = 4e9, **changes):
        values = {
            "export_type": "system_report",
            "devices": DEVICES,
            "points": (HOUSE, BARN),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "fields": (),
            "report_sections": sections,
        } | changes
        return json.loads(exports.content(now, **values))

    return make


def local(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, PARIS)


def test_sections_come_in_the_order_asked_for(home, report):
    sections = REPORT_SECTIONS[::-1]
    assert list(report(*sections)) == ["metadata", *sections]


def test_devices_with_their_last_state_and_their_rows(home, report, recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START - 60, 5), (START + 60, 6), (START + 120, 7)])
    recorder.add(FRIDGE.entities["is_on"], [(START, "on"), (START + 120, "off")])
    recorder.add(HEATER.entities["is_on"], [(START, "on"), (START + 60, "unavailable")])
    fridge, heater, solar, _ = report("device_summary")["data"]
    assert fridge == {
        "device": "Fridge",
        "metering_point": "House",
        "model": "HS110(EU)",
        "firmware": "1.2.3",
        "address": "192.0.2.10",
        "role": "consumption",
        "last_seen": "2026-03-23T00:02:00+01:00",
        "rows": 2,
        "state": "off",
    }
    assert (heater["state"], heater["last_seen"]) == ("unavailable", "2026-03-23T00:00:00+01:00")
    assert (solar["state"], solar["rows"], solar["role"]) == (None, 0, "production")


def test_a_meter_that_only_statistics_know_has_their_hours(home, report, recorder):
    hours = [(START + 3600 * n, {"sum": float(n), "state": float(n)}) for n in range(-2, 5)]
    recorder.add_statistics(SOLAR.entities["energy_total_kwh"], hours, "kWh")
    solar = report("device_summary")["data"][2]
    assert (solar["rows"], solar["last_seen"]) == (5, "2026-03-23T05:00:00+01:00")


def test_energy_of_each_day_and_its_totals(home, report):
    """29 March 2026 has 23 hours."""
    expected: dict[tuple, float] = {}
    names = {device.plug_id: device.device_name for device in DEVICES}
    for row in home.half_hours():
        name = names[row.plug_id]
        day = local(row.start_ts).date().isoformat()
        for key in ((day, name, row.role), (None, name, row.role), (None, None, row.role)):
            expected[key] = expected.get(key, 0) + row.kwh
    found = {
        (row["day"] and row["day"][:10], row["device"], row["role"]): row["energy_kwh"]
        for row in report("energy_consumption")["data"]
    }
    assert found == pytest.approx(expected, abs=1e-3)
    assert found[None, None, "consumption"] == pytest.approx(
        sum(v for (day, name, role), v in found.items() if day and role == "consumption")
    )


def test_peaks_come_from_statistics_and_what_they_lack_from_states(home, report, recorder):
    power = FRIDGE.entities["power_w"]
    recorder.add_statistics(power, [(START + 3600 * n, {"max": 100.0 + n}) for n in range(30)])
    recorder.add(power, [(START + 3600, 9999), (START + 3600 * 30, 50), (START + 86400 * 2, 77.7)])
    rows = report("energy_consumption", devices=(FRIDGE,), end=START + 86400 * 3)["data"]
    assert [(row["day"] and row["day"][8:10], row["peak_power_w"]) for row in rows] == [
        ("23", 123), ("24", 129), ("25", 77.7), (None, 129), (None, None)
    ]  # fmt: skip


def test_a_load_that_does_not_change_is_the_peak_of_later_days_too(home, report, recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START - 60, 60), (START + 86400, "unavailable")])
    rows = report("energy_consumption", devices=(FRIDGE,), end=START + 86400 * 2)["data"]
    assert [row["peak_power_w"] for row in rows] == [60, None, 60, None]


def test_costs_by_device_and_tariff_period(home, report):
    expected: dict[tuple, float] = {}
    names = {device.plug_id: device.device_name for device in DEVICES}
    for row in home.costs():
        if row.role == "consumption":
            key = (names[row.plug_id], row.period or None, row.tier or None)
            expected[key] = expected.get(key, 0) + row.cost
    rows = report("cost_breakdown")["data"]
    found = {
        (row["device"], row["time_of_use"], row["rate_tier"]): row["energy_cost"]
        for row in rows
        if row["energy_cost"] is not None
    }
    assert found == pytest.approx(expected, abs=0.01)
    assert sum(row["standing_charge"] or 0 for row in rows) == pytest.approx(
        (15.5 + 9.25) * (9 / 31 + 5 / 30), abs=0.01
    )


def test_the_answer_rate_is_the_share_of_time_not_unavailable(home, report, recorder):
    relay = FRIDGE.entities["is_on"]
    recorder.add(
        relay,
        [
            (START - 10, "on"),
            (START + 3600, "unavailable"),
            (START + 7200, "on"),
            (START + 8000, "off"),
            (START + 9000, "unavailable"),
            (START + 9600, "unavailable"),
            (START + 10800, "off"),
        ],
    )
    # Changes more often, and says the same.
    recorder.add(FRIDGE.entities["power_w"], [(START + n, n) for n in range(50)])
    fridge, lathe = report("system_health", devices=(FRIDGE, LATHE), end=START + 86400)["data"]
    assert (fridge["kind"], fridge["name"], fridge["state"]) == ("plug", "Fridge", "off")
    assert fridge["answer_rate"] == pytest.approx(100 * (1 - 5400 / 86400), abs=0.01)
    assert (fridge["gaps"], fridge["longest_gap"]) == (2, 60)
    assert (lathe["answer_rate"], lathe["gaps"]) == (None, None)


def test_a_device_that_is_away_at_both_ends(home, report, recorder):
    relay = FRIDGE.entities["is_on"]
    recorder.add(relay, [(START - 10, "unavailable"), (START + 600, "on")])
    recorder.add(relay, [(START + 3000, "unavailable")])
    (row,) = report("system_health", devices=(FRIDGE,), end=START + 3600)["data"]
    assert (row["answer_rate"], row["gaps"], row["longest_gap"]) == (66.67, 2, 10)


def test_administrators_see_destinations_exports_and_the_database(home, report):
    def run(number, kind, status, created, completed=None, destination=None):
        return {
            "id": str(number), "kind": kind, "status": status, "trigger": "http", "downloads": 0,
            "created_ts": created, "completed_ts": completed, "destination_id": destination,
        }  # fmt: skip

    home.insert(
        exports_table,
        [
            run(1, "push", "completed", START - 9, START - 5, "one"),
            run(2, "push", "failed", START + 5, START + 9, "one"),
            run(3, "push", "completed", START + 5, START + 9, "other"),
            run(4, "file", "completed", START + 5, START + 9),
            run(5, "file", "completed", START + 5, START + 9),
        ],
    )
    found = report("system_health", given=(DESTINATIONS,))
    *_, destination, files, failed, pushed, database = found["data"]
    assert (destination["name"], destination["state"], destination["backlog"]) == (
        "Graphs", "error", 12
    )  # fmt: skip
    assert destination["last_success"] == "2026-03-22T23:59:55+01:00"
    assert [(one["kind"], one["state"], one["exports"]) for one in (files, failed, pushed)] == [
        ("file", "completed", 2), ("push", "completed", 1), ("push", "failed", 1)
    ]  # fmt: skip
    assert database["kind"] == "database"
    assert database["size_mb"] > 0
    assert found["metadata"]["warnings"] == []


def test_others_are_told_what_is_left_out(home, report):
    found = report("system_health")
    assert {row["kind"] for row in found["data"]} == {"plug"}
    assert [one["code"] for one in found["metadata"]["warnings"]] == ["ADMINISTRATORS_ONLY"]


def test_the_week_as_it_is_used(home, report):
    sums: dict[tuple, list[float]] = {}
    by_moment: dict[int, float] = {}
    for row in home.half_hours():
        if row.role == "consumption":
            by_moment[row.start_ts] = by_moment.get(row.start_ts, 0) + row.kwh
    for moment, kwh in by_moment.items():
        sums.setdefault((local(moment).isoweekday(), local(moment).hour), []).append(kwh)
    *rows, whole = report("usage_patterns")["data"]
    assert len(rows) == 168
    for row in rows:
        kwh = sums[row["weekday"], row["hour"]]
        assert row["average_kwh"] == pytest.approx(2 * sum(kwh) / len(kwh), abs=1e-3)
        assert row["base_load_w"] == pytest.approx(2000 * min(kwh), abs=1)
    ranked = sorted(rows, key=lambda row: row["busiest_rank"])
    assert [row["busiest_rank"] for row in ranked] == list(range(1, 169))
    assert ranked[0]["average_kwh"] == max(row["average_kwh"] for row in rows)
    assert (whole["weekday"], whole["hour"]) == (None, None)
    assert whole["average_kwh"] == pytest.approx(
        2 * sum(by_moment.values()) / len(by_moment), abs=1e-3
    )
    lowest = {}
    for moment, kwh in by_moment.items():
        day = local(moment).date()
        lowest[day] = min(lowest.get(day, kwh), kwh)
    middle = sorted(lowest.values())[6:8]
    assert whole["base_load_w"] == pytest.approx(1000 * sum(middle), abs=1)


def test_a_half_hour_that_still_runs_is_no_part_of_the_pattern(recorder, report):
    home = Home(recorder)
    home.uses(FRIDGE, START, START + 3600, 0.5)
    home.priced("house", [])
    rows = report("usage_patterns", devices=(FRIDGE,), now=START + 1900)["data"]
    assert [row["average_kwh"] for row in rows] == [1.0, 1.0]


def test_a_home_of_which_nothing_is_known(recorder, report):
    found = report(*REPORT_SECTIONS)
    counts = {name: len(found[name]) for name in REPORT_SECTIONS}
    assert counts == {
        "device_summary": 4,
        "energy_consumption": 0,
        "cost_breakdown": 0,
        "system_health": 4,
        "usage_patterns": 0,
    }


def test_habits_of_which_nothing_is_known_say_so_once(recorder, report):
    def told(*sections: str, **changes) -> list[str]:
        return [one["code"] for one in report(*sections, **changes)["metadata"]["warnings"]]

    assert told("usage_patterns") == ["NO_HALF_HOURS"]
    assert told("energy_consumption", "usage_patterns") == ["NO_HALF_HOURS"]
    # A habit is what is consumed.
    assert told("usage_patterns", devices=(SOLAR,)) == []


def test_a_report_without_devices(home, report):
    found = report(*REPORT_SECTIONS, devices=(), points=(), given=(DESTINATIONS,))
    assert found["device_summary"] == []
    assert found["energy_consumption"] == []
