"""What a broker keeps goes with the metering point, destination or setting it belongs to."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers import issue_registry as ir

from custom_components.med_exporter.const import DOMAIN, DataType
from tests.metering_points import answer, start_reconfigure
from tests.mqtt_destinations import (
    DAILY,
    PDL,
    PREFIX,
    TODAY,
    add_mqtt,
    ecowatt,
    energy,
    mqtt_input,
    push,
    tempo,
)

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Mosquitto

MONTHLY = energy(200.5, DataType.CONSUMPTION_MONTHLY, date(2026, 11, 1), closed=False)
OF_POINT = {f"{PREFIX}/{PDL}/consumption/daily", f"{PREFIX}/{PDL}/consumption/monthly"}
OF_GRID = {f"{PREFIX}/tempo/today", f"{PREFIX}/tempo/tomorrow", f"{PREFIX}/ecowatt/current"}
STATUS = f"{PREFIX}/status"
STRANGER = f"{PREFIX}/somebody/else"

pytestmark = pytest.mark.usefixtures("brief_waits", "hass_with_recorder")


@pytest.fixture
async def broker(mosquitto) -> Mosquitto:
    """A broker that keeps something of somebody else below the same prefix."""
    broker = mosquitto()
    async with broker.client() as other:
        await other.publish(STRANGER, "mine", qos=1, retain=True)
    return broker


@pytest.fixture
async def entry(hass: HomeAssistant, house: ConfigEntry, broker: Mosquitto) -> ConfigEntry:
    """A destination that has published a value for each topic."""
    entry = await add_mqtt(hass, broker.port)
    for series in ((DAILY,), (MONTHLY,), (tempo("red", TODAY),), (ecowatt(1, TODAY),)):
        await push(entry.runtime_data.destination, *series)
    assert await kept(broker) == OF_POINT | OF_GRID | {STATUS, STRANGER}
    return entry


async def kept(broker: Mosquitto) -> set[str]:
    """Return the topics on which the broker keeps something."""
    return set(await broker.kept())


async def until_kept(broker: Mosquitto, topics: set[str]) -> None:
    for _ in range(50):
        if (found := await kept(broker)) == topics:
            return
        await asyncio.sleep(0.05)
    assert found == topics


async def test_with_the_destination(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    await hass.config_entries.async_remove(entry.entry_id)
    assert await kept(broker) == {STRANGER}
    assert not ir.async_get(hass).issues


async def test_a_broker_that_is_away_is_told_of_in_a_repair_issue(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    broker.kill()
    await hass.config_entries.async_remove(entry.entry_id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"retained_messages_left_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["prefix"] == PREFIX
    assert "refuses" in issue.translation_placeholders["reason"]


async def test_with_the_metering_point(
    hass: HomeAssistant, house: ConfigEntry, entry: ConfigEntry, broker: Mosquitto
) -> None:
    await hass.config_entries.async_remove(house.entry_id)
    await until_kept(broker, OF_GRID | {STATUS, STRANGER})


async def test_with_the_metering_point_when_the_line_is_back(
    hass: HomeAssistant, house: ConfigEntry, mosquitto, tmp_path
) -> None:
    broker = mosquitto(
        settings=("persistence true", f"persistence_location {tmp_path}/", "autosave_interval 1")
    )
    entry = await add_mqtt(hass, broker.port)
    destination = entry.runtime_data.destination
    await push(destination, DAILY)
    broker.stop()
    await hass.config_entries.async_remove(house.entry_id)
    await hass.async_block_till_done()
    broker.start()
    assert f"{PREFIX}/{PDL}/consumption/daily" in await kept(broker)
    await push(destination, ecowatt(1, TODAY))
    await until_kept(broker, {STATUS, f"{PREFIX}/ecowatt/current"})


async def test_with_the_former_prefix(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    form = await start_reconfigure(hass, entry)
    await answer(hass, form, mqtt_input(broker.port, topic_prefix="a/b"))
    await hass.async_block_till_done()
    # The values there are those with which the flow has tried whether they may be published.
    moved = {f"a/b/{PDL}/consumption/{period}" for period in ("daily", "monthly")}
    await until_kept(broker, moved | {"a/b/status", STRANGER})


async def test_with_the_former_broker(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto, mosquitto
) -> None:
    form = await start_reconfigure(hass, entry)
    await answer(hass, form, mqtt_input(mosquitto().port))
    await hass.async_block_till_done()
    await until_kept(broker, {STRANGER})


async def test_with_retain(hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto) -> None:
    form = await start_reconfigure(hass, entry)
    await answer(hass, form, mqtt_input(broker.port, retain=False))
    await hass.async_block_till_done()
    await until_kept(broker, {STRANGER})


async def test_not_with_a_reload(
    hass: HomeAssistant, entry: ConfigEntry, broker: Mosquitto
) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await until_kept(broker, OF_POINT | OF_GRID | {STATUS, STRANGER})
