"""The connection test of a Jeedom tells what a run would meet, and leaves nothing behind."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from homeassistant.util import dt as dt_util
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.jeedom.calculation import calculated
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.probe import Scope
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from tests.jeedom_server import CORE_KEY, VIRTUAL_KEY, Jeedom, add_jeedom, jeedom
from tests.metering_points import add_metering_point
from tests.plug_emulator import EmulatedPlug, PlugNetwork

from .measured import BARN, HOUSE, NAMES, PDL, day, push, running, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant


__all__ = ["jeedom"]

NOW = datetime(2026, 11, 20, 13, 30, 15, tzinfo=UTC)


@pytest.fixture(params=[CORE_KEY, VIRTUAL_KEY], ids=["Jeedom's key", "the plugin's key"])
async def destination(
    hass: HomeAssistant,
    jeedom: Jeedom,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[JeedomDestination]:
    """A destination that has sent two days and the running one."""
    await hass.config.async_set_time_zone("Europe/Paris")
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)
    async with ClientSession() as session:
        made = JeedomDestination(
            JeedomRpc(session, jeedom.url, request.param, "virtual"),
            "virtual",
            NAMES,
            home="home-1",
            scope=Scope(
                points=lambda: [BARN, HOUSE],
                data={DataType.CONSUMPTION_DAILY, DataType.TEMPO},
            ),
        )
        await push(made, day(2, 0.0), day(1, 6.5), running(2.0))
        yield made


def everything(jeedom: Jeedom) -> Any:
    return copy.deepcopy(
        (
            list(jeedom.equipment),
            [one for one in jeedom.commands.values() if one["logicalId"] != "clock"],
            jeedom.history,
            jeedom.values(PDL, "consumption_daily"),
            jeedom.current(PDL, "consumption_daily"),
        )
    )


async def failure(destination: JeedomDestination) -> DestinationError:
    with pytest.raises(DestinationError) as caught:
        await destination.async_test()
    return caught.value


async def test_it_writes_and_leaves_everything_as_it_was(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    before, written = everything(jeedom), len(jeedom.events)
    assert await destination.async_test() is None
    assert len(jeedom.events) > written
    assert everything(jeedom) == before


async def test_nothing_is_made_where_nothing_is_yet(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    for store in (jeedom.equipment, jeedom.commands, jeedom.history, jeedom.state):
        store.clear()
    assert await destination.async_test() is None
    assert {"eqLogic::save", "cmd::event"} <= set(jeedom.calls)
    assert (jeedom.equipment, jeedom.commands, jeedom.history) == ({}, {}, {})


async def test_disabled_equipment_is_told(jeedom: Jeedom, destination: JeedomDestination) -> None:
    jeedom.find(PDL)["isEnable"] = "0"
    assert (await failure(destination)).code == "EQUIPMENT_DISABLED"


async def test_equipment_of_another_home_is_told(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    jeedom.find(PDL)["configuration"]["medExporterHome"] = "elsewhere"
    assert (await failure(destination)).code == "EQUIPMENT_OF_ANOTHER_HOME"


async def test_a_command_without_history_is_told(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    jeedom.command(PDL, "consumption_daily")["isHistorized"] = "0"
    assert (await failure(destination)).code == "COMMAND_NOT_HISTORISED"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"maxValue": "5"}, "-∞ to 5 only, and would drop 6.5"),
        ({"minValue": "1"}, "1 to ∞ only, and would drop 0"),
        ({"calculValueOffset": "#value# * 1000"}, "“#value# * 1000”"),
        ({"calculValueOffset": "#value# + 1"}, "“#value# + 1”"),
        ({"calculValueOffset": "min(#value#, 3)"}, "“min(#value#, 3)”"),
        ({"denyValues": "7;2"}, "refuse the value 2"),
    ],
)
async def test_what_a_command_would_change_or_drop_is_told_as_a_run_tells_it(
    jeedom: Jeedom, destination: JeedomDestination, settings: dict[str, str], said: str
) -> None:
    jeedom.command(PDL, "consumption_daily")["configuration"] |= settings
    before = everything(jeedom)
    error = await failure(destination)
    assert error.code == "VALUE_NOT_KEPT"
    assert said in words(error)
    assert everything(jeedom) == before


@pytest.mark.parametrize(
    "settings",
    [
        {"calculValueOffset": "#value# * 1"},
        {"calculValueOffset": "(#value# + 10 - 10) / 1"},
        {"calculValueOffset": " "},
        {"minValue": "0", "maxValue": "1000"},
        {"historizeRound": "2"},
        {"denyValues": "999"},
    ],
)
async def test_harmless_settings_keep_neither_test_nor_run(
    jeedom: Jeedom, destination: JeedomDestination, settings: dict[str, str]
) -> None:
    jeedom.command(PDL, "consumption_daily")["configuration"] |= settings
    assert await destination.async_test() is None
    await push(destination, day(1, 7.5), running(3.0))
    assert jeedom.current(PDL, "consumption_daily")[0] == 3.0


async def test_what_a_restricted_key_may_not_do_is_told(
    hass: HomeAssistant, jeedom: Jeedom
) -> None:
    jeedom.unknown_methods.add("eqLogic::save")
    async with ClientSession() as session:
        rpc = JeedomRpc(session, jeedom.url, VIRTUAL_KEY, "virtual")
        made = JeedomDestination(rpc, "virtual", NAMES, home="home-1")
        assert (await failure(made)).code == "OTHER_PLUGINS_KEY"


async def test_the_flow_looks_at_the_equipment_of_a_home_that_was_there_before(
    hass_with_recorder: HomeAssistant, jeedom: Jeedom, plug_network: PlugNetwork
) -> None:
    hass = hass_with_recorder
    plug = EmulatedPlug(alias="Fridge")
    await plug_network.start(plug)
    await add_metering_point(hass, plug.address)
    entry = await add_jeedom(hass, jeedom.url)
    destination = entry.runtime_data.destination
    (point,) = destination._scope.points()
    await push(destination, day(1, 5.5, point=point))
    jeedom.find(point.pdl)["isEnable"] = "0"
    assert (await failure(destination)).code == "EQUIPMENT_DISABLED"
    # What was found of its zone is kept with the entry, and stays when that is loaded again.
    zones = {"Europe/Paris", hass.config.time_zone}  # of two that agree now, the home's
    assert entry.options["jeedom"]["clock"]["zone"] in zones


@given(st.floats(0, 1e6), st.integers(1, 1000))
def test_arithmetic_is_done_as_jeedom_does_it(value: float, factor: int) -> None:
    assert calculated("#value#", value) == value
    assert calculated(f"#value# * {factor} / {factor}", value) == pytest.approx(value)
    assert calculated(f"-(#value# - {factor})", value) == pytest.approx(factor - value)


@pytest.mark.parametrize(
    "formula",
    ["#value# / 0", "__import__('os')", "#value#; 1", "(" * 150, "#1#", "9**9", "1" * 300],
)
def test_what_is_no_arithmetic_is_not_guessed(formula: str) -> None:
    assert calculated(formula, 2.0) is None
