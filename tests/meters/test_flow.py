"""A user sets up a metering point of what Home Assistant measures, and changes it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter import texts
from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.metering.devices import export_devices
from custom_components.med_exporter.meters.choosing import async_names, proposed_entities
from tests.file_exports import add_plug
from tests.metering_points import NOON, answer, start_flow, start_reconfigure
from tests.pushing import House

from .conftest import Home, assert_same

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

START = dt_util.as_utc(NOON) - timedelta(days=3)


def roles_of(form: dict[str, Any]) -> dict[str, str]:
    """Return the roles that a form proposes."""
    return {
        str(field): field.default()
        for field in form["data_schema"].schema
        if not str(field).endswith("(W)") and field != "count_past"
    }


@pytest.fixture
async def measured(home: Home) -> Home:
    """Statistics of a grid meter both ways, of solar panels and of a device."""
    for name in ("grid", "feed", "pv", "washer", "new"):
        await home.import_hours(f"other:{name}", START, [float(n) for n in range(60)])
    return home


async def test_what_others_call_a_statistic_is_one_line(home: Home) -> None:
    told = {"other:grid": "Grid\n\x1b[31m\u202emeter", "other:pv": "x" * 200, "other:feed": "\t"}
    for statistic_id, name in told.items():
        await home.import_hours(statistic_id, START, [1.0, 2.0], name=name)
    home.hass.states.async_set("sensor.washer", "1", {"friendly_name": "Washer\r\n2"})
    await home.import_hours("sensor.washer", START, [1.0, 2.0])
    assert await async_names(home.hass, [*told, "sensor.washer"]) == {
        "other:grid": "Grid [31m meter",
        "other:pv": f"{'x' * 99}…",
        "other:feed": "other:feed",
        "sensor.washer": "Washer 2",
    }


async def start(home: Home, **fields: Any) -> dict[str, Any]:
    form = await start_flow(home.hass, "meters")
    return await answer(home.hass, form, {"name": "House", "pdl": "house", **fields})


async def test_the_dashboard_is_taken_over_by_a_proposal(measured: Home) -> None:
    manager = await async_get_manager(measured.hass)
    manager.data = {
        "energy_sources": [
            {
                "type": "grid",
                "flow_from": [{"stat_energy_from": "other:grid"}],
                "flow_to": [{"stat_energy_to": "other:feed"}],
            },
            {"type": "solar", "stat_energy_from": "other:pv"},
            {"type": "gas", "stat_energy_from": "other:gas"},
        ],
        "device_consumption": [{"stat_consumption": "other:washer", "name": "Washer"}],
    }
    form = await start(measured, take_over=True)
    assert form["step_id"] == "meters_roles", form["errors"]
    said = form["description_placeholders"]["not_taken"]
    assert said == (
        "\n\nNot taken, as it is no electricity, has no sum of energy or is counted here already:"
        " other:gas"
    )
    proposed = roles_of(form)
    assert list(proposed.values()) == ["consumption", "production", "ignored", "ignored"]
    assert list(proposed)[-1] == "Washer"
    form = await answer(measured.hass, form, {**proposed, "Washer (W)": 2000})
    assert form["step_id"] == "meters_entities"
    made = await answer(measured.hass, form, {})
    assert made["type"] is FlowResultType.CREATE_ENTRY
    await measured.settle()
    await measured.look(made["result"])
    used = await measured.ledger(PointSeries("house", PlugRole.CONSUMPTION), START, NOON)
    assert_same(used, await measured.dashboard(["other:grid"], START, NOON))


async def test_the_first_metering_point_of_all_says_what_is_not_taken(
    hass_with_recorder: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is set up, Home Assistant has loaded no words of the integration."""
    monkeypatch.setattr(texts, "async_get_cached_translations", lambda *_: {})
    home = Home(House(hass_with_recorder, None, None))  # type: ignore[arg-type]
    await home.import_hours("other:grid", START, [1.0, 2.0])
    (await async_get_manager(home.hass)).data = {
        "energy_sources": [
            {"type": "grid", "stat_energy_from": "other:grid", "stat_energy_to": None},
            {"type": "gas", "stat_energy_from": "other:gas", "name": "Boiler"},
        ],
        "device_consumption": [],
        "device_consumption_water": [],
    }
    form = await start(home, take_over=True)
    assert form["description_placeholders"]["not_taken"].endswith("already: Boiler")


async def test_a_grid_meter_that_is_gone_counts_nothing_of_what_is_behind_it(
    measured: Home,
) -> None:
    manager = await async_get_manager(measured.hass)
    manager.data = {
        "energy_sources": [
            {"type": "grid", "stat_energy_from": "other:gone", "stat_energy_to": "other:gone_too"},
            {"type": "solar", "stat_energy_from": "other:pv"},
        ],
        "device_consumption": [{"stat_consumption": "other:washer", "name": "Washer"}],
    }
    form = await start(measured, take_over=True)
    assert roles_of(form) == {"other:pv": "production", "Washer": "consumption"}
    assert form["description_placeholders"]["not_taken"].endswith("other:gone, other:gone_too")


@pytest.mark.parametrize(
    ("statistics", "error"), [([], "meters_missing"), (["other:unheard_of"], "not_energy")]
)
async def test_what_counts_no_energy_is_refused(
    measured: Home, statistics: list[str], error: str
) -> None:
    form = await start(measured, take_over=False, statistics=statistics)
    assert form["errors"] == {"statistics": error}


async def test_the_same_meter_in_two_points_is_refused_by_name(measured: Home) -> None:
    await measured.add("cottage", grid=("other:grid", PlugRole.CONSUMPTION))
    form = await start(measured, take_over=False, statistics=["other:grid"])
    assert form["errors"] == {"statistics": "meter_taken"}
    assert form["description_placeholders"]["point"] == "Cottage"


async def test_a_meter_is_replaced_and_its_past_goes_on(measured: Home) -> None:
    entry = await measured.add(grid=("other:grid", PlugRole.CONSUMPTION))
    await measured.look(entry)
    end = START + timedelta(hours=60)
    sums = [60.0 + 2 * number for number in range(1, 13)]
    await measured.import_hours("other:new", end, sums)
    form = await start_reconfigure(measured.hass, entry)
    (meter_id,) = entry.data["plugs"]
    form = await answer(
        measured.hass,
        form,
        {
            "name": "House",
            "statistics": ["other:grid"],
            "replaced": meter_id,
            "replacement": "other:new",
        },
    )
    assert form["step_id"] == "meters_roles", form["errors"]
    form = await answer(measured.hass, form, roles_of(form))
    await answer(measured.hass, form, {})
    await measured.settle()
    assert list(entry.data["plugs"]) == [meter_id]
    await measured.look(entry)
    series = PointSeries("house", PlugRole.CONSUMPTION)
    old = await measured.dashboard(["other:grid"], START, end)
    new = await measured.dashboard(["other:new"], end, NOON)
    assert_same(await measured.ledger(series, START, NOON), {**old, **new})
    (device,) = export_devices(measured.hass)
    (former,) = device.former
    assert former.entities == {"energy_total_kwh": "other:grid"}
    assert former.until == end.timestamp()


async def test_nothing_is_said_of_what_was_not_taken_where_all_was(measured: Home) -> None:
    form = await start(measured, take_over=False, statistics=["other:pv"])
    assert form["step_id"] == "meters_roles"
    assert form["description_placeholders"] == {"not_taken": ""}


async def test_meters_are_added_and_removed(measured: Home) -> None:
    entry = await measured.add(grid=("other:grid", PlugRole.CONSUMPTION))
    form = await start_reconfigure(measured.hass, entry)
    form = await answer(measured.hass, form, {"name": "Home", "statistics": ["other:pv"]})
    form = await answer(
        measured.hass, form, dict.fromkeys(roles_of(form), PlugRole.PRODUCTION.value)
    )
    await answer(measured.hass, form, {})
    await measured.settle()
    assert entry.title == "Home"
    assert [one["statistic_id"] for one in entry.data["plugs"].values()] == ["other:pv"]


async def test_a_meter_that_joins_one_of_the_grid_is_not_counted_twice(measured: Home) -> None:
    (await async_get_manager(measured.hass)).data = {
        "energy_sources": [
            {"type": "grid", "flow_from": [{"stat_energy_from": "other:grid"}], "flow_to": []},
            {"type": "solar", "stat_energy_from": "other:pv"},
        ],
        "device_consumption": [],
    }
    entry = await measured.add(grid=("other:grid", PlugRole.CONSUMPTION))
    form = await start_reconfigure(measured.hass, entry)
    wanted = ["other:grid", "other:washer", "other:pv"]
    form = await answer(measured.hass, form, {"name": "Home", "statistics": wanted})
    assert list(roles_of(form).values()) == ["consumption", "ignored", "production"]


def tplink_plug(home: Home, mac: str, identifier: str = "hs110") -> str:
    """Let core's own integration have a plug, and return the id of its energy entity."""
    owner = MockConfigEntry(domain="tplink")
    owner.add_to_hass(home.hass)
    device = dr.async_get(home.hass).async_get_or_create(
        config_entry_id=owner.entry_id,
        identifiers={("tplink", identifier)},
        connections={(dr.CONNECTION_NETWORK_MAC, mac)},
    )
    return (
        er.async_get(home.hass)
        .async_get_or_create(
            "sensor", "tplink", identifier, config_entry=owner, device_id=device.id,
            suggested_object_id="fridge_total",
        )
        .entity_id
    )  # fmt: skip


async def test_a_plug_that_another_integration_reads_is_a_meter(home: Home) -> None:
    add_plug(home.hass, "Kettle", "192.168.1.9", "50c7bf000001")
    fridge = tplink_plug(home, "50:c7:bf:00:00:02")
    await home.import_hours(fridge, START, [float(n) for n in range(60)])
    form = await start(home, take_over=False, statistics=[fridge])
    form = await answer(home.hass, form, roles_of(form))
    made = await answer(home.hass, form, {})
    await home.settle()
    await home.look(made["result"])
    used = await home.ledger(PointSeries("house", PlugRole.CONSUMPTION), START, NOON)
    assert_same(used, await home.dashboard([fridge], START, NOON))
    # Beside those that are read by the integration itself, in a metering point of their own.
    assert [one.name for one in export_devices(home.hass)] == ["Kettle", "sensor.fridge_total"]


async def test_a_plug_that_is_read_already_is_refused_by_name(home: Home) -> None:
    add_plug(home.hass, "Kettle", "192.168.1.9", "50c7bf000002")
    fridge = tplink_plug(home, "50:c7:bf:00:00:02")
    await home.import_hours(fridge, START, [1.0])
    form = await start(home, take_over=False, statistics=[fridge])
    assert form["errors"] == {"statistics": "meter_taken"}
    assert form["description_placeholders"]["point"] == "Kettle"


async def test_a_socket_has_the_switch_that_its_strip_holds(measured: Home) -> None:
    hass = measured.hass
    owner = MockConfigEntry(domain="other")
    owner.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    strip = devices.async_get_or_create(
        config_entry_id=owner.entry_id, identifiers={("other", "strip")}
    )
    socket = devices.async_get_or_create(
        config_entry_id=owner.entry_id,
        identifiers={("other", "strip_0100")},
    )
    devices.async_update_device(socket.id, via_device_id=strip.id)
    kettle = entities.async_get_or_create(
        "sensor", "other", "0100_total", config_entry=owner, device_id=socket.id
    )
    switches = [
        entities.async_get_or_create(
            "switch", "other", child, config_entry=owner, device_id=strip.id
        )
        for child in ("0100", "0101")
    ]
    found = proposed_entities(hass, kettle.entity_id)
    assert found == {"is_on": switches[0].entity_id}


async def test_an_id_that_was_mistyped_is_changed_and_all_moves_along(measured: Home) -> None:
    entry = await measured.add(grid=("other:grid", PlugRole.CONSUMPTION))
    await measured.look(entry)
    before = await measured.ledger(PointSeries("house", PlugRole.CONSUMPTION), START, NOON)
    form = await start_reconfigure(measured.hass, entry)
    asked = {"name": "House", "pdl": "a b", "statistics": ["other:grid"]}
    form = await answer(measured.hass, form, asked)
    assert form["errors"] == {"pdl": "invalid_pdl"}
    form = await answer(measured.hass, form, {**asked, "pdl": "Right-1"})
    form = await answer(measured.hass, form, roles_of(form))
    form = await answer(measured.hass, form, {})
    assert form["reason"] == "reconfigure_successful"
    await measured.settle()
    assert (entry.unique_id, entry.data["pdl"]) == ("right_1", "Right-1")
    assert before
    assert (
        await measured.ledger(PointSeries("right_1", PlugRole.CONSUMPTION), START, NOON) == before
    )
    assert not await measured.ledger(PointSeries("house", PlugRole.CONSUMPTION), START, NOON)
    assert measured.hass.states.get("sensor.med_right_1_consumption_daily")
    assert not measured.hass.states.get("sensor.med_house_consumption_daily")
