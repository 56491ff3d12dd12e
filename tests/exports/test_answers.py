"""What callers are shown of an export."""

from __future__ import annotations

from homeassistant.util import dt as dt_util

from custom_components.med_exporter.exports.answers import export_entry
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus

LATE = {"code": "DELIVERY_FAILED", "message": "It has not arrived"}


def a_record(status: ExportStatus) -> ExportRecord:
    return ExportRecord(
        id="1",
        kind=ExportKind.FILE,
        status=status,
        trigger="schedule",
        created_at=dt_util.utcnow(),
        warnings=[{**LATE, "key": "not_stored", "placeholders": {}}],
    )


def test_a_file_that_has_not_arrived_says_so_in_codes_and_english() -> None:
    warnings = export_entry(a_record(ExportStatus.COMPLETED))["warnings"]
    assert warnings == [LATE]


def test_why_an_export_failed_is_said_once() -> None:
    record = a_record(ExportStatus.FAILED)
    record.error_code, record.error_message = LATE["code"], LATE["message"]
    entry = export_entry(record)
    assert (entry["message"], entry["warnings"]) == (LATE["message"], [])
