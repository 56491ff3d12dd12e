"""Automations that begin with the end of an export, or with a destination that is down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import trigger as triggers
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_get_device_automation_capabilities,
    async_get_device_automations,
)

from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.device_trigger import async_validate_trigger_config
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from tests.file_exports import request
from tests.pushing import House
from tests.shelf import Shelf, refuse

HOUR = timedelta(hours=1)


@pytest.fixture
async def house(hass_with_recorder, freezer, monkeypatch, tmp_path):
    hass_with_recorder.config.config_dir = str(tmp_path)
    house = House(hass_with_recorder, freezer, monkeypatch)
    await house.set_up()
    assert await async_setup_component(house.hass, "device_automation", {})
    yield house
    await house.hass.data[DATA_JOBS].async_close()


def device_of(hass, entry):
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


def installation_device(hass):
    return device_of(hass, entries_of_type(hass, EntryType.INSTALLATION)[0])


@pytest.fixture
def listen(house):
    """Return a function that attaches a trigger and returns what its actions are given."""

    async def listen(device_id, trigger_type, **more):
        fired = []

        async def action(variables, context=None):
            fired.append(variables["trigger"])

        config = {"platform": "device", "domain": DOMAIN, "device_id": device_id}
        checked = await triggers.async_validate_trigger_config(
            house.hass, [{**config, "type": trigger_type, **more}]
        )
        fired_by = await triggers.async_initialize_triggers(
            house.hass, checked, action, "automation", "a", lambda *_, **__: None
        )
        assert fired_by is not None
        fired.append(fired_by)
        return fired, fired.pop()

    return listen


async def push(house, runtime):
    await house.push(runtime)
    await house.hass.async_block_till_done()


async def pass_time(house, time):
    house.freezer.tick(time)
    async_fire_time_changed(house.hass, dt_util.utcnow())
    await house.hass.async_block_till_done()


class TestWhatThereIs:
    async def test_a_destination_has_those_of_its_pushes(self, house, hass):
        runtime = await house.add_destination(Shelf())
        found = await async_get_device_automations(
            hass, DeviceAutomationType.TRIGGER, device_of(hass, runtime.entry)
        )
        assert {one["type"] for one in found if one["domain"] == DOMAIN} == {
            "export_succeeded",
            "export_failed",
            "export_interrupted",
            "destination_down",
        }

    async def test_the_installation_has_those_of_all(self, house, hass):
        await house.add_destination(Shelf())
        found = await async_get_device_automations(
            hass, DeviceAutomationType.TRIGGER, installation_device(hass)
        )
        assert {one["type"] for one in found if one["domain"] == DOMAIN} == {
            "export_succeeded",
            "export_failed",
            "export_interrupted",
            "file_ready",
            "destination_down",
        }

    async def test_a_duration_is_asked_for_where_it_means_something(self, house, hass):
        runtime = await house.add_destination(Shelf())
        asked = {}
        for one in await async_get_device_automations(
            hass, DeviceAutomationType.TRIGGER, device_of(hass, runtime.entry)
        ):
            if one["domain"] == DOMAIN:
                capabilities = await async_get_device_automation_capabilities(
                    hass, DeviceAutomationType.TRIGGER, one
                )
                asked[one["type"]] = [each["name"] for each in capabilities["extra_fields"]]
        assert asked.pop("destination_down") == ["for"]
        assert set(map(len, asked.values())) == {0}

    async def test_one_that_a_device_does_not_have_is_refused(self, house, hass):
        runtime = await house.add_destination(Shelf())
        config = {
            "platform": "device",
            "domain": DOMAIN,
            "device_id": device_of(hass, runtime.entry),
            "type": "file_ready",
        }
        with pytest.raises(InvalidDeviceAutomationConfig):
            await async_validate_trigger_config(hass, config)


class TestExports:
    @pytest.fixture(params=["destination", "installation"])
    def device(self, request, house, hass):
        def device(runtime):
            if request.param == "installation":
                return installation_device(hass)
            return device_of(hass, runtime.entry)

        return device

    async def test_a_push_that_succeeds(self, house, device, listen):
        runtime = await house.add_destination(Shelf())
        succeeded, end = await listen(device(runtime), "export_succeeded")
        failed, end_too = await listen(device(runtime), "export_failed")
        await push(house, runtime)
        (trigger,) = succeeded
        assert trigger["event"].data["destination_name"] == "Shelf"
        assert failed == []
        end()
        end_too()
        await push(house, runtime)
        assert len(succeeded) == 1

    @pytest.mark.parametrize(("code", "down"), [("refused", True), ("too_large", False)])
    async def test_a_push_that_fails(self, house, device, listen, code, down):
        shelf = Shelf()
        runtime = await house.add_destination(shelf)
        house.add_point("house")
        house.add_grid().signal(dt_util.now().date(), 1)
        shelf.fails = refuse(code)
        failed, end = await listen(device(runtime), "export_failed")
        await push(house, runtime)
        (trigger,) = failed
        assert trigger["down"] is down
        assert trigger["event"].data["error_message"]
        end()

    async def test_another_destination_is_none_of_its_business(self, house, hass, listen):
        first = await house.add_destination(Shelf(), title="First")
        second = await house.add_destination(Shelf(), title="Second")
        fired, end = await listen(device_of(hass, first.entry), "export_succeeded")
        await push(house, second)
        assert fired == []
        end()

    async def test_a_file_that_is_ready(self, house, hass, listen):
        runtime = await house.add_destination(Shelf())
        ready, end = await listen(installation_device(hass), "file_ready")
        await push(house, runtime)
        jobs = hass.data[DATA_JOBS]
        export = await jobs.async_create(
            request(export_type="configuration", fields=None, date_range=None),
            user=None,
            trigger="action",
        )
        await jobs.async_wait(export.id)
        await hass.async_block_till_done()
        assert [one["event"].data["export_id"] for one in ready] == [export.id]
        end()


class TestDown:
    @pytest.fixture
    async def shelf(self):
        shelf = Shelf()
        shelf.fails = refuse()
        return shelf

    @pytest.fixture
    async def runtime(self, house, shelf):
        house.add_point("house")
        house.add_grid().signal(dt_util.now().date(), 1)
        return await house.add_destination(shelf)

    async def listen_for(self, hass, listen, runtime, **more):
        return await listen(device_of(hass, runtime.entry), "destination_down", **more)

    async def test_at_once_without_a_duration(self, house, hass, listen, runtime):
        fired, end = await self.listen_for(hass, listen, runtime)
        await push(house, runtime)
        assert [(one["name"], one["since"]) for one in fired] == [("Shelf", runtime.outage.since)]
        end()

    async def test_after_the_duration_once(self, house, hass, listen, runtime):
        fired, end = await self.listen_for(hass, listen, runtime, **{"for": {"hours": 1}})
        await push(house, runtime)
        await pass_time(house, HOUR * 0.9)
        await push(house, runtime)
        assert fired == []
        await pass_time(house, HOUR * 0.11)
        assert len(fired) == 1
        await push(house, runtime)
        await pass_time(house, HOUR * 2)
        assert len(fired) == 1
        end()

    async def test_not_when_it_is_reached_before(self, house, hass, listen, shelf, runtime):
        fired, end = await self.listen_for(hass, listen, runtime, **{"for": "01:00:00"})
        await push(house, runtime)
        shelf.fails = lambda _: None
        await pass_time(house, HOUR / 2)
        await push(house, runtime)
        await pass_time(house, HOUR * 2)
        assert fired == []
        end()

    async def test_again_in_the_next_outage(self, house, hass, listen, shelf, runtime):
        fired, end = await self.listen_for(hass, listen, runtime)
        await push(house, runtime)
        shelf.fails = lambda _: None
        await push(house, runtime)
        shelf.fails = refuse()
        await push(house, runtime)
        assert len(fired) == 2
        end()

    async def test_a_reload_of_the_destination_does_not_begin_anew(
        self, house, hass, listen, runtime
    ):
        fired, end = await self.listen_for(hass, listen, runtime, **{"for": "01:00:00"})
        await push(house, runtime)
        await pass_time(house, HOUR / 2)
        await house.hass.config_entries.async_reload(runtime.entry.entry_id)
        await pass_time(house, HOUR * 0.51)
        assert len(fired) == 1
        end()

    async def test_a_reload_of_the_automation_does_not_tell_again(
        self, house, hass, listen, runtime
    ):
        await push(house, runtime)
        await pass_time(house, HOUR * 2)
        fired, end = await self.listen_for(hass, listen, runtime, **{"for": "01:00:00"})
        await push(house, runtime)
        assert fired == []
        end()

    async def test_what_was_missed_while_home_assistant_was_off_is_told_at_its_start(
        self, house, hass, listen, runtime
    ):
        await push(house, runtime)
        await hass.config_entries.async_unload(runtime.entry.entry_id)
        await pass_time(house, HOUR * 2)
        await hass.config_entries.async_setup(runtime.entry.entry_id)
        fired, end = await self.listen_for(hass, listen, runtime, **{"for": "01:00:00"})
        await hass.async_block_till_done()
        assert len(fired) == 1
        end()

    async def test_the_installation_tells_of_any_destination_also_a_later_one(
        self, house, hass, listen, runtime
    ):
        fired, end = await listen(installation_device(hass), "destination_down")
        second = Shelf()
        second.fails = refuse()
        other = await house.add_destination(second, title="Second")
        await push(house, runtime)
        await push(house, other)
        assert [one["name"] for one in fired] == ["Shelf", "Second"]
        end()
