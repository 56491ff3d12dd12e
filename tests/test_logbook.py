"""What the logbook says of exports, in the house's language, and whose device it names."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.med_exporter.const import DOMAIN, LOGGER, DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.history.records import EVENT_EXPORT
from custom_components.med_exporter.installation.events import ExportEvent
from custom_components.med_exporter.logbook import async_describe_events
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import Shelf

if TYPE_CHECKING:
    from homeassistant.core import Event, HomeAssistant


def described(hass: HomeAssistant, event: Event[Any]) -> tuple[str, str]:
    describers = {}
    async_describe_events(hass, lambda _, name, describe: describers.update({name: describe}))
    entry = describers[EVENT_EXPORT](event)
    return entry[LOGBOOK_ENTRY_NAME], entry[LOGBOOK_ENTRY_MESSAGE]


@pytest.mark.parametrize(
    ("language", "arrived", "nothing", "failed"),
    [
        ("en", "finished: 1 value arrived", "finished: 0 values arrived", "failed"),
        ("fr", "terminé : 1 valeur arrivée", "terminé : 0 valeur arrivée", "a échoué"),
    ],
)
async def test_a_destination_tells_its_story(
    paper_house: House, language: str, arrived: str, nothing: str, failed: str
) -> None:
    house, hass = paper_house, paper_house.hass
    hass.config.language = language
    await async_get_translations(hass, language, "exceptions", {DOMAIN})
    events = async_capture_events(hass, EVENT_EXPORT)
    house.add_point("house", plug())
    await house.use(plug(), since(1), NOON, 0.1)
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), runtime.entry.entry_id)
    await house.push(runtime)
    await house.push(runtime)

    def refuse() -> None:
        raise DestinationError("refused", host="shelf", port=1)

    await house.push(runtime, start="2020-01-01", end="2020-01-02")
    shelf.begins = refuse
    record = await house.push(runtime)
    assert {event.data["device_id"] for event in events} == {device.id}
    told = [described(hass, event) for event in events]
    assert {name for name, _ in told} == {"Export"}
    messages = [message for _, message in told]
    assert messages[1:3] == [arrived, nothing]
    assert messages[3] == failed
    # Everybody reads the logbook.
    assert "shelf" not in str(told).casefold()
    assert (runtime.last_error == record.error_message) is (language == "en")


async def test_the_state_of_the_event_entity_has_the_context_of_what_it_tells_of(
    paper_house: House,
) -> None:
    house, hass = paper_house, paper_house.hass
    events = async_capture_events(hass, EVENT_EXPORT)
    house.add_point("house", plug())
    runtime = await house.add_destination(Shelf(), data=[DataType.CONSUMPTION_DAILY])
    entity = ExportEvent(SimpleNamespace(entry=runtime.entry, device_info=None))
    await EntityPlatform(
        hass=hass, logger=LOGGER, domain="event", platform_name=DOMAIN, platform=None,
        scan_interval=timedelta(minutes=1), entity_namespace=None,
    ).async_add_entities([entity])  # fmt: skip
    record = await house.push(runtime)
    state = hass.states.get(entity.entity_id)
    assert "Shelf" not in str(state.attributes)
    assert (state.attributes["event_type"], state.attributes["export_id"]) == ("success", record.id)
    # Home Assistant's logbook names what stands at the beginning of a context.
    assert state.context.origin_event is events[-1]
    assert described(hass, state.context.origin_event)[1] == "finished: 1 value arrived"
