"""What is recorded when users come through Home Assistant's own doors: HTTP and websocket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.med_exporter.audit import AuditLog, EventType
from custom_components.med_exporter.audit.logins import async_watch_successes
from custom_components.med_exporter.audit.tables import SCHEMA
from custom_components.med_exporter.database import queue_work
from tests.file_exports import add_plug
from tests.mqtt_destinations import add_mqtt, mqtt_input

CLIENT = "https://example.org/app"


@pytest.fixture
async def login(log, hass, local_auth, hass_client_no_auth):
    """Return a function that goes through the login flow as a browser does."""
    await async_setup_component(hass, "persistent_notification", {})
    assert await async_setup_component(hass, "auth", {})
    await hass.async_add_executor_job(local_auth.data.add_auth, "anna", "right")
    user = MockUser(name="Anna").add_to_hass(hass)
    credentials = await local_auth.async_get_or_create_credentials({"username": "anna"})
    await hass.auth.async_link_user(user, credentials)
    client = await hass_client_no_auth()

    async def login(password):
        begun = await client.post(
            "/auth/login_flow",
            json={
                "client_id": CLIENT,
                "handler": ["homeassistant", None],
                "redirect_uri": f"{CLIENT}?auth_callback=1",
            },
        )
        flow = await begun.json()
        ended = await client.post(
            f"/auth/login_flow/{flow['flow_id']}",
            json={"client_id": CLIENT, "username": "anna", "password": password},
        )
        answer = await ended.json()
        if answer["type"] != "create_entry":
            return user
        token = await client.post(
            "/auth/token",
            data={
                "grant_type": "authorization_code",
                "code": answer["result"],
                "client_id": CLIENT,
            },
        )
        assert token.status == 200, await token.text()
        return user

    return login


class TestLogins:
    async def test_through_the_login_form(self, login, hass, recorded):
        user = await login("right")
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=59))
        (event,) = await recorded(event_types=[EventType.LOGIN_SUCCESS])
        assert (event.user_id, event.user_name) == (user.id, "Anna")
        assert event.address == "127.0.0.1"
        assert event.details == {"token_type": "normal"}

    async def test_a_wrong_password_with_its_address(self, login, recorded):
        await login("wrong")
        (event,) = await recorded(event_types=[EventType.LOGIN_FAILURE])
        assert (event.address, event.user_id) == ("127.0.0.1", None)

    async def test_an_address_that_anyone_can_claim_is_not_believed(
        self, login, hass_client_no_auth, recorded
    ):
        """Home Assistant refuses the header of a proxy that it was not told of."""
        client = await hass_client_no_auth()
        claimed = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer wrong"}
        await client.get("/api/exports/history", headers=claimed)
        await login("wrong")
        assert "203.0.113.9" not in str(await recorded())

    async def test_a_long_lived_token(self, log, hass, hass_ws_client, recorded):
        assert await async_setup_component(hass, "auth", {})
        websocket = await hass_ws_client(hass)
        await websocket.send_json_auto_id(
            {"type": "auth/long_lived_access_token", "client_name": "My script", "lifespan": 365}
        )
        answer = await websocket.receive_json()
        assert answer["success"]
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=59))
        events = await recorded(event_types=[EventType.LOGIN_SUCCESS])
        assert {"token_type": "long_lived_access_token"} in [event.details for event in events]
        assert "My script" in [event.subject for event in events]
        assert answer["result"] not in str(events)

    async def test_one_that_was_met_at_a_restart_is_found_once(self, hass):
        """The integration itself is not set up here: these are its lives."""
        user = MockUser(name="Anna").add_to_hass(hass)
        old = await hass.auth.async_create_refresh_token(user, f"{CLIENT}/old")
        old.created_at -= timedelta(days=2)
        await hass.auth.async_create_refresh_token(user, f"{CLIENT}/new")
        for _ in range(3):
            log = AuditLog(hass)
            end = await async_watch_successes(hass, log)
            async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
            await hass.async_block_till_done()
            await queue_work(hass, SCHEMA, lambda _: None)
            end()
        events, _ = await log.async_list()
        assert [event.subject for event in events] == [f"{CLIENT}/new"]


class TestControls:
    @pytest.fixture
    def strip(self, log, hass):
        """A strip of another integration, with a socket that is a device of its own."""
        add_plug(hass, "Office strip", "192.168.1.100", mac="aabbccddee01")
        other = MockConfigEntry(domain="tplink")
        other.add_to_hass(hass)
        registry = dr.async_get(hass)
        strip = registry.async_get_or_create(
            config_entry_id=other.entry_id,
            name="Strip",
            identifiers={("tplink", "strip")},
            connections={(dr.CONNECTION_NETWORK_MAC, "aa:bb:cc:dd:ee:01")},
        )
        if hasattr(registry, "async_get_or_create_child"):
            socket = registry.async_get_or_create_child(
                config_entry_id=other.entry_id,
                parent_device_id=strip.id,
                name="Socket",
                identifiers={("tplink", "socket")},
            )
        else:
            socket = registry.async_get_or_create(
                config_entry_id=other.entry_id,
                name="Socket",
                identifiers={("tplink", "socket")},
                via_device=("tplink", "strip"),
            )
        return er.async_get(hass).async_get_or_create(
            "switch",
            "tplink",
            "socket",
            device_id=socket.id,
            config_entry=other,
            original_name="Relay",
        )

    @pytest.fixture
    async def websocket(self, hass, hass_ws_client):
        async_mock_service(hass, "switch", "turn_on")
        async_mock_service(hass, "light", "turn_on")
        async_mock_service(hass, "homeassistant", "turn_on")
        return await hass_ws_client(hass)

    async def act(self, websocket, action, **target):
        domain, service = action.split(".")
        await websocket.send_json_auto_id(
            {"type": "call_service", "domain": domain, "service": service, "target": target}
        )
        assert (await websocket.receive_json())["success"]

    @pytest.mark.parametrize("action", ["switch.turn_on", "homeassistant.turn_on"])
    @pytest.mark.parametrize("by", ["entity", "label", "area", "group"])
    async def test_a_socket_of_a_strip_over_the_websocket(
        self, hass, recorded, strip, websocket, hass_admin_user, by, action
    ):
        registry = er.async_get(hass)
        area = ar.async_get(hass).async_create("Office")
        label = lr.async_get(hass).async_create("Desk")
        registry.async_update_entity(strip.entity_id, area_id=area.id, labels={label.label_id})
        hass.states.async_set("group.desk", "on", {"entity_id": [strip.entity_id]})
        target = {
            "entity": {"entity_id": [strip.entity_id]},
            "label": {"label_id": [label.label_id]},
            "area": {"area_id": [area.id]},
            "group": {"entity_id": ["group.desk"]},
        }[by]
        await self.act(websocket, action, **target)
        (event,) = await recorded(event_types=[EventType.DEVICE_CONTROLLED])
        assert (event.user_id, event.subject) == (hass_admin_user.id, "Socket")
        assert event.address == "127.0.0.1"
        assert event.details == {"action": action}

    async def test_the_lights_of_a_room_are_not_its_plugs(self, hass, recorded, strip, websocket):
        area = ar.async_get(hass).async_create("Office")
        er.async_get(hass).async_update_entity(strip.entity_id, area_id=area.id)
        await self.act(websocket, "light.turn_on", area_id=[area.id])
        assert await recorded(event_types=[EventType.DEVICE_CONTROLLED]) == []

    async def test_no_warning_is_logged_about_sockets(
        self, hass, recorded, strip, websocket, caplog
    ):
        await self.act(websocket, "switch.turn_on", entity_id=[strip.entity_id])
        await recorded()
        assert "ChildDeviceEntry" not in caplog.text


class TestDestinations:
    async def test_a_change_over_http_tells_who_and_from_where(
        self, log, hass, hass_client, hass_admin_user, mosquitto, recorded
    ):
        entry = await add_mqtt(hass, mosquitto().port)
        client = await hass_client()
        response = await client.put(
            f"/api/export/configs/{entry.data['id']}", json={"enabled": False}
        )
        assert response.status == 200, await response.text()
        event = (await recorded(event_types=[EventType.DESTINATION_CHANGED]))[-1]
        assert (event.user_id, event.address) == (hass_admin_user.id, "127.0.0.1")
        assert event.details["changed"] == ["enabled"]

    async def test_one_that_is_added_in_the_user_interface(
        self, log, hass, hass_client, hass_admin_user, mosquitto, recorded
    ):
        assert await async_setup_component(hass, "config", {})
        client = await hass_client()
        flows = "/api/config/config_entries/flow"
        menu = await (await client.post(flows, json={"handler": "med_exporter"})).json()
        step = f"{flows}/{menu['flow_id']}"
        await client.post(step, json={"next_step_id": "mqtt"})
        answer = await client.post(step, json=mqtt_input(mosquitto().port))
        assert (await answer.json())["type"] == "create_entry"
        (event,) = await recorded(event_types=[EventType.DESTINATION_CHANGED])
        assert (event.user_id, event.address) == (hass_admin_user.id, "127.0.0.1")
        assert event.details == {"change": "added", "type": "mqtt"}
