"""Values are in the units of their columns, whatever unit a user has chosen for an entity."""

from __future__ import annotations

import pytest
from homeassistant.util.unit_conversion import (
    ElectricCurrentConverter,
    ElectricPotentialConverter,
    EnergyConverter,
    PowerConverter,
)

from custom_components.med_exporter.engine.readings.peaks import peaks
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.recorder.units import FACTORS

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")
ENERGY, POWER = FRIDGE.entities["energy_total_kwh"], FRIDGE.entities["power_w"]


@pytest.mark.parametrize(
    ("field", "converter", "own"),
    [
        ("power_w", PowerConverter, "W"),
        ("energy_total_kwh", EnergyConverter, "kWh"),
        ("voltage", ElectricPotentialConverter, "V"),
        ("current", ElectricCurrentConverter, "A"),
    ],
)
def test_all_units_that_home_assistant_offers_are_known(field, converter, own) -> None:
    for unit in converter.VALID_UNITS:
        assert FACTORS[field][unit] == pytest.approx(converter.convert(1, unit, own))


def test_a_counter_shown_in_watt_hours_changes_no_row(recorder, exports) -> None:
    recorder.add(ENERGY, [(START - 60, 2.5), (START + 600, 2.6)], "kWh")
    recorder.add(ENERGY, [(START + 1200, 2700.0), (START + 1800, 2627.37e3)], "Wh")
    recorder.add(ENERGY, [(START + 2400, 2627.47)], "kWh")
    rows = exports.rows(fields=("energy_kwh", "energy_total_kwh"))
    assert [row["energy_total_kwh"] for row in rows] == [2.6, 2.7, 2627.37, 2627.47]
    assert [row["energy_kwh"] for row in rows] == pytest.approx([0.1, 0.1, 2624.67, 0.1])


def test_the_value_before_the_range_is_in_its_own_unit(recorder, exports) -> None:
    recorder.add(ENERGY, [(START - 60, 2500.0)], "Wh")
    recorder.add(ENERGY, [(START + 600, 2.6)], "kWh")
    (row,) = exports.rows(fields=("energy_kwh",))
    assert row["energy_kwh"] == pytest.approx(0.1)


def test_power_in_kilowatts_is_watts_in_rows_and_peaks(recorder, exports) -> None:
    recorder.add(POWER, [(START + 1, 0.05), (START + 9, 1.25), (START + 20, "unavailable")], "kW")
    assert [row["power_w"] for row in exports.rows(fields=("power_w",))] == [50, 1250]
    assert peaks(Recorder(recorder.connect), FRIDGE, [START, START + 3600]) == {0: 1250}


def test_hours_from_statistics_are_converted_too(recorder, exports) -> None:
    hours = [
        (START + n * 3600, {"state": 1000.0 * (n + 1), "sum": 1000.0 * (n + 1)}) for n in range(3)
    ]
    recorder.add_statistics(ENERGY, hours, "Wh")
    recorder.add_statistics(POWER, [(START, {"mean": 0.5, "min": 0.1, "max": 2.0})], "kW")
    recorder.add(ENERGY, [(START + 3 * 3600 + 1, 3.5)], "kWh")
    rows = exports.rows(fields=("energy_kwh", "power_w"))
    assert [row["energy_kwh"] for row in rows] == pytest.approx([1, 1, 1, 0.5])
    assert rows[0]["power_w"] == 500
    assert peaks(Recorder(recorder.connect), FRIDGE, [START, START + 3600]) == {0: 2000}
