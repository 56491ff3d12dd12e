"""A destination that is down: pauses that grow, over restarts too, and a notice after a day."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.destinations.base import ASKED_LATER
from custom_components.med_exporter.destinations.mqtt.kind import MQTT
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.pushes.outage import Outage, issue_id
from tests.pushing import House, plug
from tests.shelf import Shelf, refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAILED, COMPLETED = ExportStatus.FAILED, ExportStatus.COMPLETED
INTERRUPTED = ExportStatus.INTERRUPTED


def record(at: datetime, status: ExportStatus = FAILED, code: str | None = "REFUSED") -> Any:
    return ExportRecord(
        id=str(uuid.uuid4()),
        kind=ExportKind.PUSH,
        status=status,
        trigger="automatic",
        created_at=at,
        started_at=at,
        completed_at=at,
        error_code=code if status is FAILED else None,
        error_message="It refused." if status is FAILED else None,
    )


@pytest.fixture
async def outage(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> AsyncIterator[Outage]:
    freezer.move_to(START)
    outage = Outage(hass, "id-1", "Broker", MQTT)
    yield outage
    outage.close()


def issue(hass: HomeAssistant, destination_id: str = "id-1") -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id(destination_id))


@pytest.mark.parametrize(("interval", "most"), [(15, 60), (60, 60), (360, 360), (1440, 1440)])
async def test_pauses_double_up_to_the_interval_or_an_hour(
    outage: Outage, interval: int, most: int
) -> None:
    pauses = []
    for _ in range(16):
        outage.note(record(START))
        retry = outage.retry_at(timedelta(minutes=interval))
        assert retry is not None
        pauses.append((retry - START) / timedelta(minutes=1))
    assert pauses == [min(2**number, most) for number in range(16)]
    outage.note(record(START, COMPLETED))
    assert outage.retry_at(HOUR) is None


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("30", 60), ("600", 600), ("86400", 3600)],
    ids=["sooner", "later", "tomorrow"],
)
@pytest.mark.parametrize("code", sorted(ASKED_LATER))
async def test_it_is_left_alone_as_long_as_it_asks_within_bounds(
    outage: Outage, code: str, asked: str, pause: int
) -> None:
    told = record(START, FAILED, code)
    told.warnings.append({"code": code, "message": "Later.", "placeholders": {"seconds": asked}})
    for life in (outage.note, lambda one: outage.restore([one])):
        outage.note(record(START, COMPLETED))
        life(told)
        assert outage.retry_at(HOUR) == START + timedelta(seconds=pause)


async def test_pauses_go_on_after_a_restart(outage: Outage) -> None:
    outage.restore(
        [
            record(START, INTERRUPTED),
            record(START - HOUR / 60),
            record(START - HOUR / 30),
            record(START - HOUR, COMPLETED),
            record(START - 2 * HOUR),
        ]
    )
    assert outage.since == START - HOUR / 30
    assert outage.retry_at(HOUR) == START - HOUR / 60 + timedelta(minutes=2)


async def test_a_run_that_fails_in_part_has_reached_it(outage: Outage) -> None:
    outage.note(record(START))
    outage.note(record(START, FAILED, "TOO_LARGE"))
    assert (outage.since, outage.retry_at(HOUR)) == (None, None)


async def test_after_a_day_there_is_a_notice_until_it_is_reached(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, outage: Outage
) -> None:
    outage.note(record(START))
    freezer.move_to(START + 23 * HOUR)
    outage.note(record(START + 23 * HOUR))
    assert issue(hass) is None
    freezer.move_to(START + 24 * HOUR)
    async_fire_time_changed(hass, START + 24 * HOUR)
    await hass.async_block_till_done()
    found = issue(hass)
    assert found is not None
    assert found.translation_placeholders is not None
    assert found.translation_placeholders["name"] == "Broker"
    assert found.translation_placeholders["error"] == "It refused."
    outage.note(record(START + 25 * HOUR, COMPLETED))
    assert issue(hass) is None


async def test_a_notice_survives_a_restart(hass: HomeAssistant, outage: Outage) -> None:
    outage.restore([record(START - HOUR), record(START - 25 * HOUR)])
    assert issue(hass) is not None


async def test_the_notice_goes_with_the_destination(paper_house: House) -> None:
    shelf = Shelf()
    runtime = await paper_house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await paper_house.hass.data[DATA_HISTORY].save(record(START - 30 * HOUR))
    runtime.outage.restore([record(START - 30 * HOUR)])
    assert issue(paper_house.hass, runtime.id) is not None
    await paper_house.hass.config_entries.async_remove(runtime.entry.entry_id)
    assert issue(paper_house.hass, runtime.id) is None


async def test_a_run_that_finds_it_down_begins_the_pauses(paper_house: House) -> None:
    paper_house.add_point("house", plug())
    shelf = Shelf()
    runtime = await paper_house.add_destination(shelf)
    shelf.fails = refuse()
    await paper_house.push(runtime)
    assert runtime.outage.since is not None
    shelf.fails = lambda _: None
    await paper_house.push(runtime)
    assert runtime.outage.since is None
