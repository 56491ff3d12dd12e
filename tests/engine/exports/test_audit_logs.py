"""Export type audit_logs: which events, in which order, and what privacy leaves of them."""

from __future__ import annotations

import json

import pytest

from custom_components.med_exporter.engine.database.audit_tables import audit_table
from custom_components.med_exporter.engine.exports.audit_logs import content as audit_logs
from custom_components.med_exporter.engine.job import Privacy

from .homes import Home, at

START, END = at("2026-03-01"), at("2026-03-02")


def event(moment, event_type="device_controlled", **changes):
    return {
        "time_ts": moment,
        "event_type": event_type,
        "severity": "info",
        "user_id": "a" * 32,
        "user_name": "Alice",
        "address": "192.0.2.77",
        "subject": "Fridge",
        "details": json.dumps({"action": "switch.turn_on"}),
    } | changes


@pytest.fixture
def home(recorder):
    return Home(recorder)


@pytest.fixture
def log(exports):
    def make(**changes):
        values = {
            "export_type": "audit_logs",
            "devices": (),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "fields": (),
        } | changes
        return exports.rows(**values)

    return make


def test_a_row(home, log):
    home.insert(audit_table, [event(START + 1)])
    assert log() == [
        {
            "time": "2026-03-01T00:00:01+01:00",
            "event_type": "device_controlled",
            "severity": "info",
            "user": "Alice",
            "address": "192.0.2.77",
            "subject": "Fridge",
            "details": '{"action": "switch.turn_on"}',
        }
    ]


def test_the_range_and_the_order(home, log, monkeypatch):
    monkeypatch.setattr(audit_logs, "_PAGE", 2)
    moments = [START + 9, START - 1, START, END, START + 9, END - 1, START + 5]
    home.insert(
        audit_table, [event(moment, subject=str(number)) for number, moment in enumerate(moments)]
    )
    assert [row["subject"] for row in log()] == ["2", "6", "0", "4", "5"]


def test_filters(home, log):
    home.insert(
        audit_table,
        [
            event(START, "login_failure", severity="warning", user_id=None, user_name=None),
            event(START + 1, "login_success", user_id="b" * 32, user_name="Bob"),
            event(START + 2),
        ],
    )
    assert [row["event_type"] for row in log(event_types=("login_failure", "login_success"))] == [
        "login_failure", "login_success"
    ]  # fmt: skip
    assert [row["severity"] for row in log(severity_levels=("warning", "error"))] == ["warning"]
    assert [row["user"] for row in log(users=("b" * 32,))] == ["Bob"]
    assert log(users=("b" * 32,), severity_levels=("warning",)) == []


def test_without_a_table_there_are_no_rows(log):
    assert log() == []


def test_privacy_leaves_no_user_address_or_device(home, log, exports):
    details = json.dumps({"by": "Alice", "from": "192.0.2.77", "on": "Fridge"})
    home.insert(audit_table, [event(START, details=details)])
    privacy = Privacy(
        anonymize_ip_addresses=True,
        exclude_user_data=True,
        hash_device_identifiers=True,
        key="00" * 16,
    )
    rows = log(privacy=privacy)
    shown = json.dumps(rows)
    assert not [word for word in ("Alice", "192.0.2.77", "Fridge") if word in shown]
    assert rows[0]["user"] is None
    assert rows[0]["subject"] == "device-1"
