"""Days of 4.8 kWh and of nothing in turn are that in every file, wherever the house stands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from .homes import FLAT, FRIDGE, HOUSE

ZONES = ("Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")
# Among them are the days on which clocks change in St. John's.
FIRST = date(2026, 10, 29)
DAYS = [FIRST + timedelta(days=number) for number in range(8)]
EXPECTED = {str(day): 4.8 * (number % 2) for number, day in enumerate(DAYS)}


def midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> ZoneInfo:
    return ZoneInfo(request.param)


@pytest.fixture(params=[True, False], ids=["recorded", "not recorded"])
def fridge(recorder, zone: ZoneInfo, request: pytest.FixtureRequest):
    """A fridge whose counter the recorder keeps, or only the ledger."""
    half_hours, states, total = [], [(midnight(FIRST, zone) - 60, 1.0)], 1.0
    for number, day in enumerate(DAYS):
        start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        count = round((end - start) / 1800)
        for place in range(count):
            kwh = 4.8 * (number % 2) / count
            half_hours.append((start + place * 1800, kwh, 0.0))
            for part in (1, 2):
                # Read a second before each quarter-hour ends.
                total += kwh / 2
                states.append((start + place * 1800 + part * 900 - 1, round(total, 6)))
    recorder.add_half_hours(FRIDGE.plug_id, half_hours)
    recorder.add_tariff("house", [FLAT], zone=str(zone))
    counter = "energy_total_kwh"
    if request.param:
        recorder.add(FRIDGE.entities[counter], states)
        return FRIDGE
    return replace(FRIDGE, not_recorded=(counter,))


def test_all_files_tell_the_same_days(exports, zone: ZoneInfo, fridge) -> None:
    common = {
        "devices": (fridge,),
        "points": (HOUSE,),
        "start": midnight(FIRST, zone),
        "end": midnight(DAYS[-1] + timedelta(days=1), zone),
        "timezone": str(zone),
    }

    def made(**values):
        return json.loads(exports.content(4e9, **common, **values))["data"]

    readings = made(
        export_type="device_data", fields=("timestamp", "energy_kwh"), aggregation="daily"
    )
    analysis = made(export_type="cost_analysis", grouping="daily", fields=())
    report = made(export_type="system_report", fields=(), report_sections=("energy_consumption",))
    by_day = {row["timestamp"][:10]: row["energy_kwh"] for row in readings}
    assert by_day == pytest.approx(EXPECTED, abs=1e-5)
    by_day = {row["period_start"][:10]: row["energy_kwh"] for row in analysis}
    assert by_day == pytest.approx(EXPECTED, abs=1e-5)
    rows = report if isinstance(report, list) else report["energy_consumption"]
    by_day = {str(row["day"])[:10]: row["energy_kwh"] for row in rows if row["day"]}
    assert by_day == pytest.approx(EXPECTED, abs=1e-5)
