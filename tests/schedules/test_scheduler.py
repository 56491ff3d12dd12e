"""Every due time runs once: over clock changes, stops, full queues and a changed time zone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.errors import (
    InvalidRequest,
    NotStoredError,
    TooManyExportsError,
)
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.schedules import request as request_module
from custom_components.med_exporter.schedules.scheduler import ScheduleNotFoundError, Scheduler

PARIS = ZoneInfo("Europe/Paris")
EXPORT = {"export_type": "device_data", "format": "csv", "date_range": "yesterday"}
DAILY = {"name": "Daily", "schedule": "30 2 * * *", "export_config": EXPORT}


class Jobs:
    """Stands in for the making of files, and notes for when each was wanted."""

    def __init__(self) -> None:
        self.due: list[datetime] = []
        self.failed: list[str] = []
        self.errors: list[Exception] = []
        self.outcomes: list[Any] = []
        self.held: asyncio.Event | None = None

    async def async_create(self, request, *, user, trigger, now):
        assert (user, trigger) == (None, "schedule")
        if self.errors:
            raise self.errors.pop(0)
        self.due.append(now)
        return ExportRecord(
            id=f"export-{len(self.due)}",
            kind=ExportKind.FILE,
            status=ExportStatus.COMPLETED,
            trigger=trigger,
            created_at=dt_util.utcnow(),
        )

    async def async_outcome(self, export_id):
        if self.held is not None:
            await self.held.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else {}
        if isinstance(outcome, Exception):
            raise outcome
        record = ExportRecord(
            id=export_id,
            kind=ExportKind.FILE,
            status=ExportStatus.COMPLETED,
            trigger="schedule",
            created_at=dt_util.utcnow(),
        )
        return replace(record, **outcome), {}

    def fail(self, request, error, *, trigger):
        self.failed.append(error.code)


class Deliveries:
    """Stands in for the way to the readers, and notes what is handed over."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, datetime]] = []

    def has_taken(self, schedule_id, due):
        return (schedule_id, due) in self.taken

    async def async_deliver(self, record, delivery, *, schedule_id, due, **_):
        self.taken.append((schedule_id, due))

    async def async_forget(self, schedule_id):
        pass


class Audit:
    """Notes what is recorded."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def record(self, event_type, *, user, subject, details):
        self.events.append((event_type.value, details["change"]))


class House:
    """A scheduler whose clock a test moves."""

    def __init__(self, hass, frozen) -> None:
        self.hass = hass
        self.frozen = frozen
        self.jobs, self.deliveries, self.audit = Jobs(), Deliveries(), Audit()

    async def start(self) -> None:
        """Begin a life, with what an earlier one has stored."""
        self.scheduler = Scheduler(self.hass, self.jobs, self.deliveries, self.audit)
        await self.scheduler.async_setup()
        await self.settle()

    async def stop(self) -> None:
        """End a life at once."""
        self.scheduler._schedules = {}
        self.scheduler._plan()

    async def restart(self, moment: datetime) -> None:
        """End a life, and begin another one at a time that may be earlier."""
        await self.stop()
        self.frozen.move_to(moment)
        await self.start()

    async def at(self, moment: datetime) -> None:
        """Let it be a time, with all that happens then."""
        self.frozen.move_to(moment)
        async_fire_time_changed(self.hass, moment)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(4):
            await self.hass.async_block_till_done()
            await asyncio.sleep(0)

    async def create(self, **changes: Any):
        return await self.scheduler.async_create({**DAILY, **changes}, user=None)

    def issues(self) -> list[str]:
        known = ir.async_get(self.hass).issues
        return [issue for domain, issue in known if domain == DOMAIN]


@pytest.fixture
async def house(hass, monkeypatch):
    """A house in Paris at noon on the last day of 2025; requests are not looked at."""

    async def any_request(hass, value):
        pass

    monkeypatch.setattr(request_module, "_async_check_export", any_request)
    await hass.config.async_set_time_zone("Europe/Paris")
    with freeze_time(datetime(2025, 12, 31, 12, tzinfo=PARIS)) as frozen:
        house = House(hass, frozen)
        await house.start()
        yield house
        await house.stop()


def local(month: int, day: int, hour: int = 0, minute: int = 0, **more: Any) -> datetime:
    """Return a time in Paris in 2026, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS, **more).astimezone(UTC)


async def test_a_year_of_daily_runs_misses_none_and_doubles_none(house):
    # At half past two, which a night in March skips and one in October has twice.
    await house.create()
    day = date(2026, 1, 1)
    while day.year == 2026:
        for minute in (29, 30, 90):
            moment = datetime.combine(day, time(2), PARIS).astimezone(UTC)
            await house.at(moment + timedelta(minutes=minute))
        day += timedelta(days=1)
    days = [due.astimezone(PARIS).date() for due in house.jobs.due]
    assert days == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    shown = {due.astimezone(PARIS).strftime("%H:%M") for due in house.jobs.due}
    assert shown == {"02:30", "03:00"}
    assert house.jobs.due[87].astimezone(PARIS) == datetime(2026, 3, 29, 3, 0, tzinfo=PARIS)
    assert [due for _, due in house.deliveries.taken] == house.jobs.due


async def test_a_run_at_the_end_of_a_stretch_belongs_to_the_next_one(house):
    schedule = await house.create()
    due = [local(1, day, 2, 30) for day in (2, 3, 4)]
    assert list(house.scheduler.due_between(schedule, due[0], due[2])) == due[:2]


async def test_a_year_in_which_nothing_wakes_it_but_its_own_timer(house):
    await house.create(schedule="0 9 1 * *")
    moment = local(1, 1)
    while moment < local(12, 31):
        await house.at(moment)
        moment += timedelta(hours=12)
    shown = [due.astimezone(PARIS).strftime("%m-%d %H:%M") for due in house.jobs.due]
    assert shown == [f"{month:02}-01 09:00" for month in range(1, 13)]


class TestStops:
    async def test_what_was_missed_is_made_up_once_for_the_time_it_was_due(self, house):
        await house.create()
        await house.stop()
        house.frozen.move_to(local(1, 5, 18))
        await house.start()
        assert house.jobs.due == [local(1, 5, 2, 30)]
        await house.at(local(1, 5, 19))
        await house.stop()
        await house.start()
        assert house.jobs.due == [local(1, 5, 2, 30)]
        await house.at(local(1, 6, 2, 30))
        assert house.jobs.due[1:] == [local(1, 6, 2, 30)]

    async def test_a_run_that_a_stop_has_ended_is_made_up_once(self, house):
        await house.create()
        house.jobs.held = asyncio.Event()
        await house.at(local(1, 1, 2, 30))
        await house.stop()
        house.jobs.held = None
        await house.start()
        assert house.jobs.due == [local(1, 1, 2, 30)] * 2
        assert len(house.deliveries.taken) == 1
        await house.stop()
        await house.start()
        assert len(house.jobs.due) == 2

    async def test_a_file_that_was_handed_over_before_the_stop_is_not_made_again(self, house):
        schedule = await house.create()
        house.jobs.held = asyncio.Event()
        await house.at(local(1, 1, 2, 30))
        await house.stop()
        house.deliveries.taken.append((schedule.id, local(1, 1, 2, 30)))
        await house.start()
        assert len(house.jobs.due) == 1
        assert house.scheduler.get(schedule.id).under_way is None

    async def test_nothing_is_made_up_while_it_is_disabled(self, house):
        schedule = await house.create()
        await house.scheduler.async_update(schedule.id, {"enabled": False}, user=None)
        assert house.scheduler.next_run(house.scheduler.get(schedule.id)) is None
        await house.at(local(1, 3, 12))
        await house.scheduler.async_update(schedule.id, {"enabled": True}, user=None)
        await house.settle()
        assert house.jobs.due == []
        await house.at(local(1, 4, 2, 30))
        assert house.jobs.due == [local(1, 4, 2, 30)]

    async def test_a_clock_set_back_repeats_nothing(self, house):
        await house.create()
        await house.at(local(1, 1, 2, 30))
        await house.at(local(1, 1, 1, 0))
        await house.at(local(1, 1, 2, 30))
        assert house.jobs.due == [local(1, 1, 2, 30)]

    async def test_a_clock_that_was_a_year_ahead_for_long_keeps_no_run_away(self, house):
        await house.create()
        await house.at(local(1, 1) + timedelta(days=365))
        early = len(house.jobs.due)
        await house.restart(local(1, 1))
        for day in (1, 2):
            await house.at(local(1, day, 2, 30))
        assert house.jobs.due[early:] == [local(1, 1, 2, 30), local(1, 2, 2, 30)]

    async def test_another_time_zone_holds_at_once(self, house, hass):
        schedule = await house.create(schedule="0 9 * * *")
        await hass.config.async_update(time_zone="America/New_York")
        await house.settle()
        next_run = house.scheduler.next_run(schedule)
        assert next_run == datetime(2025, 12, 31, 14, tzinfo=UTC)
        await house.at(next_run)
        assert house.jobs.due == [next_run]
        await hass.config.async_update(time_zone="Europe/Paris")


class TestTrouble:
    async def test_a_full_queue_is_waited_for(self, house):
        house.jobs.errors = [TooManyExportsError(23)] * 2
        await house.create()
        await house.at(local(1, 1, 2, 30))
        assert house.jobs.due == []
        await house.at(local(1, 1, 2, 36))
        await house.at(local(1, 1, 2, 47))
        assert house.jobs.due == [local(1, 1, 2, 30)]
        assert house.issues() == []

    @pytest.mark.parametrize(
        "outcome",
        [
            {"status": ExportStatus.FAILED, "error_code": "DATABASE_ERROR"},
            DatabaseUnavailableError(),
        ],
    )
    async def test_a_database_that_is_away_is_waited_for(self, house, outcome):
        house.jobs.outcomes = [outcome]
        await house.create()
        await house.at(local(1, 1, 2, 30))
        assert house.deliveries.taken == []
        await house.at(local(1, 1, 2, 36))
        assert len(house.deliveries.taken) == 1

    async def test_that_does_not_end_is_told_and_does_not_end_the_schedule(self, house):
        house.jobs.errors = [TooManyExportsError(23)] * 10
        schedule = await house.create()
        for hour in range(24):
            await house.at(local(1, 1, 2, 30) + timedelta(hours=hour))
        assert house.jobs.failed == ["TOO_MANY_EXPORTS"]
        assert house.issues() == [f"schedule_failed_{schedule.id}"]
        await house.at(local(1, 2, 2, 30))
        assert house.jobs.due == [local(1, 2, 2, 30)]

    async def test_devices_that_are_gone_are_told(self, house):
        house.jobs.errors = [InvalidRequest("UNKNOWN_DEVICE", "no_device", field="devices")]
        schedule = await house.create()
        await house.at(local(1, 1, 2, 30))
        assert house.jobs.failed == ["UNKNOWN_DEVICE"]
        assert house.issues() == [f"schedule_failed_{schedule.id}"]
        await house.scheduler.async_update(schedule.id, {"name": "Mended"}, user=None)
        assert house.issues() == []

    async def test_a_mistake_of_ours_does_not_end_the_schedule(self, house, caplog):
        house.jobs.errors = [RuntimeError("ours")]
        await house.create()
        await house.at(local(1, 1, 2, 30))
        assert "ours" in caplog.text
        assert len(house.issues()) == 1
        await house.at(local(1, 2, 2, 30))
        assert house.jobs.due == [local(1, 2, 2, 30)]


class TestKeeping:
    async def test_each_change_is_stored_and_recorded(self, house):
        schedule = await house.create(delivery={"method": "none"})
        await house.scheduler.async_update(schedule.id, {"schedule": "0 4 * * 1"}, user=None)
        await house.stop()
        await house.start()
        (stored,) = house.scheduler.schedules()
        assert (stored.name, stored.schedule) == ("Daily", "0 4 * * 1")
        assert house.scheduler.next_run(stored) == local(1, 5, 4)
        await house.scheduler.async_delete(schedule.id, user=None)
        await house.stop()
        await house.start()
        assert house.scheduler.schedules() == []
        with pytest.raises(ScheduleNotFoundError):
            house.scheduler.get(schedule.id)
        changes = [change for _, change in house.audit.events]
        assert changes == ["created", "changed", "deleted"]

    async def test_a_run_can_be_started_at_any_time(self, house):
        schedule = await house.create(enabled=False)
        record = await house.scheduler.async_run_now(schedule.id, user=None)
        await house.settle()
        now = local(1, 1) - timedelta(hours=12)
        assert house.jobs.due == [now]
        assert house.deliveries.taken == [(schedule.id, now)]
        assert house.scheduler.get(schedule.id).last_export_id == record.id

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": None}, "name"),
            ({"schedule": "0 9 * *"}, "schedule"),
            ({"schedule": "0 25 * * *"}, "schedule"),
            ({"schedule": "0 0 31 2 *"}, "schedule"),
            ({"schedule": 5}, "schedule"),
            ({"enabled": "yes"}, "enabled"),
            ({"delivery": {"method": "pigeon"}}, "delivery.method"),
            ({"colour": "blue"}, "colour"),
        ],
    )
    async def test_a_mistake_is_named_at_its_field_and_nothing_is_kept(self, house, changes, field):
        with pytest.raises(InvalidRequest) as refused:
            await house.create(**changes)
        assert refused.value.field == field
        assert house.scheduler.schedules() == []


@pytest.fixture
def fill_disk(house):
    """Return a function after which nothing is written, as Home Assistant finds it then."""
    # Undone before the test kit's own storage goes, which it is put upon.
    full = patch.object(Store, "_async_write_data", side_effect=WriteError("No space left"))
    yield full.start
    full.stop()


async def test_on_a_full_disk_nothing_is_claimed_that_a_restart_forgets(house, fill_disk):
    kept = await house.create(name="Kept")
    fill_disk()
    with pytest.raises(NotStoredError):
        await house.create(name="Forgotten")
    with pytest.raises(NotStoredError):
        await house.scheduler.async_update(kept.id, {"name": "x" * 100}, user=None)
    with pytest.raises(NotStoredError):
        await house.scheduler.async_delete(kept.id, user=None)
    claimed = house.scheduler.schedules()
    await house.stop()
    await house.start()
    assert house.scheduler.schedules() == claimed == [kept]
    assert house.audit.events == [("schedule_changed", "created")]
