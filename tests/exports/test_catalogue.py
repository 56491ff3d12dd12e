from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.exports.catalogue import (
    async_list_devices,
    list_formats,
    list_metrics,
)
from tests.file_exports import KINDS, add_plug, add_user


@pytest.fixture
def fridge(hass_with_recorder):
    return add_plug(hass_with_recorder, "Fridge", "192.168.1.100")


def test_formats_are_those_that_can_be_written():
    office = "application/vnd.openxmlformats-officedocument"
    listed = [(one["id"], one["extension"], one["mime_type"]) for one in list_formats()]
    assert listed[:4] == [
        ("csv", ".csv", "text/csv"),
        ("json", ".json", "application/json"),
        ("excel", ".xlsx", f"{office}.spreadsheetml.sheet"),
        ("pdf", ".pdf", "application/pdf"),
    ]


async def test_metrics_are_all_fields_that_carry_a_value(hass):
    await hass.config.async_update(currency="CHF")
    metrics = {metric["field"]: metric for metric in list_metrics(hass)}
    keys = {"timestamp", "device_id", "device_ip", "device_name"}
    assert set(metrics) == set(FIELDS) - keys
    assert metrics["energy_kwh"]["unit"] == "kWh"
    assert metrics["cost"]["unit"] == "CHF"


async def test_a_cost_is_in_the_money_of_the_contracts(hass):
    contract = {"valid_from": "2026-01-01", "kind": "flat", "price": 0.25}
    for pdl, currency in (("house", "EUR"), ("barn", "EUR")):
        MockConfigEntry(
            domain=DOMAIN,
            data={"type": "kasa", "pdl": pdl, "plugs": {}},
            options={"contracts": [contract], "currency": currency},
        ).add_to_hass(hass)
    await hass.config.async_update(currency="CHF")
    assert {one["unit"] for one in list_metrics(hass) if one["field"] == "cost"} == {"EUR"}


async def test_a_device_is_shown_with_its_last_answer_and_its_data(fridge, hass):
    for power in range(5):
        fridge.reads(power_w=power, is_on="on")
    await async_wait_recording_done(hass)
    (device,) = await async_list_devices(hass, None)
    assert device["device_id"] == fridge.device_id
    assert device["device_name"] == "Fridge"
    assert device["device_ip"] == "192.168.1.100"
    assert device["device_type"] == "plug"
    assert device["data_points"] == 5
    assert dt_util.utcnow() - device["last_seen"] < timedelta(seconds=30)


async def test_a_silent_device_was_last_seen_when_it_last_answered(fridge, hass, freezer):
    fridge.reads(is_on="on")
    freezer.tick(timedelta(hours=1))
    fridge.reads(power_w=5, energy_total_kwh=1)
    answered = dt_util.utcnow()
    await async_wait_recording_done(hass)
    freezer.tick(timedelta(hours=2))
    fridge.reads(energy_total_kwh="unavailable")
    await async_wait_recording_done(hass)
    (device,) = await async_list_devices(hass, None)
    assert abs(device["last_seen"] - answered) < timedelta(seconds=1)


async def test_a_device_never_heard_of_has_no_last_answer(fridge, hass):
    (device,) = await async_list_devices(hass, None)
    assert (device["last_seen"], device["data_points"]) == (None, 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_user_sees_readable_devices_only(fridge, hass, kind):
    oven = KINDS[kind](hass, "Oven")
    assert await async_list_devices(hass, add_user(hass)) == []
    (device,) = await async_list_devices(hass, add_user(hass, *oven.entities.values()))
    assert device["device_name"] == "Oven"
