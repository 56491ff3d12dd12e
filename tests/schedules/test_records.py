"""Schedules as earlier releases have stored them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from custom_components.med_exporter.engine.codec import from_json, to_json
from custom_components.med_exporter.schedules.records import Schedule

STORED = json.loads((Path(__file__).parent / "stored_schedules_1.json").read_text())


def test_what_was_stored_is_read_and_written_as_it_was():
    monthly, readings = schedules = [
        from_json(Schedule, values) for values in STORED["data"]["schedules"]
    ]
    assert [to_json(one) for one in schedules] == STORED["data"]["schedules"]
    assert (monthly.name, monthly.schedule) == ("Monthly costs", "0 6 1 * *")
    assert monthly.handled_until == datetime(2026, 11, 1, 5, 0, 0, 123456, UTC)
    assert monthly.export_config["options"] == {"locale": "fr"}
    assert monthly.delivery["recipients"] == ["a@example.org"]
    assert (readings.enabled, readings.under_way) == (False, readings.created_at)
