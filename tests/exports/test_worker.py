"""The engine as a process, against a recorder whose database is a file."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from homeassistant.components.recorder.db_schema import States, StatesMeta
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.engine.errors import ExportError
from custom_components.med_exporter.engine.job import Job, JobDevice
from custom_components.med_exporter.exports.worker import async_run_job
from custom_components.med_exporter.history.records import ExportStatus
from tests.file_exports import add_plug, path_of, request, set_up
from tests.locks import any_waits, shows_who_waits

ENTITY_ID = "sensor.fridge_power"


@pytest.fixture
def recorder_db_url(tmp_path):
    """Keep the recorder's database in a file, which other processes can read."""
    return f"sqlite:///{tmp_path}/home-assistant_v2.db"


@pytest.fixture
def hass(hass_with_recorder):
    return hass_with_recorder


@pytest.fixture
def job(tmp_path):
    now = dt_util.utcnow().timestamp()
    return Job(
        export_type="device_data",
        format="csv",
        devices=(JobDevice(device_id="1", device_name="Fridge", entities={"power_w": ENTITY_ID}),),
        start=now - 10 * 86400,
        end=now + 60,
        timezone="UTC",
        aggregation="raw",
        fields=("timestamp", "power_w"),
        path=str(tmp_path / "fridge.csv"),
    )


async def store(hass, count, entity_id=ENTITY_ID):
    """Store states in the recorder's tables, the latest of them a second ago."""

    def write():
        now = dt_util.utcnow().timestamp()
        with session_scope(session=get_instance(hass).get_session()) as session:
            meta = StatesMeta(entity_id=entity_id)
            session.add(meta)
            session.flush()
            session.bulk_insert_mappings(
                States,
                [
                    {
                        "metadata_id": meta.metadata_id,
                        "state": str(number),
                        "last_updated_ts": now - 2 * (count - number),
                    }
                    for number in range(count)
                ],
            )

    await get_instance(hass).async_add_executor_job(write)


def engines():
    """Return the engine processes that this process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and b"engine/__main__.py" in command:
            found.append((int(folder.name), command))
    return found


def has_begun(path):
    return Path(f"{path}.tmp.sqlite").exists()


async def started(path):
    """Wait until an engine has begun to write, and return it."""
    async with asyncio.timeout(20):
        while not has_begun(path):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.01)
    (engine,) = engines()
    return engine


async def test_the_engine_reads_what_the_recorder_holds_and_reports_its_progress(hass, job):
    await store(hass, 20_000)
    hass.states.async_set(ENTITY_ID, "99999")
    shares = []
    result = await async_run_job(hass, job, shares.append)
    file = path_of({"path": job.path})
    lines = file.read_text().splitlines()
    assert result.records == len(lines) - 1 == 20_001
    assert result.bytes == file.stat().st_size
    assert lines[-1].partition(",")[2].startswith("99999")
    assert shares == sorted(shares)
    assert shares[-1] == 100


async def test_an_error_of_the_engine_arrives_with_its_code(hass, job):
    await store(hass, 10)
    too_small = replace(job, max_records=5)
    with pytest.raises(ExportError) as error:
        await async_run_job(hass, too_small, lambda _: None)
    assert error.value.code == "TOO_MANY_RECORDS"


@shows_who_waits
async def test_one_processor_is_left_to_home_assistant(hass, job, monkeypatch):
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2)
    await store(hass, 100_000)
    jobs = [replace(job, path=f"{job.path}.{number}") for number in range(2)]
    running = asyncio.gather(*(async_run_job(hass, one, lambda _: None) for one in jobs))
    async with asyncio.timeout(20):
        while not await hass.async_add_executor_job(one_waits):
            assert not running.done()
    assert [result.records for result in await running] == [100_000, 100_000]


def one_waits():
    """Tell whether one of the engines waits for another's turn to end."""
    return any_waits([pid for pid, _ in engines()])


async def test_an_engine_that_dies_is_an_error(hass, job):
    await store(hass, 100_000)
    running = asyncio.create_task(async_run_job(hass, job, lambda _: None))
    pid, _ = await started(job.path)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ExportError) as error:
        await running
    assert error.value.code == "INTERNAL_ERROR"


async def test_a_cancelled_engine_is_gone_at_once(hass, job):
    await store(hass, 100_000)
    running = asyncio.create_task(async_run_job(hass, job, lambda _: None))
    await started(job.path)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not engines()
    assert not path_of({"path": job.path}).exists()


async def test_no_secret_is_on_the_command_line(hass, job, tmp_path):
    await store(hass, 100_000)
    running = asyncio.create_task(async_run_job(hass, job, lambda _: None))
    _, command = await started(job.path)
    assert str(tmp_path).encode() not in command
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_cancelled_export_leaves_no_process_and_no_file(hass, tmp_path):
    jobs = await set_up(hass, tmp_path)
    fridge = add_plug(hass, "Fridge", "192.168.1.100")
    await store(hass, 100_000, fridge.entities["power_w"])
    record = await jobs.async_create(request(date_range="last_30_days"), user=None, trigger="http")
    await started(record.path)
    cancelled = await jobs.async_cancel(record.id, user=None)
    assert cancelled.status is ExportStatus.CANCELLED
    assert not engines()
    assert not list((tmp_path / "med_exporter" / "exports").iterdir())
