"""The JSON file: metadata first, then all rows."""

from __future__ import annotations

import gzip
import json

import pytest

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")


@pytest.fixture
def states(recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START + 60 * n, n + 0.123) for n in range(5)])
    recorder.add(FRIDGE.entities["energy_total_kwh"], [(START + 60 * n, n) for n in range(5)])
    recorder.add(FRIDGE.entities["is_on"], [(START, "on"), (START + 120, "off")])


def test_the_whole_file(states, exports):
    content = json.loads(exports.content(metadata={"title": "Été"}, end=START + 90))
    assert content == {
        "metadata": {"title": "Été", "record_count": 2, "warnings": []},
        "data": [
            {
                "timestamp": f"2026-01-10T00:0{minute}:00+00:00",
                "device_id": "fridge-id", "device_ip": "192.0.2.10", "device_name": "Fridge",
                "power_w": minute + 0.12, "energy_kwh": energy, "energy_total_kwh": minute,
                "voltage": None, "current": None, "cost": None, "is_on": True,
                "filled": False, "from_statistics": False,
            }
            for minute, energy in ((0, None), (1, 1))
        ],
    }  # fmt: skip


def test_fields_come_in_the_order_asked_for(states, exports):
    row = exports.rows(fields=("is_on", "timestamp", "power_w"))[0]
    assert list(row) == ["is_on", "timestamp", "power_w"]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_chunks_leave_no_trace(states, exports, size):
    assert len(exports.rows(options=exports.options(chunk_size=size))) == 5


def test_without_rows_the_data_is_an_empty_list(recorder, exports):
    recorder.add(FRIDGE.entities["power_w"], [(START - 9, "unavailable")])
    assert exports.rows() == []


def test_gzip(states, exports):
    content = exports.content(options=exports.options(compression=True))
    assert len(json.loads(gzip.decompress(content))["data"]) == 5
