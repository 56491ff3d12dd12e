"""Discovery messages: what another Home Assistant reads, when they go again, when they go away."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers.template import Template

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.mqtt import discovery as mqtt_discovery
from custom_components.med_exporter.destinations.mqtt.probe import REMARK_NO_DISCOVERY
from custom_components.med_exporter.sources.tempo_calendar import ONE_DAY
from tests.metering_points import answer, start_reconfigure
from tests.mqtt_destinations import (
    DAILY,
    PDL,
    PREFIX,
    TODAY,
    add_mqtt,
    ecowatt,
    energy,
    half_hour,
    mqtt_input,
    push,
    stored,
    take,
    tempo,
)

if TYPE_CHECKING:
    import aiomqtt
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Mosquitto

CONFIGS = "homeassistant/sensor/#"
MONTHLY = energy(200.5, DataType.CONSUMPTION_MONTHLY, date(2026, 11, 1), closed=False)
PRODUCTION = energy(3.0, DataType.PRODUCTION_DAILY, date(2026, 11, 20), closed=False)

pytestmark = pytest.mark.usefixtures("brief_waits", "hass_with_recorder")


@pytest.fixture
def broker(mosquitto) -> Mosquitto:
    return mosquitto()


@pytest.fixture
async def entry(hass: HomeAssistant, house: ConfigEntry, broker: Mosquitto) -> ConfigEntry:
    """A destination with discovery, which exports by itself in an hour only."""
    return await add_mqtt(hass, broker.port, discovery=True)


async def announce(entry: ConfigEntry, *measurements: Any) -> None:
    assert await push(entry.runtime_data.destination, *measurements) == stored(*measurements)


async def configs(broker: Mosquitto) -> dict[str, dict[str, Any]]:
    """Return what the broker keeps, by the last part of the sensor's topic."""
    kept = await broker.kept(CONFIGS)
    return {topic.split("/")[3]: json.loads(each.payload) for topic, each in kept.items()}


async def until_there_are(broker: Mosquitto, *names: str) -> None:
    for _ in range(100):
        if set(found := await configs(broker)) == set(names):
            return
        await asyncio.sleep(0.05)
    assert set(found) == set(names)


def node_of(entry: ConfigEntry) -> str:
    return f"med{entry.data['id'].replace('-', '')}"[:23]


async def test_an_energy_sensor(entry: ConfigEntry, broker: Mosquitto) -> None:
    await announce(entry, DAILY)
    node, key = node_of(entry), f"{PDL}_consumption_daily"
    config = (await configs(broker))[key]
    origin = config.pop("origin")
    assert (origin["name"], set(origin)) == ("MED Exporter", {"name", "sw_version"})
    assert config == {
        "name": "Consumption today",
        "unique_id": f"{node}_{key}",
        "default_entity_id": f"sensor.med_{key}",
        "object_id": f"med_{key}",
        "state_topic": f"{PREFIX}/{PDL}/consumption/daily",
        "qos": 1,
        "availability_topic": f"{PREFIX}/status",
        "expire_after": 2 * 3600 + 300,
        "device": {
            "identifiers": [f"{node}_{PDL}"],
            "name": "House",
            "manufacturer": "MED Exporter",
        },
        "device_class": "energy",
        "unit_of_measurement": "kWh",
        "state_class": "total",
        "suggested_display_precision": 3,
        "value_template": config["value_template"],
        "last_reset_value_template": config["last_reset_value_template"],
    }


async def test_each_value_has_its_sensor(entry: ConfigEntry, broker: Mosquitto) -> None:
    await announce(entry, DAILY)
    await announce(entry, MONTHLY)
    await announce(entry, PRODUCTION)
    await announce(entry, tempo("blue", TODAY), tempo("red", TODAY + ONE_DAY))
    await announce(entry, ecowatt(1, TODAY))
    found = await configs(broker)
    assert {key: config["name"] for key, config in found.items()} == {
        f"{PDL}_consumption_daily": "Consumption today",
        f"{PDL}_consumption_monthly": "Consumption this month",
        f"{PDL}_production_daily": "Production today",
        "tempo_color": "Tempo colour",
        "tempo_color_tomorrow": "Tempo colour tomorrow",
        "ecowatt_level": "EcoWatt level",
    }
    assert len({config["unique_id"] for config in found.values()}) == len(found)
    assert found["tempo_color_tomorrow"]["state_topic"] == f"{PREFIX}/tempo/tomorrow"
    assert found["tempo_color"]["options"] == ["blue", "white", "red"]


async def test_closed_periods_make_no_sensor(entry: ConfigEntry, broker: Mosquitto) -> None:
    await announce(
        entry, energy(1.0, DataType.CONSUMPTION_DAILY, date(2026, 11, 1)), half_hour(0.1, DAILY.end)
    )
    assert await configs(broker) == {}


async def test_templates_follow_values_that_are_not_closed(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    closed = energy(9.0, DataType.CONSUMPTION_DAILY, date(2026, 11, 19))
    async with broker.listening(f"{PREFIX}/#") as messages:
        await announce(entry, closed, DAILY)
        await announce(entry, MONTHLY)
        await announce(entry, tempo("red", TODAY))
        received: list[aiomqtt.Message] = []
        while len(received) < 5:
            (message,) = await take(messages, 1)
            # What the flow's connection test has left is not of these.
            if not message.retain and not str(message.topic).endswith("status"):
                received.append(message)
    found = await configs(broker)

    def shown(key: str, template: str, message: aiomqtt.Message) -> object:
        variables = {"value_json": json.loads(message.payload)}
        return Template(found[key][template], hass).async_render(variables, parse_result=False)

    daily, monthly = f"{PDL}_consumption_daily", f"{PDL}_consumption_monthly"
    # Home Assistant leaves value and last reset as they are where a template gives nothing.
    assert shown(daily, "value_template", received[0]) == ""
    assert shown(daily, "last_reset_value_template", received[0]) == ""
    assert shown(daily, "value_template", received[1]) == "12.345"
    assert shown(daily, "last_reset_value_template", received[1]) == "2026-11-20T00:00:00"
    assert shown(monthly, "last_reset_value_template", received[2]) == "2026-11-01T00:00:00"
    assert shown("tempo_color", "value_template", received[3]) == "red"
    # The colour of tomorrow that is not known yet.
    assert shown("tempo_color", "value_template", received[4]) == "None"


async def test_without_discovery_nothing_is_announced(
    hass: HomeAssistant, house: ConfigEntry, broker: Mosquitto
) -> None:
    await announce(await add_mqtt(hass, broker.port), DAILY)
    assert await configs(broker) == {}


@pytest.mark.parametrize("retain", [True, False])
async def test_a_home_assistant_that_starts_is_told_again(
    hass: HomeAssistant, house: ConfigEntry, broker: Mosquitto, retain: bool
) -> None:
    entry = await add_mqtt(hass, broker.port, discovery=True, retain=retain)
    await announce(entry, DAILY)
    async with (
        broker.client() as other,
        broker.listening("homeassistant/sensor/+/+/config") as messages,
        broker.listening(f"{PREFIX}/{PDL}/#") as values,
    ):
        await take(messages, 1)
        if retain:
            # The month's, too, of which the flow has tried whether it may be published.
            await take(values, 2)
        with patch.object(mqtt_discovery, "_UNTIL_IT_LISTENS", 0.1):
            await other.publish("homeassistant/status", "online")
            (again,) = await take(messages, 1)
            assert json.loads(again.payload)["name"] == "Consumption today"
            if retain:
                await asyncio.sleep(0.3)
                assert values.empty()
            else:
                # Nobody else keeps the value.
                (value,) = await take(values, 1)
                assert json.loads(value.payload)["value"] == 12.345


async def test_a_broker_that_lost_everything_is_told_again(
    entry: ConfigEntry, broker: Mosquitto
) -> None:
    await announce(entry, DAILY)
    broker.kill()
    broker.start()
    assert await configs(broker) == {}
    async with asyncio.timeout(20):
        await entry.runtime_data.destination._connection.client()
    await announce(entry, DAILY)
    await until_there_are(broker, f"{PDL}_consumption_daily")


async def test_sensors_follow_other_settings_at_once(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    await announce(entry, DAILY)
    await announce(entry, ecowatt(1, TODAY))
    before = await configs(broker)
    form = await start_reconfigure(hass, entry)
    changed = mqtt_input(broker.port, discovery=True, topic_prefix="a/b", interval="15", qos="2")
    await answer(hass, form, changed)
    await hass.async_block_till_done()
    for _ in range(100):
        after = await configs(broker)
        if all(config["qos"] == 2 for config in after.values()):
            break
        await asyncio.sleep(0.05)
    key = f"{PDL}_consumption_daily"
    assert after[key] == {
        **before[key],
        "state_topic": f"a/b/{PDL}/consumption/daily",
        "availability_topic": "a/b/status",
        "expire_after": 2 * 15 * 60 + 300,
        "qos": 2,
    }
    assert after["ecowatt_level"]["json_attributes_topic"] == "a/b/ecowatt/current"


async def test_a_stranger_among_the_sensors_disturbs_nothing(
    entry: ConfigEntry, broker: Mosquitto
) -> None:
    topic = f"homeassistant/sensor/{node_of(entry)}/ecowatt_level/config"
    async with broker.client() as other:
        for payload in ("no JSON", "[]", '{"availability_topic": 5}'):
            await other.publish(topic, payload)
    await announce(entry, ecowatt(1, TODAY))
    assert (await configs(broker))["ecowatt_level"]["name"] == "EcoWatt level"
    async with broker.client() as other, broker.listening(topic) as messages:
        await take(messages, 1)
        await other.publish("homeassistant/status", "online")
        await take(messages, 1)


class TestTakingSensorsAway:
    """An empty message on a discovery topic removes the sensor."""

    async def test_when_discovery_is_turned_off(
        self, hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
    ) -> None:
        await announce(entry, DAILY)
        await announce(entry, ecowatt(1, TODAY))
        form = await start_reconfigure(hass, entry)
        await answer(hass, form, mqtt_input(broker.port, discovery=False))
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        await until_there_are(broker)

    async def test_when_the_destination_moves_to_another_broker(
        self, hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto, mosquitto
    ) -> None:
        await announce(entry, DAILY)
        other = mosquitto()
        form = await start_reconfigure(hass, entry)
        await answer(hass, form, mqtt_input(other.port, discovery=True))
        await hass.async_block_till_done()
        await until_there_are(broker)
        await announce(entry, DAILY)
        await until_there_are(other, f"{PDL}_consumption_daily")

    async def test_when_the_destination_is_removed(
        self, hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
    ) -> None:
        await announce(entry, DAILY)
        await announce(entry, tempo("red", TODAY))
        await hass.config_entries.async_remove(entry.entry_id)
        await until_there_are(broker)

    async def test_not_when_it_is_reloaded(
        self, hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
    ) -> None:
        await announce(entry, DAILY)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        await until_there_are(broker, f"{PDL}_consumption_daily")

    async def test_when_a_metering_point_is_removed(
        self, hass: HomeAssistant, house: ConfigEntry, entry: ConfigEntry, broker: Mosquitto
    ) -> None:
        await announce(entry, DAILY)
        await announce(entry, ecowatt(1, TODAY))
        await hass.config_entries.async_remove(house.entry_id)
        await until_there_are(broker, "ecowatt_level")

    async def test_when_a_data_type_is_not_chosen_any_more(
        self, hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
    ) -> None:
        await announce(entry, DAILY)
        await announce(entry, MONTHLY)
        form = await start_reconfigure(hass, entry)
        changed = mqtt_input(broker.port, discovery=True, data=["consumption_monthly"])
        await answer(hass, form, changed)
        await hass.async_block_till_done()
        await until_there_are(broker, f"{PDL}_consumption_monthly")

    async def test_a_broker_that_is_gone_keeps_nobody_from_removing(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        broker: Mosquitto,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await announce(entry, DAILY)
        broker.kill()
        await hass.config_entries.async_remove(entry.entry_id)
        assert "its messages and sensors stay at the broker" in caplog.text


async def test_values_go_out_where_discovery_is_not_allowed_which_the_connection_test_says(
    hass: HomeAssistant, house: ConfigEntry, mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto(acl=f"topic readwrite {PREFIX}/#\n")
    entry = await add_mqtt(hass, broker.port)
    assert await entry.runtime_data.async_test() is None
    hass.config_entries.async_update_entry(entry, data={**entry.data, "discovery": True})
    await hass.config_entries.async_reload(entry.entry_id)
    assert await entry.runtime_data.async_test() == REMARK_NO_DISCOVERY
    await announce(entry, DAILY)
    await announce(entry, MONTHLY)
    assert caplog.text.count("MQTT discovery: ") == 1
