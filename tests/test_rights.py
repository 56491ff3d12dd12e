from __future__ import annotations

from datetime import UTC, datetime

import pytest
from homeassistant.core import Context

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.errors import NotAllowedError
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.metering.devices import export_devices
from custom_components.med_exporter.rights import (
    async_user_of,
    is_administrator,
    may_see,
    readable_devices,
    require_administrator,
)
from tests.file_exports import add_meter, add_plug, add_user


@pytest.fixture
def fridge(hass):
    return add_plug(hass, "Fridge", "192.168.1.100")


def names(user, hass):
    return [device.name for device in readable_devices(user, export_devices(hass))]


async def test_an_automation_and_an_administrator_read_all_devices(fridge, hass):
    assert names(None, hass) == ["Fridge"]
    assert names(add_user(hass, is_admin=True), hass) == ["Fridge"]


async def test_a_user_reads_a_device_only_with_all_of_its_entities(fridge, hass):
    assert names(add_user(hass, *fridge.entities.values()), hass) == ["Fridge"]
    assert names(add_user(hass, fridge.entities["power_w"]), hass) == []
    assert names(add_user(hass), hass) == []


async def test_a_meter_is_read_with_all_that_tells_of_it(hass):
    add_meter(hass, "Boiler", "sensor.boiler", power_w="sensor.boiler_power")
    both = ("sensor.boiler", "sensor.boiler_power")
    assert names(add_user(hass, *both), hass) == ["Boiler"]
    for one in both:
        assert names(add_user(hass, one), hass) == []


async def test_a_meter_that_has_replaced_another_tells_of_that_too(hass):
    add_meter(hass, "Boiler", "sensor.boiler")
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    ((meter_id, meter),) = entry.data["plugs"].items()
    shown = {"power_w": "sensor.former_power"}
    former = [{"statistic_id": "sensor.former", "until": 0, "entities": shown}]
    data = {**entry.data, "plugs": {meter_id: {**meter, "former": former}}}
    hass.config_entries.async_update_entry(entry, data=data)
    assert names(add_user(hass, "sensor.boiler"), hass) == []
    told_by = ("sensor.boiler", "sensor.former", "sensor.former_power")
    assert names(add_user(hass, *told_by[:2]), hass) == []
    assert names(add_user(hass, *told_by), hass) == ["Boiler"]


async def test_a_statistic_of_no_entity_is_for_who_reads_all_entities(hass):
    add_meter(hass, "Linky", "linky:house", power_w="sensor.linky_power")
    assert names(add_user(hass, is_admin=True), hass) == ["Linky"]
    assert names(add_user(hass, "sensor.linky_power", "linky:house"), hass) == []
    guest = add_user(hass)
    guest.mock_policy({"entities": {"all": {"read": True}}})
    assert names(guest, hass) == ["Linky"]


async def test_a_user_sees_own_exports_only(hass):
    owner, other = add_user(hass), add_user(hass)
    record = ExportRecord(
        id="1",
        kind=ExportKind.FILE,
        status=ExportStatus.COMPLETED,
        trigger="http",
        created_at=datetime.now(UTC),
        user_id=owner.id,
    )
    assert may_see(owner, record)
    assert not may_see(other, record)
    assert may_see(add_user(hass, is_admin=True), record)
    assert may_see(None, record)


async def test_only_administrators_and_automations_are_administrators(hass):
    user = add_user(hass)
    assert not is_administrator(user)
    with pytest.raises(NotAllowedError):
        require_administrator(user)
    require_administrator(add_user(hass, is_admin=True))
    require_administrator(None)


async def test_the_user_of_a_context_is_found(hass):
    user = add_user(hass)
    assert await async_user_of(hass, Context()) is None
    assert await async_user_of(hass, Context(user_id=user.id)) is user


async def test_a_user_who_is_gone_or_switched_off_has_no_rights(hass):
    user = add_user(hass)
    user.is_active = False
    for user_id in (user.id, "gone"):
        with pytest.raises(NotAllowedError):
            await async_user_of(hass, Context(user_id=user_id))
