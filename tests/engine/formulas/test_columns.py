"""Formulas over the rows of devices, as they stand in the export."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from .table import compute, value, values

START = 1_760_000_400.0
PARIS = "Europe/Paris"


def at(text: str, zone: str = PARIS, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_the_share_of_the_rated_power():
    """As the documentation writes it."""
    rows = [{"power_w": power, "device": device} for device in (0, 1) for power in (15, 60)]
    devices = [{"rated_power": 60}, {"rated_power": None}]
    found = values("power_w / rated_power * 100", rows, devices=devices)
    assert found == [25.0, 100.0, None, None]


def test_the_daily_average():
    """As the documentation writes it: per device, over local days."""
    rows = [
        {"timestamp": at("2026-01-10 23:30"), "energy_kwh": 1.5},
        {"timestamp": at("2026-01-11 00:30"), "energy_kwh": 0.5},
        {"timestamp": at("2026-01-11 23:30"), "energy_kwh": 1.0},
        {"timestamp": at("2026-01-11 23:30"), "energy_kwh": 8.0, "device": 1},
    ]
    formula = "SUM(energy_kwh) / COUNT(DISTINCT DATE(timestamp))"
    assert values(formula, rows, devices=[{}, {}], zone=PARIS) == [1.5, 1.5, 1.5, 8.0]
    assert values(formula, rows, devices=[{}, {}], zone="UTC") == [1.5, 1.5, 1.5, 8.0]


def test_a_row_beside_its_devices_total():
    rows = [{"energy_kwh": energy, "device": energy % 2} for energy in (1, 2, 3, 6)]
    assert values("energy_kwh / SUM(energy_kwh)", rows, devices=[{}, {}]) == [
        0.25,
        0.25,
        0.75,
        0.75,
    ]


def test_several_formulas_keep_their_own_totals():
    rows = [{"power_w": 1.0, "voltage": 230.0}, {"power_w": 3.0, "voltage": 240.0}]
    found = compute(["MAX(power_w)", "AVG(voltage)", "power_w", "SUM(power_w)"], rows)
    assert found == [(3.0, 235.0, 1.0, 4.0), (3.0, 235.0, 3.0, 4.0)]


def test_totals_pass_over_what_is_not_known():
    rows = [{"power_w": None}, {"power_w": 4.0}, {"power_w": 2.0}]
    for formula, expected in (
        ("COUNT(*)", 3),
        ("COUNT(power_w)", 2),
        ("COUNT(DISTINCT power_w > 1)", 1),
        ("AVG(power_w)", 3),
        ("MIN(power_w)", 2),
        ("MAX(power_w)", 4),
        ("SUM(voltage)", None),
        ("COUNT(voltage)", 0),
        ("SUM(CASE WHEN power_w > 3 THEN 1 ELSE 0 END)", 1),
    ):
        assert values(formula, rows) == [expected] * 3, formula


def test_a_device_without_rows_is_no_harm():
    assert values("SUM(power_w)", [{"device": 1, "power_w": 5}], devices=[{}, {}, {}]) == [5]
    assert values("SUM(power_w)", []) == []


@pytest.mark.parametrize(
    ("moment", "fold", "date", "hour"),
    [
        ("2026-03-29 01:59:59", 0, "2026-03-29", 1),
        ("2026-03-29 03:00:00", 0, "2026-03-29", 3),
        ("2026-10-25 02:30:00", 0, "2026-10-25", 2),
        ("2026-10-25 02:30:00", 1, "2026-10-25", 2),
        ("2026-10-25 23:59:59", 0, "2026-10-25", 23),
        ("2026-12-31 00:00:00", 0, "2026-12-31", 0),
    ],
)
def test_dates_and_hours_are_local_over_clock_changes(moment, fold, date, hour):
    row = {"timestamp": at(moment, fold=fold)}
    found = compute(["DATE(timestamp)", "HOUR(timestamp)"], [row], zone=PARIS)
    assert found == [(date, hour)]


def test_dates_where_clocks_stand_off_by_a_quarter_of_an_hour():
    row = {"timestamp": at("2026-05-01 00:10", "Asia/Kathmandu")}
    found = compute(["DATE(timestamp)", "HOUR(timestamp)"], [row], zone="Asia/Kathmandu")
    assert found == [("2026-05-01", 0)]


def test_the_time_of_the_total():
    rows = [{"timestamp": START}, {"timestamp": START + 60}]
    assert values("MAX(timestamp)", rows) == [START + 60] * 2
    assert values("timestamp = MAX(timestamp)", rows) == [0, 1]
    assert values("DATE(MIN(timestamp))", rows) == ["2025-10-09"] * 2
    assert value("HOUR(timestamp)", {}) is None


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 / 2", 0.5),
        ("-7 / 2", -3.5),
        ("7.5 % 2", 1.5),
        ("-7 % 3", 2.0),
        ("7 % -3", -2.0),
        ("1 / 0", None),
        ("1 % 0", None),
        ("power_w / (voltage - voltage)", None),
        ("1 + voltage * NULLIFY", None),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("- -5", 5.0),
        ("+5", 5.0),
        ("10 - 4 - 3", 3.0),
        ("100 / 10 / 2", 5.0),
        ("7 % 4 * 3", 9.0),
        ("1e15 * 1e15", 1e30),
        ("ROUND(2.5)", 2.0),
        ("ROUND(2.675, 2)", 2.67),
        ("ROUND(1234.5, -2)", 1200.0),
        ("abs(-3.5)", 3.5),
        ("MIN(3, 1, 2)", 1.0),
        ("max(3, power_w)", 12.0),
        ("MAX(3, current)", None),
        ("COALESCE(current, power_w, 1)", 12.0),
        ("power_w > 10", 1),
        ("power_w = 12", 1),
        ("power_w == 12", 1),
        ("power_w <> 12", 0),
        ("power_w != 12", 0),
        ("current > 10", None),
        ("NOT power_w > 10", 0),
        ("current IS NULL", 1),
        ("current IS NOT NULL", 0),
        ("current > 1 OR power_w > 1", 1),
        ("current > 1 AND power_w > 1", None),
        ("power_w > 10 AND NOT voltage < 200 OR FALSE", 1),
        ("(power_w > 10) * 3", 3.0),
        ("is_on + 1", 2.0),
        ("is_on = TRUE", 1),
        ("CASE WHEN is_on THEN 1 END", 1.0),
        ("CASE WHEN current THEN 1 END", None),
        ("CASE WHEN power_w > 100 THEN 'high' WHEN power_w > 10 THEN 'mid' END", "mid"),
        ("CASE WHEN FALSE THEN 1 ELSE NULL END", None),
        ("CASE power_w WHEN 11 THEN 1 WHEN 12 THEN 2 ELSE 3 END", 2.0),
        ("CASE current WHEN 1 THEN 1 ELSE 3 END", 3.0),
        ("CASE WHEN TRUE THEN 'it''s {power_w} {}' END", "it's {power_w} {}"),
        ("device_name = 'Lamp'", 1),
        ("COALESCE(device_ip, 'none')", "none"),
        ("POWER_W + Voltage", 242.0),
        ("power_w\n\t+ 1", 13.0),
    ],
)
def test_values(formula, expected):
    row = {"power_w": 12, "voltage": 230, "is_on": 1}
    formula = formula.replace("NULLIFY", "current")
    found = value(formula, row, devices=[{"device_name": "Lamp"}])
    assert found == expected


def test_what_overflows_is_empty():
    million = " * ".join(["1e15"] * 21)
    assert value(million) is None
    assert value(f"- {million}") is None
    assert value(f"{million} - {million}") is None
    assert value(f"ROUND({million}, 2) > 5") == 1
    assert values("SUM(power_w)", [{"power_w": 1e308}] * 3) == [None] * 3
    assert (
        values("SUM(device_kwh)".replace("device_kwh", "energy_kwh"), [{"energy_kwh": 2**62}] * 3)
        == [pytest.approx(3 * 2.0**62)] * 3
    )
    assert not any(math.isinf(found or 0) for found in [value("1e15 / 1e-15 * 1e15")])
