"""The action that puts energy right: who may, what it refuses, and who follows."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.core import Context
from homeassistant.helpers import device_registry as dr

from custom_components.med_exporter.audit import DATA_AUDIT
from custom_components.med_exporter.audit.events import EventType
from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.database import DatabaseUnavailableError, queue_work
from custom_components.med_exporter.errors import InvalidRequest, NotAllowedError
from custom_components.med_exporter.statistics import SumsWriter
from tests.costs.conftest import FLAT
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_homeassistant_custom_component.common import MockUser

OTHER = plug(2)
RANGE = {"start": "2026-11-18", "end": "2026-11-18"}
ASKED = {"meter": "Plug 1", **RANGE, "operation": "set", "value": 12, "reason": "A spike"}


@pytest.fixture
async def house(paper_house: House) -> House:
    """Ten days of one plug that uses 4.8 kWh a day, and another that uses nothing."""
    entry = paper_house.add_point("house", plug(), OTHER)
    paper_house.contracts(entry, FLAT)
    registry = dr.async_get(paper_house.hass)
    for one in (plug(), OTHER):
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, one.plug_id)},
            name=one.name,
        )
    await paper_house.use(plug(), since(10), NOON, 0.1)
    await paper_house.settle()
    return paper_house


async def correct(house: House, **asked: Any) -> dict[str, Any]:
    answer = await house.hass.services.async_call(
        DOMAIN, "correct_energy", asked, blocking=True, return_response=True
    )
    await house.settle()
    return answer


async def test_ledger_destinations_and_costs_follow_there_and_back(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.push(runtime)
    cost = shelf.final(series="cost")["2026-11-18"]
    answer = await correct(house, **ASKED)
    assert (answer["kwh_before"], answer["kwh_after"]) == (4.8, 12.0)
    assert (answer["start"], answer["end"]) == ("2026-11-17T23:00:00Z", "2026-11-18T23:00:00Z")
    shelf.clear()
    await house.push(runtime)
    assert shelf.final() == {"2026-11-18": 12.0, "2026-11-19": 4.8}
    assert shelf.final(series="cost")["2026-11-18"] == pytest.approx(cost * 2.5)
    await correct(house, meter="Plug 1", **RANGE, **answer["undo"], reason="It was none")
    shelf.clear()
    await house.push(runtime)
    assert shelf.final() == {"2026-11-18": 4.8, "2026-11-19": 4.8}
    assert shelf.final(series="cost")["2026-11-18"] == pytest.approx(cost)


async def test_what_was_removed_comes_back_to_destinations_as_it_was(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DETAILED])
    evening = {"start": "2026-11-18T18:00:00", "end": "2026-11-18T20:00:00"}
    await correct(house, **{**ASKED, **evening})
    await house.push(runtime)
    before = shelf.final(series="consumption_detailed")
    answer = await correct(house, meter="Plug 1", **RANGE, operation="remove", reason="A test")
    shelf.clear()
    await house.push(runtime)
    gone = shelf.final(series="consumption_detailed")
    assert not any(kwh for half_hour, kwh in gone.items() if half_hour.startswith("2026-11-18"))
    stretch = {"start": answer["start"], "end": answer["end"]}
    await correct(house, meter="Plug 1", **stretch, **answer["undo"], reason="Back")
    shelf.clear()
    await house.push(runtime)
    after = shelf.final(series="consumption_detailed")
    assert after == {half_hour: before[half_hour] for half_hour in after}
    assert sum(kwh > 1 for kwh in after.values()) == 4


async def test_the_audit_log_has_who_what_and_why(house: House, hass_admin_user: MockUser) -> None:
    await house.hass.services.async_call(
        DOMAIN, "correct_energy", ASKED, blocking=True, context=Context(user_id=hass_admin_user.id)
    )
    await house.committed()
    (event,), _ = await house.hass.data[DATA_AUDIT].async_list(
        event_types=[EventType.ENERGY_CORRECTED]
    )
    assert (event.user_id, event.subject) == (hass_admin_user.id, "Plug 1")
    assert event.details["reason"] == "A spike"
    assert (event.details["kwh_before"], event.details["kwh_after"]) == (4.8, 12.0)


async def test_only_administrators_may(house: House, hass_read_only_user: MockUser) -> None:
    with pytest.raises(NotAllowedError):
        await house.hass.services.async_call(
            DOMAIN,
            "correct_energy",
            {},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"meter": "Nobody"}, "meter"),
        ({"meter": None}, "meter"),
        ({"meter": None, "pdl": "house"}, "meter"),
        ({"pdl": "nowhere"}, "pdl"),
        ({"start": None}, "start"),
        ({"start": "soon"}, "start"),
        ({"start": "2026-11-18T00:10:00"}, "start"),
        ({"end": "2026-11-18T12:01:00"}, "end"),
        ({"end": "2026-11-17T12:00:00"}, "start"),
        ({"start": "2026-11-21", "end": "2026-11-22"}, "start"),
        ({"start": "2025-01-01", "end": "2026-11-18"}, "end"),
        ({"operation": "double"}, "operation"),
        ({"operation": "remove"}, "value"),
        ({"value": None}, "value"),
        ({"value": -1_000_001}, "value"),
        ({"operation": "scale", "value": -1}, "value"),
        ({"operation": "scale", "value": 1e6}, "value"),
        ({"reason": " "}, "reason"),
        ({"why": "so"}, "why"),
    ],
)
async def test_a_mistake_is_told_at_its_field(house: House, asked: dict, field: str) -> None:
    values = {key: value for key, value in {**ASKED, **asked}.items() if value is not None}
    with pytest.raises(InvalidRequest) as raised:
        await correct(house, **values)
    assert raised.value.field == field


async def test_what_still_runs_is_left_out(house: House) -> None:
    asked = {**ASKED, "start": "2026-11-20", "end": "2026-11-20"}
    answer = await correct(house, **asked)
    assert answer["end"] == "2026-11-20T11:00:00Z"


async def test_the_day_on_which_the_clock_is_set_back_has_25_hours(house: House) -> None:
    asked = {**ASKED, "start": "2026-10-25", "end": "2026-10-25", "value": 5}
    answer = await correct(house, **asked)
    assert (answer["start"], answer["end"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.push(runtime)
    assert shelf.final()["2026-10-25"] == 5
    assert shelf.final(series="cost")["2026-10-25"] == pytest.approx(5 * 0.25)


class TestABusyDatabase:
    """The recorder's thread waits for minutes where another program holds the database."""

    @pytest.fixture
    async def held(self, house: House) -> AsyncIterator[Event]:
        """What holds the recorder's thread until it is set."""
        let_go = Event()
        yield let_go
        let_go.set()
        await house.committed()

    async def test_who_asks_is_told_soon_and_nothing_is_changed_later(
        self, house: House, held: Event
    ) -> None:
        queue_work(house.hass, None, lambda _: held.wait())
        asking = asyncio.ensure_future(correct(house, **ASKED))
        began = house.hass.loop.time()
        while not asking.done():
            house.freezer.tick(1)
            await asyncio.sleep(0)
        assert house.hass.loop.time() - began < 60
        with pytest.raises(DatabaseUnavailableError) as refused:
            await asking
        assert refused.value.translation_key == "database_busy"
        held.set()
        await house.settle()
        events, _ = await house.hass.data[DATA_AUDIT].async_list(
            event_types=[EventType.ENERGY_CORRECTED]
        )
        assert events == []
        shelf = Shelf()
        await house.push(await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY]))
        assert shelf.final()["2026-11-18"] == 4.8

    async def test_what_is_corrected_says_that_the_statistics_follow(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def busy(_: object) -> None:
            house.freezer.tick(60)
            await asyncio.Event().wait()

        with monkeypatch.context() as patched:
            patched.setattr(SumsWriter, "async_write", busy)
            answer = await house.hass.services.async_call(
                DOMAIN, "correct_energy", ASKED, blocking=True, return_response=True
            )
        assert (answer["kwh_after"], answer["statistics_pending"]) == (12.0, True)
        await house.settle()
        assert (await correct(house, **ASKED))["kwh_before"] == 12.0


async def test_a_plug_is_set_to_nothing_at_least(house: House) -> None:
    (entry,) = house.hass.config_entries.async_entries(DOMAIN)
    plugs = {one: {**its, "mac": one} for one, its in entry.data["plugs"].items()}
    house.hass.config_entries.async_update_entry(entry, data={**entry.data, "plugs": plugs})
    with pytest.raises(InvalidRequest) as raised:
        await correct(house, **{**ASKED, "value": -1})
    told = raised.value.translation_placeholders or {}
    assert (raised.value.field, told["low"]) == ("value", "0")
    assert (await correct(house, **{**ASKED, "value": 0}))["kwh_after"] == 0
