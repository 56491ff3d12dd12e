"""A job in this process: limits, progress, cancelling, failures, previews."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from custom_components.med_exporter.engine import run as module
from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.job import CustomField, Filters, Privacy, TimeOfDay
from custom_components.med_exporter.engine.output import OutputFile
from custom_components.med_exporter.engine.recorder.manner import USUAL, Manner
from custom_components.med_exporter.engine.rows.shelf import Shelf
from custom_components.med_exporter.engine.run import preview, run_job

from .conftest import FRIDGE, MUCH_LATER, WASHER, at

START = at("2026-01-10 00:00")
POWER = FRIDGE.entities["power_w"]

ENGINE = "custom_components.med_exporter.engine"


@pytest.fixture
def states(recorder):
    recorder.add(POWER, [(START + 60 * n, n) for n in range(100)])
    recorder.add(WASHER.entities["power_w"], [(START + 60 * n, n) for n in range(50)])


def failure(exports, job, **changes) -> ErrorCode:
    """Run a job that fails, see that it leaves nothing, and return why."""
    with pytest.raises(ExportError) as failed:
        run_job(
            job,
            changes.get("connect", exports.recorder.connect),
            changes.get("progress", lambda *_: None),
            changes.get("cancelled", lambda: False),
            now=MUCH_LATER,
            manner=changes.get("manner", USUAL),
        )
    assert exports.left() == []
    return failed.value.code


class TestResult:
    @pytest.mark.parametrize("file_format", ["csv", "json"])
    def test_tells_what_is_in_the_file(self, states, exports, file_format):
        job = exports.job(format=file_format, devices=(FRIDGE, WASHER))
        result = exports.run(job)
        content = Path(job.path).read_bytes()
        assert result.records == 150
        assert result.bytes == len(content)
        assert result.sha256 == hashlib.sha256(content).hexdigest()
        assert [warning["code"] for warning in result.warnings] == ["BEFORE_HISTORY"] * 0
        assert exports.left() == ["export"]

    def test_is_plain_json(self, states, exports):
        assert set(exports.run(exports.job()).to_json()) == {
            "records", "bytes", "sha256", "warnings", "figures",
        }  # fmt: skip

    @pytest.mark.parametrize("file_format", ["csv", "excel"])
    def test_its_figures_are_the_sums_of_the_rows(self, recorder, exports, file_format):
        counter = FRIDGE.entities["energy_total_kwh"]
        recorder.add(counter, [(START + 60 * n, n / 8) for n in range(100)])
        job = exports.job(format=file_format, fields=("timestamp", "energy_kwh"))
        assert exports.run(job).figures == {"total_energy": pytest.approx(99 / 8)}

    def test_no_figure_is_made_of_averages(self, states, exports):
        functions = {"energy_kwh": "average"}
        job = exports.job(aggregation="hourly", aggregation_functions=functions)
        assert "total_energy" not in exports.run(job).figures


class TestProgress:
    @pytest.mark.parametrize("aggregation", ["raw", "hourly"])
    def test_rises_while_reading_and_while_writing_up_to_the_end(
        self, states, exports, aggregation
    ):
        seen: list[tuple[float, int]] = []
        job = exports.job(
            devices=(FRIDGE, WASHER), aggregation=aggregation, end=START + 6000,
            options=exports.options(chunk_size=1),
        )  # fmt: skip
        result = run_job(
            job,
            exports.recorder.connect,
            lambda *at: seen.append(at),
            lambda: False,
            now=MUCH_LATER,
            manner=Manner(page=10),
        )
        assert seen == sorted(seen)
        assert seen[0] == (0.0, 0)
        assert seen[-1] == (100.0, result.records)
        assert len({share for share, records in seen if not records}) > 10
        assert len({records for _, records in seen}) == result.records + 1


class TestLimits:
    def test_as_many_records_as_allowed(self, states, exports):
        assert exports.run(exports.job(max_records=100)).records == 100

    @pytest.mark.parametrize("changes", [
        {"max_records": 99},
        {"max_records": 149, "devices": (FRIDGE, WASHER)},
        {"max_records": 1, "aggregation": "hourly"},
    ])  # fmt: skip
    def test_a_record_too_many_fails_and_leaves_nothing(self, states, exports, changes):
        assert failure(exports, exports.job(**changes)) is ErrorCode.TOO_MANY_RECORDS

    def test_too_many_raw_records_are_not_read_to_the_end(self, states, exports):
        opened = 0

        def connect():
            nonlocal opened
            opened += 1
            return exports.recorder.connect()

        failure(exports, exports.job(max_records=3), connect=connect, manner=Manner(page=5))
        assert opened < 10

    @pytest.mark.parametrize("compression", [False, True])
    @pytest.mark.parametrize("file_format", ["csv", "json"])
    def test_a_file_too_large_fails_and_leaves_nothing(
        self, states, exports, file_format, compression
    ):
        options = exports.options(compression=compression)
        job = exports.job(format=file_format, max_bytes=200, options=options)
        assert failure(exports, job) is ErrorCode.FILE_TOO_LARGE


class TestFailures:
    def test_cancelled_at_any_moment_leaves_nothing(self, states, exports):
        job = exports.job(options=exports.options(chunk_size=10))
        asked = 0

        def count() -> bool:
            nonlocal asked
            asked += 1
            return False

        run_job(job, exports.recorder.connect, lambda *_: None, count, now=MUCH_LATER)
        Path(job.path).unlink()
        assert asked > 10
        for moment in range(asked):
            answers = iter([False] * moment + [True])
            code = failure(exports, job, cancelled=lambda answers=answers: next(answers))
            assert code is ErrorCode.CANCELLED

    def test_a_database_without_the_recorders_tables(self, exports):
        engine = create_engine("sqlite://")
        assert failure(exports, exports.job(), connect=engine.connect) is ErrorCode.DATABASE_ERROR

    def test_a_full_disk_while_the_file_is_written(self, states, exports, monkeypatch):
        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(OutputFile, "store", full)
        assert failure(exports, exports.job()) is ErrorCode.DISK_FULL

    def test_a_full_disk_while_raw_rows_wait(self, states, exports, monkeypatch):
        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Shelf, "put", full)
        assert failure(exports, exports.job()) is ErrorCode.DISK_FULL

    def test_a_full_disk_while_rows_are_collected(self, states, exports, monkeypatch):
        """SQLite itself says so, at its own limit of pages."""
        connect = sqlite3.connect

        def tiny(*args, **kwargs):
            connection = connect(*args, **kwargs)
            connection.execute("PRAGMA max_page_count=4")
            return connection

        exports.recorder.add(POWER, [(START + 1800 * n, n + 0.5) for n in range(1, 1000)])
        monkeypatch.setattr(f"{ENGINE}.rows.spool.sqlite3.connect", tiny)
        job = exports.job(aggregation="hourly", end=START + 20 * 86400)
        assert failure(exports, job) is ErrorCode.DISK_FULL

    def test_a_folder_that_is_not_there(self, states, exports):
        job = exports.job(path=str(exports.folder / "none" / "export"))
        assert failure(exports, job) is ErrorCode.FILE_ERROR

    def test_an_error_of_our_own_leaves_nothing_and_is_not_hidden(
        self, states, exports, monkeypatch
    ):
        def broken(*_, **__):
            raise ZeroDivisionError

        monkeypatch.setattr(module, "OutputFile", broken)
        with pytest.raises(ZeroDivisionError):
            exports.run(exports.job())
        assert exports.left() == []


class TestPreview:
    @pytest.mark.parametrize("aggregation", ["raw", "hourly", "daily", "weekly", "monthly"])
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_is_the_beginning_of_the_file(self, recorder, exports, aggregation, limit):
        recorder.add(POWER, [(START - 50, 5), *((START + 1700 * n, n * n) for n in range(1, 300))])
        recorder.add(WASHER.entities["power_w"], [
            (START + 9000, 3), (START + 70_000, "unavailable"), (START + 500_000, 7),
        ])  # fmt: skip
        changes = {
            "devices": (FRIDGE, WASHER), "aggregation": aggregation, "end": START + 900_000,
            "timezone": "Asia/Kolkata", "options": exports.options(chunk_size=3),
        }  # fmt: skip
        job = exports.job(path="", **changes)
        shown = preview(job, recorder.connect, limit, now=MUCH_LATER)
        assert shown.rows == exports.rows(**changes)[:limit]

    @pytest.mark.parametrize(
        "changes",
        [
            {"filters": Filters(min_power=20_000)},
            {"filters": Filters(exclude_outliers=True)},
            {"filters": Filters(time_of_day=TimeOfDay(start="22:00", end="06:00"))},
            {"custom_fields": (CustomField(name="share", formula="power_w / SUM(power_w) * 100"),)},
            {"custom_fields": (CustomField(name="double", formula="power_w * 2"),)},
            {"privacy": Privacy(hash_device_identifiers=True, key="00" * 32)},
        ],
    )
    @pytest.mark.parametrize("aggregation", ["raw", "hourly"])
    def test_shows_what_the_file_will_have_chosen_computed_and_hidden(
        self, recorder, exports, changes, aggregation
    ):
        recorder.add(POWER, [(START + 1700 * n, n * n) for n in range(300)])
        columns = ("timestamp", "device_name", "power_w")
        own = tuple(one.name for one in changes.get("custom_fields", ()))
        changes = {"end": START + 600_000, "aggregation": aggregation, **changes}
        changes["fields"] = (*columns, *own)
        shown = preview(exports.job(path="", **changes), recorder.connect, 5, now=MUCH_LATER)
        assert shown.rows == exports.rows(**changes)[:5]
        assert len(shown.rows) == 5

    @pytest.mark.parametrize("aggregation", ["raw", "hourly"])
    def test_reads_only_the_beginning_of_a_long_range(self, recorder, exports, aggregation):
        recorder.add(POWER, [(START + 10 * n, n % 977) for n in range(50_000)])
        opened = 0

        def connect():
            nonlocal opened
            opened += 1
            return recorder.connect()

        job = exports.job(path="", end=START + 500_000, aggregation=aggregation)
        shown = preview(job, connect, 10, now=MUCH_LATER)
        assert len(shown.rows) == 10
        assert opened < 40
        assert shown.estimated
        assert shown.records == pytest.approx(50_000 if aggregation == "raw" else 140, rel=0.02)

    @pytest.mark.parametrize(("aggregation", "rows"), [("raw", 600), ("daily", 26)])
    def test_counts_what_only_statistics_know(self, recorder, exports, aggregation, rows):
        total = FRIDGE.entities["energy_total_kwh"]
        hours = [(START + 3600 * n, {"sum": float(n), "state": float(n)}) for n in range(600)]
        recorder.add_statistics(total, hours, "kWh")
        recorder.add(POWER, [])
        job = exports.job(path="", end=START + 30 * 86_400, aggregation=aggregation)
        shown = preview(job, recorder.connect, 3, now=START + 600 * 3600)
        assert shown.estimated
        assert shown.records == pytest.approx(rows, abs=1)

    def test_shows_fewer_rows_where_each_is_made_of_very_many_readings(self, recorder, exports):
        recorder.add(POWER, [(START + 10 * n, n % 977) for n in range(30_000)])
        changes = {"end": START + 300_000, "aggregation": "daily"}
        shown = preview(exports.job(path="", **changes), recorder.connect, 3, now=MUCH_LATER)
        assert shown.rows == exports.rows(**changes)[:1]
        assert (shown.records, shown.estimated) == (4, True)

    def test_waits_for_energy_that_comes_after_its_period(self, recorder, exports):
        total = FRIDGE.entities["energy_total_kwh"]
        recorder.add(total, [
            (START, 1), (START + 600, "unavailable"), (START + 4 * 3600, 9), (START + 6 * 3600, 9),
        ])  # fmt: skip
        recorder.add(POWER, [(START + 60 * n, n) for n in range(600)])
        changes = {
            "end": START + 36_000, "aggregation": "hourly",
            "fields": ("timestamp", "power_w", "energy_kwh", "filled"),
        }  # fmt: skip
        for limit in (1, 2, 5):
            shown = preview(exports.job(path="", **changes), recorder.connect, limit)
            assert shown.rows == exports.rows(**changes)[:limit]
            assert shown.rows[0]["energy_kwh"] > 0

    def test_has_the_rows_of_hours_that_statistics_left_out(self, recorder, exports):
        total = FRIDGE.entities["energy_total_kwh"]
        hours = [(START + 3600 * n, {"sum": float(n), "state": float(n)}) for n in range(-1, 12)]
        recorder.add_statistics(total, hours[:3] + hours[8:], "kWh")
        recorder.add(POWER, [])
        changes = {
            "end": START + 43_200, "aggregation": "hourly",
            "fields": ("timestamp", "energy_total_kwh", "energy_kwh", "filled"),
        }  # fmt: skip
        rows = exports.rows(**changes)
        assert [row["energy_kwh"] for row in rows] == [1.0] * 12
        for limit in (1, 3, 8, 12, 100):
            shown = preview(exports.job(path="", **changes), recorder.connect, limit)
            assert shown.rows == rows[:limit]

    @pytest.mark.parametrize("aggregation", ["raw", "hourly", "daily"])
    def test_warns_of_all_that_is_totalled_up_to_the_present(self, recorder, exports, aggregation):
        now = START + 40 * 3600 + 1000
        recorder.add(POWER, [(START + 600 * n, n % 50) for n in range(400)])
        half_hours = [(START + 1800 * n, 0.05 + 0.01 * (n % 5), 0) for n in range(100)]
        recorder.add_half_hours(FRIDGE.plug_id, half_hours)
        changes = {
            "devices": (replace(FRIDGE, not_recorded=("energy_total_kwh",)),),
            "aggregation": aggregation, "end": START + 5 * 86_400,
            "fields": ("timestamp", "energy_kwh"),
            "custom_fields": (CustomField(name="share", formula="power_w / SUM(power_w)"),),
        }  # fmt: skip
        shown = preview(exports.job(path="", **changes), recorder.connect, 1, now=now)
        told = json.loads(exports.content(now=now, **changes))["metadata"]["warnings"]
        assert shown.estimated
        assert shown.warnings == told

    @pytest.mark.parametrize("aggregation", ["raw", "hourly", "daily"])
    @pytest.mark.parametrize("limit", [2, 5, 100])
    def test_warns_as_the_file_of_what_it_shows_does(self, recorder, exports, aggregation, limit):
        total = FRIDGE.entities["energy_total_kwh"]
        day = [(START + 3600 * n, {"sum": float(n), "state": float(n)}) for n in range(40)]
        recorder.add_statistics(total, day[:9] + day[12:], "kWh")
        purged = START + 40 * 3600
        recorder.add(total, [(purged + 600 * n, 40.0 + n) for n in range(100)])
        recorder.add(WASHER.entities["power_w"], [(purged + 600 * n, n) for n in range(100)])
        changes = {
            "devices": (FRIDGE, WASHER), "aggregation": aggregation, "end": START + 5 * 86_400,
            "fields": ("timestamp", "device_id", "energy_kwh"),
        }  # fmt: skip
        shown = preview(exports.job(path="", **changes), recorder.connect, limit, now=MUCH_LATER)
        if shown.estimated:
            last = datetime.fromisoformat(shown.rows[-1]["timestamp"])
            spans = {"raw": 0.001, "hourly": 3600, "daily": 86_400}
            changes["end"] = last.timestamp() + spans[aggregation]
            names = {row["device_id"] for row in shown.rows}
            has_all = aggregation == "raw" or WASHER.device_id in names
            changes["devices"] = (FRIDGE, WASHER) if has_all else (FRIDGE,)
        told = json.loads(exports.content(**changes))["metadata"]["warnings"]
        of_all = {"NO_READINGS", "FILTERED_OUT", "OUTLIERS_REMOVED"} if shown.estimated else set()
        assert shown.warnings == [one for one in told if one["code"] not in of_all]
        assert "FROM_STATISTICS" in {one["code"] for one in shown.warnings}

    def test_says_nothing_of_all_that_only_all_of_it_tells(self, recorder, exports):
        recorder.add(POWER, [(START + 60 * n, n) for n in range(100)])
        recorder.add(WASHER.entities["power_w"], [(START + 4000, 1)])
        job = exports.job(path="", devices=(FRIDGE, WASHER))
        codes = {
            limit: {one["code"] for one in preview(job, recorder.connect, limit).warnings}
            for limit in (5, 100)
        }
        assert codes == {5: set(), 100: set()}
        silent = exports.job(path="", devices=(WASHER,), end=START + 60)
        (told,) = preview(silent, recorder.connect, 5).warnings
        assert told["code"] == "NO_READINGS"

    def test_warns_of_nothing_that_is_hidden(self, recorder, exports):
        recorder.add(POWER, [])
        job = exports.job(path="", privacy=Privacy(hash_device_identifiers=True, key="00" * 32))
        (told,) = preview(job, recorder.connect, 5).warnings
        assert told["about"] == "device-1"

    def test_fails_with_a_code(self, exports):
        engine = create_engine("sqlite://")
        with pytest.raises(ExportError) as failed:
            preview(exports.job(path=""), engine.connect, 5)
        assert failed.value.code is ErrorCode.DATABASE_ERROR
