"""The entities of a destination: what they show, what they do, and for whom."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.persistent_notification import _async_get_or_create_notifications
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.errors import NotAllowedError
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.pushes.entry import destinations
from tests.mqtt_destinations import add_mqtt, destination_entity, destination_value, until

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from pytest_homeassistant_custom_component.common import MockUser

    from tests.mosquitto import Mosquitto


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
def broker(mosquitto) -> Mosquitto:
    return mosquitto()


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Mosquitto) -> ConfigEntry:
    return await add_mqtt(hass, broker.port)


async def act(
    hass: HomeAssistant,
    entry: ConfigEntry,
    platform: str,
    key: str,
    service: str,
    user_id: str | None = None,
) -> None:
    await hass.services.async_call(
        platform,
        service,
        {ATTR_ENTITY_ID: destination_entity(hass, entry, platform, key)},
        blocking=True,
        context=Context(user_id=user_id),
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_new_destination_is_idle_and_exports_by_itself(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    assert destination_value(hass, entry, "status") == "idle"
    for key in ("last_success", "last_attempt", "last_records", "progress"):
        assert destination_value(hass, entry, key) == "unknown"
    assert destination_value(hass, entry, "last_error") == "none"
    switch = destination_entity(hass, entry, "switch", "automatic_export")
    assert hass.states.get(switch).state == "on"
    assert destinations(hass) == [entry.runtime_data]
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.name == entry.title


async def test_the_sensor_of_the_last_export_goes_on_as_that_of_the_last_success(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    sensor = destination_entity(hass, entry, "sensor", "last_success")
    before = f"{entry.data['id']}_last_export"
    er.async_get(hass).async_update_entity(sensor, new_unique_id=before)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert destination_entity(hass, entry, "sensor", "last_success") == sensor


async def test_what_an_older_version_made_anew_does_not_stand_in_the_way(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    registry, sensor = er.async_get(hass), destination_entity(hass, entry, "sensor", "last_success")
    made = registry.async_get_or_create(
        "sensor", "med_exporter", f"{entry.data['id']}_last_export", config_entry=entry
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert destination_entity(hass, entry, "sensor", "last_success") == sensor
    assert registry.async_get(made.entity_id) is None


async def test_export_now(
    hass: HomeAssistant, entry: ConfigEntry, hass_admin_user: MockUser
) -> None:
    await act(hass, entry, "button", "export_now", "press", hass_admin_user.id)
    assert destination_value(hass, entry, "status") == "success"
    assert destination_value(hass, entry, "last_records") == "0"
    assert destination_value(hass, entry, "last_success") != "unknown"
    assert destination_value(hass, entry, "progress") == "100"
    notification = _async_get_or_create_notifications(hass)[
        f"med_exporter_export_{entry.data['id']}"
    ]
    assert (notification["title"], notification["message"]) == (entry.title, "0 values arrived.")
    records, _ = await hass.data[DATA_HISTORY].async_list()
    assert [(record.trigger, record.user_id) for record in records] == [
        ("button", hass_admin_user.id)
    ]


async def test_export_now_raises_why_it_failed(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    broker.kill()
    await until(entry.runtime_data.destination, stands=False)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, entry, "button", "export_now", "press")
    await hass.async_block_till_done(wait_background_tasks=True)
    reason = destination_value(hass, entry, "last_error")
    assert str(broker.port) in reason
    # Home Assistant takes the full stop from an error.
    assert reason.removesuffix(".") in str(raised.value)
    assert destination_value(hass, entry, "status") == "error", "nothing was sent, nor could be"
    assert destination_value(hass, entry, "last_success") == "unknown"
    assert destination_value(hass, entry, "last_attempt") != "unknown"


async def test_the_connection_test_says_that_it_succeeded(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    await act(hass, entry, "button", "test_connection", "press")
    notifications = _async_get_or_create_notifications(hass)
    notification = notifications[f"med_exporter_test_{entry.data['id']}"]
    assert notification["title"] == entry.title
    assert notification["message"] == "The connection works, and publishing is allowed."


async def test_the_connection_test_raises_what_is_wrong(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    broker.kill()
    await until(entry.runtime_data.destination, stands=False)
    with pytest.raises(DestinationError) as raised:
        await act(hass, entry, "button", "test_connection", "press")
    assert raised.value.code == "REFUSED"
    assert str(broker.port) in str(raised.value)
    assert isinstance(raised.value, HomeAssistantError)


@pytest.mark.parametrize(
    ("platform", "key", "service"),
    [
        ("button", "export_now", "press"),
        ("button", "test_connection", "press"),
        ("switch", "automatic_export", "turn_off"),
        ("switch", "automatic_export", "turn_on"),
    ],
)
async def test_only_administrators_may_act(
    hass: HomeAssistant,
    entry: ConfigEntry,
    hass_admin_user: MockUser,
    platform: str,
    key: str,
    service: str,
) -> None:
    # The first user owns the installation.
    user = await hass.auth.async_create_user("visitor", group_ids=["system-users"])
    with pytest.raises(NotAllowedError):
        await act(hass, entry, platform, key, service, user.id)
    assert entry.runtime_data.enabled
    assert (await hass.data[DATA_HISTORY].async_list())[1] == 0


async def test_the_switch_reloads_nothing_and_is_kept(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    runtime = entry.runtime_data
    switch = destination_entity(hass, entry, "switch", "automatic_export")
    await act(hass, entry, "switch", "automatic_export", "turn_off")
    assert entry.runtime_data is runtime
    assert hass.states.get(switch).state == "off"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(days=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert destination_value(hass, entry, "status") == "idle"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(switch).state == "off"
    await act(hass, entry, "switch", "automatic_export", "turn_on")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=2))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert destination_value(hass, entry, "status") == "success"


async def test_unloading_says_goodbye_to_the_broker(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    async with broker.listening("home/energy/status") as messages:
        async with asyncio.timeout(5):
            while (await messages.get()).payload != b"online":
                pass
        await hass.config_entries.async_unload(entry.entry_id)
        async with asyncio.timeout(5):
            assert (await messages.get()).payload == b"offline"
    assert entry.state is ConfigEntryState.NOT_LOADED


async def test_an_unload_after_the_stop_of_home_assistant_finds_nothing_left_to_end(
    hass: HomeAssistant, entry: ConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert "Unable to remove" not in caplog.text
