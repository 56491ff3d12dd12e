"""The entities of a metering point, under the ids that pushes and automations rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers import entity_registry as er

from tests.metering_points import PDL, add_metering_point, poll, value_of
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

KEYS = ("consumption_daily", "consumption_monthly", "production_daily", "production_monthly")


@pytest.fixture
async def panels(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Panels", load=300.0)
    await plug_network.start(plug)
    return plug


@pytest.mark.parametrize(
    ("pdl", "slug"),
    [(PDL, PDL), ("A--B", "a_b"), ("Maison_de-campagne", "maison_de_campagne"), ("_x_", "x")],
)
async def test_ids_follow_the_pdl(
    hass: HomeAssistant, fridge: EmulatedPlug, pdl: str, slug: str
) -> None:
    await add_metering_point(hass, fridge.address, pdl=pdl)
    for key in KEYS[:2]:
        state = hass.states.get(f"sensor.med_{slug}_{key}")
        assert state.attributes["unit_of_measurement"] == "kWh"
        assert state.attributes["device_class"] == "energy"
        assert state.attributes["state_class"] == "total"


async def test_plugs_count_by_their_role(
    hass: HomeAssistant,
    clock: HouseClock,
    plug_network: PlugNetwork,
    fridge: EmulatedPlug,
    panels: EmulatedPlug,
) -> None:
    ignored = EmulatedPlug(mac="50:C7:BF:00:00:03", alias="Lamp", load=700.0)
    oven = EmulatedPlug(mac="50:C7:BF:00:00:04", alias="Oven", load=2000.0)
    for plug in (ignored, oven):
        await plug_network.start(plug)
    entry = await add_metering_point(
        hass,
        *(plug.address for plug in (fridge, panels, ignored, oven)),
        roles={"Panels": "production", "Lamp": "ignored"},
    )
    clock.tick(3600)
    await poll(hass, entry)
    values = [value_of(hass, f"sensor.med_{PDL}_{key}") for key in KEYS]
    assert values == [3.0, 3.0, 0.3, 0.3]


@pytest.mark.parametrize(
    ("role", "known", "none"),
    [("consumption", KEYS[:2], KEYS[2:]), ("production", KEYS[2:], KEYS[:2])],
)
async def test_an_energy_exists_where_a_plug_has_its_role(
    hass: HomeAssistant,
    fridge: EmulatedPlug,
    role: str,
    known: tuple[str, ...],
    none: tuple[str, ...],
) -> None:
    await add_metering_point(hass, fridge.address, roles={"Fridge": role})
    for key in known:
        assert value_of(hass, f"sensor.med_{PDL}_{key}") == 0
    for key in none:
        assert not hass.states.get(f"sensor.med_{PDL}_{key}")


async def test_a_role_that_no_plug_has_any_more_takes_its_energy_along(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address, roles={"Fridge": "production"})
    plugs = {plug_id: {**plug, "role": "ignored"} for plug_id, plug in entry.data["plugs"].items()}
    hass.config_entries.async_update_entry(entry, data={**entry.data, "plugs": plugs})
    await hass.config_entries.async_reload(entry.entry_id)
    registry = er.async_get(hass)
    for key in KEYS:
        assert not registry.async_get(f"sensor.med_{PDL}_{key}")


async def test_they_stay_while_a_plug_is_away(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    clock.tick(3600)
    await poll(hass, entry)
    await fridge.cut_off()
    await poll(hass, entry)
    assert value_of(hass, f"sensor.med_{PDL}_consumption_daily") == 1


async def test_the_period_before_is_an_attribute(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    await add_metering_point(hass, fridge.address)
    for key in KEYS[:2]:
        assert hass.states.get(f"sensor.med_{PDL}_{key}").attributes["last_period"] is None
    resets = [
        hass.states.get(f"sensor.med_{PDL}_{key}").attributes["last_reset"] for key in KEYS[:2]
    ]
    assert resets == ["2026-11-20T00:00:00+01:00", "2026-11-01T00:00:00+01:00"]


async def test_a_user_s_renaming_stays(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    er.async_get(hass).async_update_entity(
        f"sensor.med_{PDL}_consumption_daily", new_entity_id="sensor.my_day"
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.my_day") is not None
    assert hass.states.get(f"sensor.med_{PDL}_consumption_daily") is None


@pytest.mark.parametrize(("unit", "by"), [("Wh", 1000), ("MWh", 0.001)])
async def test_the_day_before_is_in_the_unit_that_a_user_lets_the_day_be_shown_in(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, unit: str, by: float
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    clock.tick(24 * 3600)
    await poll(hass, entry)
    entity_id = f"sensor.med_{PDL}_consumption_daily"
    before = hass.states.get(entity_id)
    assert before.attributes["last_period"] > 0
    er.async_get(hass).async_update_entity_options(
        entity_id, "sensor", {"unit_of_measurement": unit}
    )
    await hass.async_block_till_done()
    shown = hass.states.get(entity_id)
    assert float(shown.state) == pytest.approx(float(before.state) * by)
    assert shown.attributes["last_period"] == pytest.approx(before.attributes["last_period"] * by)
