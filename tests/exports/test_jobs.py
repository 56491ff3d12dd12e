from __future__ import annotations

import asyncio
import json
import stat
from datetime import timedelta
from unittest.mock import patch

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from sqlalchemy import delete

from custom_components.med_exporter.audit import DATA_AUDIT
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.engine.database.history_tables import exports_table
from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.entries.finding import metering_point_entries
from custom_components.med_exporter.errors import (
    ExportExpiredError,
    ExportFinishedError,
    ExportNotFoundError,
    ExportNotReadyError,
    InvalidRequest,
    TooManyExportsError,
)
from custom_components.med_exporter.exports import runner as runner_module
from custom_components.med_exporter.exports.jobs import JobManager
from custom_components.med_exporter.exports.worker import async_run_job
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import SIGNAL_EXPORT_FINISHED, ExportStatus
from custom_components.med_exporter.history.tables import SCHEMA
from custom_components.med_exporter.inventory import async_given_tables
from custom_components.med_exporter.settings import Settings
from tests.file_exports import KINDS, add_meter, add_plug, add_user, path_of, request

KEEP_FILES = Settings().keep_files
MAX_RUNNING = Settings().max_concurrent_exports
MAX_WAITING = Settings().max_waiting_exports


@pytest.fixture
def held():
    """Hold every export as soon as its engine is about to start, until the event is set."""
    released = asyncio.Event()

    async def hold(hass, job, on_progress):
        on_progress(40.0)
        await released.wait()
        return await async_run_job(hass, job, on_progress)

    with patch.object(runner_module, "async_run_job", hold):
        yield released


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "med_exporter" / "exports"


async def create(jobs, user=None, **changes):
    return await jobs.async_create(request(**changes), user=user, trigger="action")


async def complete(jobs, user=None, **changes):
    record = await create(jobs, user, **changes)
    return await jobs.async_wait(record.id, 30)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


class TestOneExport:
    @pytest.mark.parametrize("persistent_database", [True, False], ids=["in a file", "in memory"])
    async def test_is_queued_then_a_whole_file(self, jobs, fridge, folder):
        queued = await create(jobs)
        assert queued.status is ExportStatus.QUEUED
        record = await jobs.async_wait(queued.id, 30)
        assert record.status is ExportStatus.COMPLETED
        assert (record.records, record.size) == (1, path_of(record).stat().st_size)
        assert path_of(record).read_text().splitlines()[0] == (
            "timestamp,device_name,power_w,energy_kwh"
        )
        assert record.expires_at - record.completed_at == KEEP_FILES
        assert jobs.progress(record) == 100

    async def test_only_the_owner_can_read_its_file(self, jobs, fridge, folder):
        await complete(jobs)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    async def test_its_files_name_carries_type_range_and_house(self, jobs, fridge):
        days = {"start": "2026-01-01", "end": "2026-01-31"}
        record = await complete(jobs, date_range=days, performance_options={"compression": True})
        name = path_of(record).name
        assert name == f"device_data_2026-01-01_2026-01-31_fridge_{record.id[:8]}.csv.gz"

    @pytest.mark.parametrize(
        ("house", "shown"),
        [("../../etc/É té\n", "_etc_e_te"), ("", ""), ("?!", ""), ("x" * 99, f"_{'x' * 40}")],
    )
    async def test_any_name_of_a_house_is_safe(self, jobs, fridge, hass, house, shown):
        (entry,) = [one for one in hass.config_entries.async_entries(DOMAIN) if "pdl" in one.data]
        hass.config_entries.async_update_entry(entry, data={**entry.data, "name": house})
        days = {"start": "2026-01-01", "end": "2026-01-31"}
        record = await complete(jobs, date_range=days)
        name = path_of(record).name
        assert name == f"device_data_2026-01-01_2026-01-31{shown}_{record.id[:8]}.csv"

    async def test_a_file_with_privacy_does_not_name_the_house(self, jobs, fridge):
        privacy = {"anonymize_ip_addresses": True}
        record = await complete(jobs, privacy_options=privacy)
        assert "fridge" not in path_of(record).name

    async def test_sees_what_the_recorder_has_not_committed_yet(self, jobs, fridge):
        fridge.reads(power_w=1234)
        record = await complete(jobs)
        assert "1234" in path_of(record).read_text()

    async def test_is_waited_for_when_not_in_the_background(self, jobs, fridge):
        record = await create(jobs, performance_options={"background_processing": False})
        assert record.status is ExportStatus.COMPLETED

    async def test_that_fails_says_why_and_leaves_nothing(self, jobs, fridge, folder):
        async def fail(hass, job, on_progress):
            (folder / f"{path_of({'path': job.path}).name}.part").touch()
            raise ExportError(ErrorCode.TOO_MANY_RECORDS, "Too many")

        with patch.object(runner_module, "async_run_job", fail):
            record = await complete(jobs)
        assert record.status is ExportStatus.FAILED
        assert (record.error_code, record.error_message) == ("TOO_MANY_RECORDS", "Too many")
        assert not files(folder)
        with pytest.raises(ExportNotReadyError):
            await jobs.async_file(record.id, user=None)

    async def test_with_a_bug_in_it_fails_too(self, jobs, fridge, caplog):
        with patch.object(runner_module, "async_run_job", side_effect=ZeroDivisionError):
            record = await complete(jobs)
        assert (record.status, record.error_code) == (ExportStatus.FAILED, "INTERNAL_ERROR")
        caplog.clear()

    async def test_is_announced_once(self, jobs, fridge, hass):
        finished = []

        @callback
        def note(record):
            finished.append(record)

        async_dispatcher_connect(hass, SIGNAL_EXPORT_FINISHED, note)
        record = await complete(jobs)
        assert [one.id for one in finished] == [record.id]

    async def test_counts_its_downloads(self, jobs, fridge):
        record = await complete(jobs)
        await jobs.async_count_download(record.id, user=None)
        await jobs.async_count_download(record.id, user=None)
        assert (await jobs.async_get(record.id, user=None)).downloads == 2


class TestDevices:
    @pytest.mark.parametrize(
        "name", ["192.168.1.100", "AA:BB:CC:DD:EE:01", "fridge", "pdl-aabbccddee01"]
    )
    async def test_go_by_several_names(self, jobs, fridge, name):
        assert (await complete(jobs, devices=[name])).records == 1

    async def test_that_do_not_exist_are_refused(self, jobs, fridge):
        with pytest.raises(InvalidRequest) as error:
            await create(jobs, devices=["Fridge", "Oven"])
        assert (error.value.code, error.value.field) == ("UNKNOWN_DEVICE", "devices")
        assert "Oven" in str(error.value)
        assert await jobs.async_list(user=None, limit=10, offset=0) == ([], 0)

    async def test_of_one_name_are_refused_with_their_ids(self, jobs, fridge, hass):
        other = add_plug(hass, "Fridge", "192.168.1.101", "aabbccddee02")
        with pytest.raises(InvalidRequest) as error:
            await create(jobs, devices=["Fridge"])
        assert error.value.code == "AMBIGUOUS_DEVICE"
        assert fridge.device_id in str(error.value)
        assert other.device_id in str(error.value)

    @pytest.mark.parametrize("kind", KINDS)
    async def test_that_a_user_may_not_read_are_as_unknown(self, jobs, fridge, hass, kind):
        oven = KINDS[kind](hass, "Oven")
        add_meter(hass, "Linky", "linky:house")
        user = add_user(hass, *oven.entities.values())
        with pytest.raises(InvalidRequest) as error:
            await create(jobs, user, devices=["Fridge"])
        assert error.value.code == "UNKNOWN_DEVICE"
        with pytest.raises(InvalidRequest):
            await create(jobs, user, devices=["linky:house"])
        oven.reads(power_w=2000)
        record = await complete(jobs, user, devices="all")
        assert "Oven" in path_of(record).read_text()
        assert "Fridge" not in path_of(record).read_text()
        assert "Linky" not in path_of(record).read_text()

    async def test_there_has_to_be_one(self, jobs):
        with pytest.raises(InvalidRequest) as error:
            await create(jobs)
        assert error.value.code == "UNKNOWN_DEVICE"


class TestQueue:
    async def test_runs_a_few_at_once_and_lets_others_wait(self, jobs, fridge, held):
        ids = [(await create(jobs)).id for _ in range(MAX_RUNNING + MAX_WAITING)]
        statuses = [(await jobs.async_get(one, user=None)).status for one in ids]
        assert (
            statuses == [ExportStatus.RUNNING] * MAX_RUNNING + [ExportStatus.QUEUED] * MAX_WAITING
        )
        with pytest.raises(TooManyExportsError):
            await create(jobs)
        held.set()
        ended = [await jobs.async_wait(one, 30) for one in ids]
        assert {record.status for record in ended} == {ExportStatus.COMPLETED}
        starts = [record.started_at for record in ended]
        assert starts == sorted(starts)

    async def test_answers_when_the_history_has_the_export(self, jobs, fridge, held, hass):
        created = await create(jobs)
        assert created.id not in hass.data[DATA_HISTORY]._pending
        held.set()

    async def test_says_how_far_an_export_is(self, jobs, fridge, held):
        records = [await create(jobs) for _ in range(MAX_RUNNING + 1)]
        assert jobs.progress(records[0]) == 40
        assert jobs.progress(records[-1]) == 0
        now = dt_util.utcnow()
        assert jobs.estimated_completion(records[-1]) > now
        held.set()
        for record in records:
            ended = await jobs.async_wait(record.id, 30)
            assert jobs.estimated_completion(ended) is None

    async def test_makes_a_file_of_a_metering_points_id_of_now(self, jobs, fridge, hass):
        """One that runs while the id changes is made anew, one that waits is planned anew."""
        made, released = [], asyncio.Event()

        async def run(hass, job, on_progress):
            made.append((job.metadata["export_id"], [point.slug for point in job.points]))
            await released.wait()
            return await async_run_job(hass, job, on_progress)

        (entry,) = metering_point_entries(hass)
        with patch.object(runner_module, "async_run_job", run):
            ids = [(await create(jobs)).id for _ in range(MAX_RUNNING + 1)]
            await asyncio.sleep(0)
            before = [slugify(entry.data["pdl"])]
            assert made == [(one, before) for one in ids[:-1]]
            hass.config_entries.async_update_entry(entry, data={**entry.data, "pdl": "Right-1"})
            released.set()
            for one in ids:
                assert (await jobs.async_wait(one, 30)).status is ExportStatus.COMPLETED
        assert sorted(made[MAX_RUNNING:]) == sorted((one, ["right_1"]) for one in ids)

    async def test_waiting_ends_after_its_time(self, jobs, fridge, held):
        record = await create(jobs)
        assert (await jobs.async_wait(record.id, 0.01)).status is ExportStatus.RUNNING

    async def test_a_cancelled_export_leaves_nothing_and_makes_room(
        self, jobs, fridge, held, folder
    ):
        records = [await create(jobs) for _ in range(MAX_RUNNING + 2)]
        running, waiting = records[0], records[-1]
        for record in (waiting, running):
            cancelled = await jobs.async_cancel(record.id, user=None)
            assert cancelled.status is ExportStatus.CANCELLED
            with pytest.raises(ExportFinishedError):
                await jobs.async_cancel(record.id, user=None)
        following = await jobs.async_get(records[MAX_RUNNING].id, user=None)
        assert following.status is ExportStatus.RUNNING
        assert not files(folder)


class TestDeletedExports:
    async def test_go_with_their_files_and_their_place_in_the_history(self, jobs, fridge, folder):
        record = await complete(jobs)
        await jobs.async_delete(record.id, user=None)
        assert not files(folder)
        with pytest.raises(ExportNotFoundError):
            await jobs.async_get(record.id, user=None)

    async def test_are_stopped_first(self, jobs, fridge, held, folder):
        record = await create(jobs)
        await jobs.async_delete(record.id, user=None)
        with pytest.raises(ExportNotFoundError):
            await jobs.async_get(record.id, user=None)
        assert not files(folder)


class TestRights:
    async def test_a_user_sees_own_exports_only_and_an_administrator_all(self, jobs, fridge, hass):
        owner = add_user(hass, *fridge.entities.values())
        other = add_user(hass, *fridge.entities.values())
        administrator = add_user(hass, is_admin=True)
        record = await complete(jobs, owner)
        for call in (jobs.async_get, jobs.async_file, jobs.async_cancel, jobs.async_delete):
            with pytest.raises(ExportNotFoundError):
                await call(record.id, user=other)
        for user, count in ((owner, 1), (other, 0), (administrator, 1), (None, 1)):
            assert (await jobs.async_list(user=user, limit=10, offset=0))[1] == count
        assert await jobs.async_get(record.id, user=administrator) == record

    @pytest.mark.parametrize("export_id", ["export_12345", "", "\udcff", "0" * 1000])
    async def test_an_id_that_does_not_exist_is_not_found(self, jobs, export_id):
        with pytest.raises(ExportNotFoundError):
            await jobs.async_get(export_id, user=None)


class TestExpiry:
    async def test_a_file_goes_after_its_time(self, jobs, fridge, hass, folder, freezer):
        record = await complete(jobs)
        freezer.move_to(record.expires_at + timedelta(hours=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert not files(folder)
        assert (await jobs.async_get(record.id, user=None)).status is ExportStatus.EXPIRED
        with pytest.raises(ExportExpiredError):
            await jobs.async_file(record.id, user=None)

    async def test_holds_before_the_next_check_too(self, jobs, fridge):
        record = await complete(jobs)
        with patch.object(dt_util, "utcnow", return_value=record.expires_at):
            assert (await jobs.async_get(record.id, user=None)).status is ExportStatus.EXPIRED
            listed, _ = await jobs.async_list(user=None, limit=10, offset=0)
            assert listed[0].status is ExportStatus.EXPIRED

    async def test_a_file_that_somebody_took_away_is_expired(self, jobs, fridge):
        record = await complete(jobs)
        path_of(record).unlink()
        with pytest.raises(ExportExpiredError):
            await jobs.async_file(record.id, user=None)


class TestRestart:
    async def restarted(self, hass):
        jobs = JobManager(hass, hass.data[DATA_HISTORY], hass.data[DATA_AUDIT], async_given_tables)
        await jobs.async_setup()
        return jobs

    async def test_interrupts_what_is_under_way(self, jobs, fridge, held, hass, folder):
        records = [await create(jobs) for _ in range(MAX_RUNNING + 1)]
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        for record in records:
            ended = await jobs.async_get(record.id, user=None)
            assert (ended.status, ended.error_code) == (ExportStatus.INTERRUPTED, "INTERRUPTED")
        assert not files(folder)

    async def test_interrupts_an_export_that_is_cancelled_twice(self, jobs, fridge, held, folder):
        """Home Assistant cancels background tasks before it tells that it stops."""
        record = await create(jobs)
        (folder / f"{path_of(record).name}.part").touch()
        for task in asyncio.all_tasks():
            if record.id in task.get_name():
                task.cancel()
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await jobs.async_close()
        ended = await jobs.async_get(record.id, user=None)
        assert ended.status is ExportStatus.INTERRUPTED
        assert not files(folder)

    async def test_removes_what_a_killed_run_left(self, jobs, fridge, hass, folder):
        kept = [path_of(await complete(jobs)).name]
        name = "device_data_2026-01-01_2026-01-31_0123abcd.csv"
        for left in (f"{name}.part", f"{name}.tmp.sqlite", f"{name}.tmp.sqlite-journal", name):
            (folder / left).touch()
        (folder / f"{name}.about.json").write_text("{")
        (folder / "not ours.txt").touch()
        await self.restarted(hass)
        assert files(folder) == sorted([*kept, f"{kept[0]}.about.json", "not ours.txt"])

    async def test_finds_files_again_that_the_history_has_lost(self, jobs, fridge, hass):
        record = await complete(jobs)
        await queue_work(hass, SCHEMA, lambda connection: connection.execute(delete(exports_table)))
        again = await self.restarted(hass)
        assert await again.async_get(record.id, user=None) == record
        assert await again.async_file(record.id, user=None) == path_of(record)

    async def test_believes_a_whole_file_more_than_an_interrupted_record(self, jobs, fridge, hass):
        record = await complete(jobs)
        lost = await jobs.async_get(record.id, user=None)
        lost.status = ExportStatus.INTERRUPTED
        hass.data[DATA_HISTORY].save(lost)
        again = await self.restarted(hass)
        assert (await again.async_get(record.id, user=None)).status is ExportStatus.COMPLETED

    async def test_keeps_links_valid(self, jobs, fridge, hass):
        record = await complete(jobs)
        link = jobs.links.link(record.id)
        query = dict(part.split("=") for part in link.partition("?")[2].split("&"))
        again = await self.restarted(hass)
        assert again.links.is_valid(record.id, query["expires"], query["signature"])

    async def test_a_description_tells_no_more_than_the_history(self, jobs, fridge, folder):
        record = await complete(jobs)
        about = json.loads((folder / f"{path_of(record).name}.about.json").read_text())
        assert about["id"] == record.id
        assert about["path"] == path_of(record).name
