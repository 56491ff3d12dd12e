"""Deliveries as earlier releases have stored them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from custom_components.med_exporter.delivery.records import Delivery
from custom_components.med_exporter.engine.codec import from_json, to_json

STORED = json.loads((Path(__file__).parent / "stored_deliveries_1.json").read_text())


def test_what_was_stored_is_read_and_written_as_it_was():
    (values,) = STORED["data"]["waiting"]
    delivery = from_json(Delivery, values)
    assert to_json(delivery) == values
    assert delivery.end == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert delivery.figures == {"total_energy": 123.4, "total_cost": 30.0}
    assert delivery.done_for == ["b@example.org"]
