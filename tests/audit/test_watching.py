"""What is recorded by watching Home Assistant."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.med_exporter.audit import EventType
from tests.file_exports import add_meter, add_plug, add_user
from tests.mqtt_destinations import add_mqtt, destination_entity


class TestLogins:
    async def test_a_new_login_is_seen_within_a_minute(self, log, hass, recorded):
        user = add_user(hass)
        token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=59))
        (event,) = await recorded()
        assert (event.event_type, event.user_id) == (EventType.LOGIN_SUCCESS, user.id)
        assert event.subject == "https://example.org/app"
        assert event.time == token.created_at

    async def test_it_is_recorded_once(self, log, hass, recorded):
        user = add_user(hass)
        await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        for minutes in (1, 2, 3):
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=minutes))
            assert len(await recorded()) == 1

    async def test_the_token_itself_is_nowhere(self, log, hass, recorded):
        user = add_user(hass)
        token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
        assert token.token not in str(await recorded())

    async def test_a_failed_login_is_recorded_with_its_address(
        self, log, hass, recorded, hass_client_no_auth
    ):
        await async_setup_component(hass, "persistent_notification", {})
        client = await hass_client_no_auth()
        for _ in range(2):
            response = await client.get(
                "/api/exports/history", headers={"Authorization": "Bearer wrong"}
            )
            assert response.status == 401
        events = await recorded()
        assert [(e.event_type, e.address) for e in events] == [
            (EventType.LOGIN_FAILURE, "127.0.0.1")
        ] * 2


class TestControls:
    @pytest.fixture
    def switch(self, log, hass):
        """A switch of another integration on the device of a plug."""
        add_plug(hass, "Fridge", "192.168.1.100", mac="aabbccddee01")
        other = MockConfigEntry(domain="tplink")
        other.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=other.entry_id,
            name="Fridge plug",
            connections={(dr.CONNECTION_NETWORK_MAC, "aa:bb:cc:dd:ee:01")},
        )
        entity = er.async_get(hass).async_get_or_create(
            "switch", "tplink", "fridge", device_id=device.id, config_entry=other
        )
        async_mock_service(hass, "switch", "turn_on")
        async_mock_service(hass, "homeassistant", "update_entity")
        return entity

    async def act(self, hass, action, target, user):
        context = Context(user_id=None if user is None else user.id)
        domain, service = action.split(".")
        await hass.services.async_call(domain, service, target, blocking=True, context=context)

    @pytest.mark.parametrize("by", ["entity", "device", "area"])
    async def test_an_action_by_a_user_on_a_plugs_device(self, hass, recorded, switch, by):
        user = add_user(hass)
        dr.async_get(hass).async_update_device(switch.device_id, area_id="kitchen")
        target = {
            "entity": {ATTR_ENTITY_ID: [switch.entity_id]},
            "device": {"device_id": [switch.device_id]},
            "area": {"area_id": ["kitchen"]},
        }[by]
        await self.act(hass, "switch.turn_on", target, user)
        (event,) = await recorded()
        assert (event.event_type, event.user_id) == (EventType.DEVICE_CONTROLLED, user.id)
        assert event.subject == "Fridge plug"
        assert event.details == {"action": "switch.turn_on"}

    async def test_what_switches_a_meter_is_recorded(self, hass, recorded):
        async_mock_service(hass, "switch", "turn_on")
        entry = MockConfigEntry(domain="shelly")
        entry.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={("shelly", "1")},
            name="Shelly of the sauna",
        )
        er.async_get(hass).async_get_or_create(
            "switch",
            "shelly",
            "1",
            config_entry=entry,
            device_id=device.id,
            suggested_object_id="a",
        )
        add_meter(hass, "Sauna", "sensor.sauna", is_on="switch.a")
        # One of a template has no device.
        add_meter(hass, "Pump", "sensor.pump", is_on="switch.b")
        user = add_user(hass)
        for entity_id in ("switch.a", "switch.b", "switch.c"):
            await self.act(hass, "switch.turn_on", {ATTR_ENTITY_ID: entity_id}, user)
        events = await recorded()
        assert [one.event_type for one in events] == [EventType.DEVICE_CONTROLLED] * 2
        assert [one.subject for one in events] == ["Shelly of the sauna", "Pump"]

    async def test_an_automation_is_nobody(self, hass, recorded, switch):
        await self.act(hass, "switch.turn_on", {ATTR_ENTITY_ID: switch.entity_id}, None)
        assert await recorded() == []

    async def test_another_device_is_nobodys_business(self, hass, recorded, switch):
        await self.act(hass, "switch.turn_on", {ATTR_ENTITY_ID: "switch.lamp"}, add_user(hass))
        assert await recorded() == []

    async def test_looking_is_not_controlling(self, hass, recorded, switch):
        target = {ATTR_ENTITY_ID: switch.entity_id}
        await self.act(hass, "homeassistant.update_entity", target, add_user(hass))
        assert await recorded() == []


class TestDestinations:
    @pytest.fixture
    async def entry(self, log, hass, mosquitto):
        return await add_mqtt(hass, mosquitto().port, username="u", password="planted")

    async def test_one_that_is_added(self, recorded, entry):
        (event,) = await recorded()
        assert (event.event_type, event.subject) == (EventType.DESTINATION_CHANGED, entry.title)
        assert event.details == {"change": "added", "type": "mqtt"}

    async def test_what_was_changed_is_named_without_its_value(self, hass, recorded, entry):
        data = {**entry.data, "interval": 15, "password": "planted too"}
        hass.config_entries.async_update_entry(entry, data=data)
        event = (await recorded())[-1]
        assert event.details["changed"] == ["interval", "password"]
        assert "planted" not in str(await recorded())

    async def test_loading_is_no_change(self, hass, recorded, entry):
        await hass.config_entries.async_reload(entry.entry_id)
        assert len(await recorded()) == 1

    async def test_the_switch_tells_who(self, hass, recorded, entry):
        user = add_user(hass, is_admin=True)
        target = {ATTR_ENTITY_ID: destination_entity(hass, entry, "switch", "automatic_export")}
        await hass.services.async_call(
            "switch", "turn_off", target, blocking=True, context=Context(user_id=user.id)
        )
        event = (await recorded())[-1]
        assert (event.user_id, event.details["changed"]) == (user.id, ["enabled"])

    async def test_one_that_is_removed(self, hass, recorded, entry, mosquitto):
        # With its last entry the integration takes the audit log along.
        await add_mqtt(hass, mosquitto().port, topic_prefix="other")
        await hass.config_entries.async_remove(entry.entry_id)
        event = (await recorded())[-1]
        assert event.details["change"] == "removed"
