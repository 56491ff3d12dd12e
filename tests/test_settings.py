"""Limits and retentions, as users set them."""

from __future__ import annotations

import pytest
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from custom_components.med_exporter.const import EntryType
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.settings import BOUNDS, Settings, settings
from tests.mqtt_destinations import add_mqtt


@pytest.fixture
async def hass(hass_with_recorder):
    return hass_with_recorder


@pytest.fixture
async def entry(hass, mosquitto):
    await add_mqtt(hass, mosquitto().port)
    (entry,) = entries_of_type(hass, EntryType.INSTALLATION)
    return entry


async def fill_in(hass, entry, **changes):
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "limits")
    return await hass.config_entries.options.async_configure(form["flow_id"], changes)


async def test_without_an_installation_the_documented_limits_hold(hass):
    assert settings(hass) == Settings()
    assert (Settings().max_records_per_export, Settings().max_date_range_days) == (1_000_000, 366)
    assert (Settings().max_concurrent_exports, Settings().max_file_size_mb) == (3, 100)


async def test_what_is_filled_in_holds_and_the_rest_stays(hass, entry):
    result = await fill_in(hass, entry, max_date_range_days=31.0)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert settings(hass) == Settings(max_date_range_days=31)
    # The user interface sends floats.
    assert [type(one) for one in entry.options.values()] == [int] * len(BOUNDS)


@pytest.mark.parametrize("name", BOUNDS)
async def test_values_outside_their_bounds_are_refused(hass, entry, name):
    bounds = BOUNDS[name]
    for value in (bounds.low - 1, bounds.high + 1, bounds.low + 0.5):
        with pytest.raises(InvalidData) as error:
            await fill_in(hass, entry, **{name: value})
        assert name in str(error.value.schema_errors)
    assert settings(hass) == Settings()
