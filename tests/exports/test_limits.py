"""Each limit: as much as is allowed is made, one more is refused or fails and leaves nothing."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import text

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.history.records import ExportStatus
from tests.file_exports import add_plug, request, set_up

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC).timestamp()
DAY = {"start": "2026-01-10", "end": "2026-01-10"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "med_exporter" / "exports"


@pytest.fixture
async def hass(hass_with_recorder):
    # Its day has room for all readings after NOON.
    await hass_with_recorder.config.async_set_time_zone("America/Los_Angeles")
    return hass_with_recorder


@pytest.fixture
async def jobs(hass, tmp_path):
    jobs = await set_up(hass, tmp_path)
    yield jobs
    await jobs.async_close()


@pytest.fixture
def fridge(jobs, hass):
    return add_plug(hass, "Fridge", "192.168.1.100")


def limit(hass, **options):
    """Set limits of the installation."""
    MockConfigEntry(domain=DOMAIN, data={"type": "installation"}, options=options).add_to_hass(hass)


async def ended(jobs, **changes):
    asked = request(**{"date_range": DAY, **changes})
    created = await jobs.async_create(asked, user=None, trigger="http")
    return await jobs.async_wait(created.id, 60)


async def record(hass, plug, count, after=0):
    """Let the recorder have `count` readings of a plug, the first `after` seconds past NOON."""
    plug.reads(power_w=1)
    instance = hass.data["recorder_instance"]
    await async_commit(hass)

    def write() -> None:
        with session_scope(session=instance.get_session()) as session:
            number = session.execute(
                text("SELECT metadata_id FROM states_meta WHERE entity_id = :name"),
                {"name": plug.entities["power_w"]},
            ).scalar()
            session.execute(
                text(
                    "INSERT INTO states (metadata_id, state, last_updated_ts) VALUES (:n, :s, :t)"
                ),
                [
                    {"n": number, "s": str(one), "t": NOON + 2 * (after + one)}
                    for one in range(count)
                ],
            )

    await instance.async_add_executor_job(write)


@pytest.mark.engine_in_thread
class TestInAThread:
    """The engine starts faster in a thread, and is the same."""

    @pytest.mark.parametrize("file_format", FORMATS)
    async def test_records(self, jobs, fridge, hass, folder, file_format):
        limit(hass, max_records_per_export=20, max_pdf_rows=30)
        await record(hass, fridge, 20)
        raw = {"format": file_format, "aggregation": "raw"}
        assert (await ended(jobs, **raw)).records == 20
        kept = sorted(folder.iterdir())
        await record(hass, fridge, 1, after=20)
        failed = await ended(jobs, **raw)
        assert (failed.status, failed.error_code) == (ExportStatus.FAILED, "TOO_MANY_RECORDS")
        assert sorted(folder.iterdir()) == kept

    async def test_rows_of_a_pdf_are_counted_before_where_they_can_be(self, jobs, fridge, hass):
        fridge.reads(power_w=1)
        limit(hass, max_pdf_rows=48)
        days = [(dt_util.now() - timedelta(days=back)).date().isoformat() for back in (3, 2, 1)]
        hourly = {"format": "pdf", "aggregation": "hourly"}
        made = await ended(jobs, date_range={"start": days[1], "end": days[2]}, **hourly)
        assert made.status is ExportStatus.COMPLETED
        with pytest.raises(InvalidRequest) as error:
            await ended(jobs, date_range={"start": days[0], "end": days[2]}, **hourly)
        assert (error.value.code, error.value.field) == ("TOO_MANY_PDF_ROWS", "format")

    async def test_rows_of_a_pdf_that_only_the_job_can_count(self, jobs, fridge, hass, folder):
        limit(hass, max_pdf_rows=5)
        await record(hass, fridge, 5)
        assert (await ended(jobs, format="pdf", aggregation="raw")).records == 5
        await record(hass, fridge, 1, after=5)
        failed = await ended(jobs, format="pdf", aggregation="raw")
        assert (failed.status, failed.error_code) == (ExportStatus.FAILED, "TOO_MANY_PDF_ROWS")

    async def test_days_of_a_range(self, jobs, fridge, hass):
        fridge.reads(power_w=1)
        limit(hass, max_date_range_days=30)
        days = {"start": "2026-01-01", "end": "2026-01-30"}
        assert (await ended(jobs, date_range=days)).status is ExportStatus.COMPLETED
        with pytest.raises(InvalidRequest) as error:
            await ended(jobs, date_range={**days, "end": "2026-01-31"})
        assert (error.value.code, error.value.field) == ("INVALID_DATE_RANGE", "date_range")

    @pytest.mark.parametrize("file_format", ["csv", "json"])
    async def test_size_of_a_file(self, jobs, fridge, hass, folder, file_format):
        # A megabyte is the lowest limit there is.
        limit(hass, max_file_size_mb=1)
        await record(hass, fridge, 3000)
        assert (await ended(jobs, format=file_format)).size < 2**20
        kept = sorted(folder.iterdir())
        await record(hass, fridge, 30_000, after=3000)
        failed = await ended(jobs, format=file_format)
        assert (failed.status, failed.error_code) == (ExportStatus.FAILED, "FILE_TOO_LARGE")
        assert sorted(folder.iterdir()) == kept


@pytest.fixture
def small_disk(folder):
    """Let the exports lie on a disk of 200 KB."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_disk_without_any_room_is_said_before_anything_is_promised(
    small_disk, jobs, fridge, hass_client
):
    (small_disk / "film").write_bytes(bytes(198 * 1024))
    client = await hass_client()
    answer = await client.post("/api/exports/create", json=request())
    assert answer.status == 507
    assert (await answer.json())["error_code"] == "NOT_STORED"
    assert (await (await client.get("/api/exports/history")).json())["total"] == 0
    assert [one.name for one in small_disk.iterdir()] == ["film"]


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_full_disk_fails_the_export_and_leaves_nothing(
    small_disk, jobs, fridge, hass, file_format
):
    await record(hass, fridge, 12_000)
    fields = ["timestamp", "device_id", "power_w"]
    failed = await ended(jobs, format=file_format, aggregation="raw", fields=fields)
    assert (failed.status, failed.error_code) == (ExportStatus.FAILED, "DISK_FULL")
    assert list(small_disk.iterdir()) == []
    again = await ended(jobs, date_range="yesterday")
    assert again.status is ExportStatus.COMPLETED
