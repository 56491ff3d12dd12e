"""Costs, reports and the audit log on PostgreSQL and MariaDB: the same as on SQLite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.engine.database.audit_tables import audit_table
from custom_components.med_exporter.engine.job import REPORT_SECTIONS
from tests.recorder_servers import recorder_db_url, server  # noqa: F401  (fixtures)

from ..conftest import Exports
from ..recorder_database import RecorderDatabase
from .homes import BARN, DEVICES, FRIDGE, HOUSE, at, demo
from .test_audit_logs import event
from .test_system_report import DESTINATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START, END = at("2026-03-23"), at("2026-04-06")
BODIES: list[dict[str, Any]] = [
    {"export_type": "cost_analysis", "grouping": "hourly"},
    {
        "export_type": "cost_analysis",
        "grouping": "daily",
        "breakdown_by": ("device", "time_of_use", "rate_tier"),
    },
    {"export_type": "system_report", "report_sections": REPORT_SECTIONS, "given": (DESTINATIONS,)},
    {"export_type": "audit_logs", "devices": (), "users": ("a" * 32,)},
]


@pytest.fixture
def elsewhere(recorder_db_url: str) -> Iterator[RecorderDatabase]:  # noqa: F811
    database = RecorderDatabase(recorder_db_url)
    yield database
    database.close()


def fill(recorder: RecorderDatabase) -> None:
    home = demo(recorder, START, END)
    recorder.add(FRIDGE.entities["power_w"], [(START + 60 * n, n % 97) for n in range(500)])
    recorder.add(FRIDGE.entities["is_on"], [(START, "on"), (START + 900, "unavailable")])
    recorder.add(FRIDGE.entities["is_on"], [(START + 1000, "on")])
    recorder.add_statistics(
        FRIDGE.entities["power_w"], [(START + 3600 * n, {"max": n % 24}) for n in range(200)]
    )
    home.insert(audit_table, [event(START + n, subject=f"Prise {n} é") for n in range(3)])


def files(recorder: RecorderDatabase, folder: Path) -> list[Any]:
    exports = Exports(recorder, folder)
    found = []
    for body in BODIES:
        values = {
            "devices": DEVICES,
            "points": (HOUSE, BARN),
            "start": START,
            "end": END,
            "timezone": "Europe/Paris",
            "fields": (),
        } | body
        tables = json.loads(exports.content(**values))
        for row in tables.get("system_health", ()):
            # The size of the database, and its name, are its own.
            row.update(dict.fromkeys(("size_mb", "name")))
        found.append(tables)
    return found


def test_the_same_files(recorder, elsewhere, tmp_path):
    for one in (recorder, elsewhere):
        fill(one)
    there, here = files(elsewhere, tmp_path / "there"), files(recorder, tmp_path / "here")
    for one, other in zip(there, here, strict=True):
        for name, rows in other.items():
            if name != "metadata":
                differing = [
                    pair for pair in zip(one[name], rows, strict=True) if pair[0] != pair[1]
                ]
                assert not differing, name
    assert there == here
