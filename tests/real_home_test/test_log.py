"""A Home Assistant's log is read in the forms of all its versions."""

from __future__ import annotations

import pytest

from tests.real_home import complaints, read_log

OLDEST = "2026-11-21 18:12:23.180"
NEWEST = "2026-11-21 18:11:53.519+00:00"


@pytest.fixture(params=[OLDEST, NEWEST], ids=["oldest", "newest"])
def log(request, tmp_path):
    def write(*records: str):
        path = tmp_path / "output.log"
        path.write_text("".join(f"{request.param} {record}\n" for record in records))
        return read_log(path)

    return write


def test_a_record_has_its_level_its_logger_and_its_traceback(log) -> None:
    first, second = log(
        "ERROR (MainThread) [homeassistant.setup] It failed\nTraceback:\n  in med_exporter",
        "INFO (SyncWorker_0) [homeassistant.core] It goes on",
    )
    assert (first.level, first.logger) == ("ERROR", "homeassistant.setup")
    assert first.text.endswith("It failed\nTraceback:\n  in med_exporter")
    assert (second.level, second.logger) == ("INFO", "homeassistant.core")


def test_warnings_and_errors_about_the_integration_are_complaints(log) -> None:
    records = log(
        "WARNING (MainThread) [custom_components.med_exporter] A plug is silent",
        "ERROR (MainThread) [homeassistant.core] Failed\n  custom_components/med_exporter/x.py",
        "INFO (MainThread) [custom_components.med_exporter] All is well",
        "ERROR (MainThread) [homeassistant.components.camera] No camera",
        "WARNING (MainThread) [homeassistant.loader] We found a custom integration med_exporter",
        "WARNING (MainThread) [homeassistant.components.http.security_filter] Filtered a request"
        " with unsafe byte query string: /api/exports/history?offset=med_exporter%09",
    )
    assert complaints(records, "med_exporter") == records[:2]


def test_what_is_no_record_is_passed_over(tmp_path) -> None:
    path = tmp_path / "output.log"
    assert read_log(path) == []
    path.write_text("Segmentation fault\n")
    assert read_log(path) == []
