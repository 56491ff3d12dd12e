"""Each metering point is an equipment in Jeedom; what the user made of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.jeedom.kind import JEEDOM
from custom_components.med_exporter.destinations.measurements import PointName
from custom_components.med_exporter.sources.tempo_calendar import TempoColour

from .measured import BARN, PDL, day, destination_at, error_of, push, running, tempo, words

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
    from tests.jeedom_server import Jeedom

pytestmark = pytest.mark.usefixtures("home_assistant")


async def test_the_equipment_and_its_commands_are_made(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5), running(2.0))
    await push(destination, tempo(1, TempoColour.RED))
    equipment = jeedom.find(PDL)
    assert equipment["eqType_name"] == "virtual"
    assert equipment["name"] == "House blue garden"
    assert equipment["isEnable"] == 1
    daily = jeedom.command(PDL, "consumption_daily")
    assert daily["name"] == "Name of consumption_daily"
    assert (daily["type"], daily["subType"], daily["unite"]) == ("info", "numeric", "kWh")
    assert daily["isHistorized"] == 1
    assert daily["configuration"] == {"historizeMode": "none"}
    assert jeedom.command(PDL, "tempo")["unite"] == ""
    # What is not sent has no command; a hidden one tells what time it is there.
    assert {one["logicalId"] for one in jeedom.commands.values()} == {
        "consumption_daily",
        "tempo",
        "clock",
    }
    assert jeedom.command(PDL, "clock")["isVisible"] == 0
    assert jeedom.command(PDL, "clock")["isHistorized"] == 0
    assert jeedom.calls.count("eqLogic::save") == 1


async def test_each_metering_point_has_its_equipment(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5))
    await push(destination, day(1, 7.5, point=BARN))
    await push(destination, day(2, 1.5, DataType.PRODUCTION_DAILY, BARN))
    assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 5.5}
    assert jeedom.values("barn-2", "consumption_daily") == {"2026-11-19 00:00:00": 7.5}
    assert jeedom.values("barn-2", "production_daily") == {"2026-11-18 00:00:00": 1.5}


async def test_a_production_only_metering_point_gets_no_other_command(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 1.5, DataType.PRODUCTION_DAILY, BARN))
    assert [one["logicalId"] for one in jeedom.commands.values()] == ["production_daily", "clock"]


async def test_what_the_user_renamed_and_added_stays(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5))
    jeedom.find(PDL)["name"] = "My meter"
    jeedom.command(PDL, "consumption_daily")["name"] = "Per day"
    own = {"id": 900, "eqLogic_id": jeedom.find(PDL)["id"], "name": "Name of tempo"}
    jeedom.commands[900] = {**own, "logicalId": "", "isHistorized": 0}
    await push(destination, day(1, 5.5), running(2.0))
    await push(destination, tempo(0, TempoColour.BLUE))
    assert jeedom.find(PDL)["name"] == "My meter"
    assert jeedom.command(PDL, "consumption_daily")["name"] == "Per day"
    assert 900 in jeedom.commands
    # Two commands of one equipment cannot share a name.
    assert jeedom.command(PDL, "tempo")["name"] == "Name of tempo 2"
    assert len(jeedom.equipment) == 1


async def test_a_copy_that_the_user_made_gets_nothing(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(2, 5.5))
    equipment, command = jeedom.find(PDL), jeedom.command(PDL, "consumption_daily")
    # Jeedom lists by name, and what it copies keeps the logical id.
    jeedom.equipment = {1000: {**equipment, "id": 1000, "name": "A copy"}, **jeedom.equipment}
    copies = {1001: {**command, "id": 1001, "eqLogic_id": 1000}, 1002: {**command, "id": 1002}}
    jeedom.commands = {**jeedom.commands, **copies}
    assert await destination.async_missing([day(2, 5.5)]) == []
    await push(destination, day(2, 5.5), day(1, 6.5), running(1.5))
    assert set(jeedom.history) == {command["id"]}
    assert jeedom.history[command["id"]].keys() >= {"2026-11-18 00:00:00", "2026-11-19 00:00:00"}


async def test_an_equipment_that_was_deleted_is_made_again(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5))
    jeedom.equipment.clear()
    jeedom.commands.clear()
    await push(destination, day(1, 5.5))
    assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 5.5}


async def test_disabled_equipment_is_named_and_left_alone(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5))
    for off in (0, "0", False):
        jeedom.find(PDL)["isEnable"] = off
        error = await error_of(destination, day(0, 6.5))
        assert error.code == "EQUIPMENT_DISABLED"
        assert "House blue garden" in words(error)
        assert not JEEDOM.is_unusable(error.code)
    assert jeedom.find(PDL)["isEnable"] is False
    assert len(jeedom.values(PDL, "consumption_daily")) == 1


async def test_a_command_that_keeps_no_history_is_named(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(1, 5.5))
    jeedom.command(PDL, "consumption_daily")["isHistorized"] = "0"
    error = await error_of(destination, day(0, 6.5))
    assert error.code == "COMMAND_NOT_HISTORISED"
    assert "Name of consumption_daily" in words(error)


class TestPlace:
    @pytest.mark.parametrize(("parent", "number"), [(None, 7), ("Garden", 8), ("garden", 8)])
    async def test_new_equipment_stands_on_the_dashboard(
        self, jeedom: Jeedom, session: ClientSession, parent: str | None, number: int
    ) -> None:
        await push(destination_at(jeedom, session, parent=parent), day(1, 5.5))
        assert jeedom.find(PDL)["object_id"] == number

    async def test_a_jeedom_without_objects_takes_it_all_the_same(
        self, jeedom: Jeedom, destination: JeedomDestination
    ) -> None:
        jeedom.objects.clear()
        await push(destination, day(1, 5.5))
        assert "object_id" not in jeedom.find(PDL)

    async def test_equipment_that_was_moved_stays_where_it_is(
        self, jeedom: Jeedom, session: ClientSession
    ) -> None:
        await push(destination_at(jeedom, session), day(1, 5.5))
        jeedom.find(PDL)["object_id"] = 99
        await push(destination_at(jeedom, session, parent="Garden"), day(1, 5.5), running(1))
        assert jeedom.find(PDL)["object_id"] == 99

    async def test_a_parent_that_is_not_there_is_named_with_those_that_are(
        self, jeedom: Jeedom, session: ClientSession
    ) -> None:
        error = await error_of(destination_at(jeedom, session, parent="Cellar"), day(1, 5.5))
        assert (error.code, error.field) == ("UNKNOWN_PARENT", "parent")
        assert "House, Garden" in words(error)

    async def test_a_name_that_is_taken_gets_the_id_behind(
        self, jeedom: Jeedom, destination: JeedomDestination
    ) -> None:
        twin = PointName(pdl="other", slug="other", name=BARN.name)
        await push(destination, day(1, 1.5, point=BARN))
        await push(destination, day(1, 2.5, point=twin))
        assert jeedom.find("other")["name"] == "Barn other"


class TestTwoHomes:
    async def test_each_fills_its_own_equipment(
        self, jeedom: Jeedom, session: ClientSession
    ) -> None:
        await push(destination_at(jeedom, session, home="here"), day(1, 5.5))
        await push(destination_at(jeedom, session, home="there"), day(1, 7.5, point=BARN))
        assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 5.5}
        assert jeedom.values("barn-2", "consumption_daily") == {"2026-11-19 00:00:00": 7.5}

    async def test_metering_points_of_one_id_are_not_mixed(
        self, jeedom: Jeedom, session: ClientSession
    ) -> None:
        await push(destination_at(jeedom, session, home="here"), day(1, 5.5))
        error = await error_of(destination_at(jeedom, session, home="there"), day(1, 9.5))
        assert error.code == "EQUIPMENT_OF_ANOTHER_HOME"
        assert PDL in words(error)
        assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 5.5}

    async def test_equipment_that_nobody_has_signed_is_taken(
        self, jeedom: Jeedom, session: ClientSession
    ) -> None:
        await push(destination_at(jeedom, session, home="here"), day(1, 5.5))
        jeedom.find(PDL)["configuration"] = {}
        await push(destination_at(jeedom, session, home="there"), day(1, 9.5))
        assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 9.5}
