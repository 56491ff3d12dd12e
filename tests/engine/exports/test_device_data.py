"""Export type device_data: whose rows, in which order, and what is said about gaps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from custom_components.med_exporter.engine.ledger import note_corrections
from tests.ledger_rows import HalfHourRow, put_half_hours

from ..conftest import FRIDGE, WASHER, at

START = at("2026-01-10 00:00")
END = at("2026-01-11 00:00")
POWER = FRIDGE.entities["power_w"]


def warnings(exports, **changes) -> list[dict]:
    return json.loads(exports.content(**changes))["metadata"]["warnings"]


def test_raw_rows_are_ordered_by_time_then_by_device_as_listed(recorder, exports):
    recorder.add(POWER, [(START + 1, 1), (START + 9, 3)])
    recorder.add(WASHER.entities["power_w"], [(START + 1, 2), (START + 5, 4)])
    for devices, expected in (
        ((FRIDGE, WASHER), [1, 2, 4, 3]),
        ((WASHER, FRIDGE), [2, 1, 4, 3]),
    ):
        rows = exports.rows(devices=devices)
        assert [row["power_w"] for row in rows] == expected


def test_only_the_devices_asked_for(recorder, exports):
    recorder.add(POWER, [(START + 1, 1)])
    recorder.add(WASHER.entities["power_w"], [(START + 1, 2)])
    assert [row["device_id"] for row in exports.rows(devices=(WASHER,))] == ["washer-id"]


def test_the_rows_do_not_depend_on_the_fields_asked_for(recorder, exports):
    recorder.add(POWER, [(START + n * 10, n) for n in range(5)])
    recorder.add(FRIDGE.entities["energy_total_kwh"], [(START - 9, 1), (START + 20, 2)])
    rows = exports.rows(fields=("energy_kwh",))
    assert [row["energy_kwh"] for row in rows] == [0, 0, 1, 0, 0]


def test_identity_fields_alone(recorder, exports):
    recorder.add(POWER, [(START + 1, 1)])
    for aggregation in ("raw", "monthly"):
        assert exports.rows(fields=("device_name", "device_ip"), aggregation=aggregation) == [
            {"device_name": "Fridge", "device_ip": "192.0.2.10"}
        ]


@pytest.mark.parametrize(
    ("power", "decimals"), [(50.126, None), (50.12600001, 3), (50.1, 1), (50, 0)]
)
def test_decimal_places(recorder, exports, power, decimals):
    recorder.add(POWER, [(START + 1, power)])
    (row,) = exports.rows(options=exports.options(decimal_places=decimals))
    assert row["power_w"] == round(power, 2 if decimals is None else decimals)


def test_a_device_without_readings_is_named(recorder, exports):
    recorder.add(POWER, [(START - 1, 1), (START + 1, 1)])
    assert warnings(exports, devices=(FRIDGE, WASHER)) == [
        {
            "code": "NO_READINGS",
            "message": "No readings in this range: Washing machine",
            "about": "Washing machine",
            "start": "2026-01-10T00:00:00Z",
            "end": "2026-01-11T00:00:00Z",
            "count": 1,
        }
    ]


def test_a_range_that_begins_before_the_recorders_history_says_so(recorder, exports):
    recorder.add(POWER, [(START + 3600, 1)])
    (warning,) = warnings(exports)
    assert warning["code"] == "BEFORE_HISTORY"
    assert (warning["start"], warning["end"]) == ("2026-01-10T00:00:00Z", "2026-01-10T01:00:00Z")


def test_a_range_within_the_history_has_no_warning(recorder, exports):
    recorder.add(POWER, [(START - 1, 1), (START + 1, 1)])
    assert warnings(exports) == []


def test_a_correction_is_a_row_of_its_own_and_all_rows_add_up_to_it(recorder, exports):
    first = int(START)
    recorder.add(
        FRIDGE.entities["energy_total_kwh"], [(START + n * 600, n * 0.1) for n in range(13)]
    )
    with recorder.engine.begin() as connection:
        put_half_hours(
            connection,
            [
                HalfHourRow("fridge", first + n * 1800, "consumption", "house", kwh)
                for n, kwh in enumerate((0.3, 1.3, 0.3, 0.0))
            ],
        )
        note_corrections(connection, "fridge", {first + 2700: 1_000_000, first + 5400: -300_000})
    device = replace(FRIDGE, plug_id="fridge")
    rows = exports.rows(devices=(device,), fields=("timestamp", "energy_kwh", "energy_total_kwh"))
    corrected = [row for row in rows if row["energy_total_kwh"] is None]
    assert [row["energy_kwh"] for row in corrected] == [1.0, -0.3]
    assert sum(row["energy_kwh"] or 0 for row in rows) == pytest.approx(1.9)
    hours = exports.rows(devices=(device,), fields=("energy_kwh",), aggregation="hourly")
    assert [row["energy_kwh"] for row in hours][:2] == pytest.approx([1.5, 0.3])
