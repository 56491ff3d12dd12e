"""A destination and a metering point of new kinds: a folder and a line each, and all else works."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.entry_types import ENTRY_KINDS
from custom_components.med_exporter.inventory.configuration import async_configuration
from tests.metering_points import NOON, answer, start_flow
from tests.pushing import House, plug, since

from .toy_destination.kind import TOY
from .toy_source.kind import EYE

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.core import HomeAssistant

PIN = "4711-planted"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that each of them takes."""
    monkeypatch.setitem(DESTINATIONS, TOY.type, TOY)
    monkeypatch.setitem(ENTRY_KINDS, EYE.type, EYE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    (made / "pin").write_text(PIN)
    return made


def lines(folder: Path, pdl: str) -> list[list[str]]:
    return [line.split() for line in (folder / f"{pdl}.txt").read_text().splitlines()]


async def add_toy(hass: HomeAssistant, folder: Path) -> Any:
    form = await start_flow(hass, "toy")
    given = {
        "folder": str(folder),
        "pin": PIN,
        "interval": "60",
        "data": ["consumption_daily"],
    }
    refused = await answer(hass, form, {**given, "pin": "guess"})
    assert (refused["step_id"], refused["errors"]) == ("toy", {"pin": "destination_wrong_pin"})
    made = await answer(hass, refused, given)
    assert made["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    return made["result"]


async def test_a_destination(paper_house: House, hass_client: Any, folder: Path) -> None:
    house = paper_house
    hass = house.hass
    house.add_point("house", plug())
    await house.use(plug(), since(2), since(0), 0.5)
    await house.committed()

    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert {"kasa", "toy", "eye"} <= set(menu["menu_options"])
    assert menu["menu_options"][-1] == "email"
    entry = await add_toy(hass, folder)
    assert entry.state is ConfigEntryState.LOADED
    assert PIN not in str(entry.as_dict())

    client = await hass_client()
    (config,) = (await (await client.get("/api/export/configs")).json())["configs"]
    assert (config["type"], config["name"], config["config"]["pin"]) == ("toy", "stick", "********")
    assert (await (await client.post("/api/export/configs/toy/test")).json())["success"] is True
    assert (await client.post("/api/export/toy/run", json={})).status == 202
    await house.committed()
    assert lines(folder, "house") == [
        ["2026-11-18", "closed", "24.0"],
        ["2026-11-19", "closed", "24.0"],
        ["2026-11-20", "now", "1.0"],
    ]

    (folder / "house.txt").unlink()
    await client.post("/api/export/toy/run")
    await house.committed()
    assert len(lines(folder, "house")) == 3, "what was lost is given again"
    logs = await (await client.get("/api/export/logs?destination=toy")).json()
    assert [log["status"] for log in logs["logs"]] == ["success", "success"]

    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert {one.domain for one in entities} == {"button", "sensor", "switch"}
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.model == "Folder"
    tables = {table.name: table for table in await async_configuration(hass, None, None)}
    (row,) = tables["destinations"].rows
    assert f'{{"folder": "{folder}"}}' in row
    assert "********" in row

    (folder / "pin").write_text("changed")
    await client.post("/api/export/toy/run")
    await house.committed()
    (log, *_) = (await (await client.get("/api/export/logs")).json())["logs"]
    assert (log["status"], log["error_code"]) == ("error", "WRONG_PIN")
    asked = hass.config_entries.flow.async_progress()
    (flow,) = (one for one in asked if one["context"]["source"] == SOURCE_REAUTH)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"], None)
    assert {str(marker) for marker in form["data_schema"].schema} == {"pin"}
    done = await answer(hass, flow, {"pin": "changed"})
    assert done["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)

    await hass.config_entries.async_remove(entry.entry_id)
    await house.committed()
    assert (folder / "gone").read_text() == "changed"
    assert er.async_entries_for_config_entry(registry, entry.entry_id) == []
    assert (await (await client.get("/api/export/configs")).json()) == {"configs": []}


async def test_a_metering_point(
    paper_house: House, hass_client: Any, folder: Path, tmp_path: Path
) -> None:
    house = paper_house
    hass = house.hass
    counter = tmp_path / "counter"
    form = await start_flow(hass, "eye")
    refused = await answer(hass, form, {"pdl": "cellar", "file": str(counter)})
    assert refused["errors"] == {"file": "hosts_missing"}
    counter.write_text("100")
    house.freezer.move_to(NOON - timedelta(days=2, hours=12))
    made = await answer(hass, refused, {"pdl": "cellar", "file": str(counter)})
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = made["result"]
    assert entry.state is ConfigEntryState.LOADED

    counter.write_text("148")
    house.freezer.move_to(NOON - timedelta(hours=12))
    await entry.runtime_data.async_read()
    house.freezer.move_to(NOON)
    await house.committed()

    toy = await add_toy(hass, folder)
    await house.push(toy.runtime_data)
    closed = {date: float(kwh) for date, word, kwh in lines(folder, "cellar") if word == "closed"}
    assert (closed["2026-11-18"], closed["2026-11-19"]) == (24.0, 24.0)

    client = await hass_client()
    (device,) = (await (await client.get("/api/exports/devices")).json())["devices"]
    assert (device["device_name"], device["device_id"] != "") == ("Eye", True)
    assert hass.states.get("sensor.eye_counter").state == "148.0"
    tables = {table.name: table for table in await async_configuration(hass, None, None)}
    assert [row[1] for row in tables["metering_points"].rows] == ["cellar"]

    await hass.config_entries.async_remove(entry.entry_id)
    await house.committed()
    assert not counter.exists()
    assert (await (await client.get("/api/exports/devices")).json())["devices"] == []
