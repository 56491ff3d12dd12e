"""What arrives in a Jeedom: periods in its history, the current value last, nothing twice."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import (
    DestinationError,
    Outcome,
)
from custom_components.med_exporter.destinations.jeedom import destination as jeedom_module
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.kind import JEEDOM
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.jeedom_server import CORE_KEY, VIRTUAL_KEY, Jeedom, jeedom, running_jeedom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

__all__ = ["jeedom"]

PARIS = ZoneInfo("Europe/Paris")
PDL = "12345678901234"
HOUSE = PointName(pdl=PDL, slug=PDL, name="House [blue] & garden")
BARN = PointName(pdl="barn-2", slug="barn_2", name="Barn")
NOW = datetime(2026, 11, 20, 13, 30, 15, tzinfo=UTC)
NAMES = {data_type: f"Name of {data_type}" for data_type in DataType}


@pytest.fixture(autouse=True)
async def home_assistant(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Home Assistant in Paris whose clock stands still."""
    await hass.config.async_set_time_zone("Europe/Paris")
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as made:
        yield made


@pytest.fixture
def destination(jeedom: Jeedom, session: ClientSession) -> JeedomDestination:
    return destination_at(jeedom, session)


def destination_at(
    jeedom: Jeedom,
    session: ClientSession,
    key: str = VIRTUAL_KEY,
    *,
    home: str = "home-1",
    parent: str | None = None,
) -> JeedomDestination:
    rpc = JeedomRpc(session, jeedom.url, key, "virtual")
    return JeedomDestination(rpc, "virtual", NAMES, home=home, parent=parent)


def day(
    number: int,
    kwh: float,
    data_type: DataType = DataType.CONSUMPTION_DAILY,
    point: PointName = HOUSE,
) -> Energy:
    """Return the energy of a closed day, so many days before the test's one."""
    start = datetime(2026, 11, 20, tzinfo=PARIS) - timedelta(days=number)
    end = start + timedelta(days=1)
    return Energy(
        data_type=data_type,
        point=point,
        grain=Grain.DAILY,
        start=start,
        end=end,
        closed=True,
        timestamp=end.astimezone(UTC),
        kwh=kwh,
    )


def running(kwh: float, data_type: DataType = DataType.CONSUMPTION_DAILY) -> Energy:
    """Return the energy of the running day."""
    return Energy(
        data_type=data_type,
        point=HOUSE,
        grain=Grain.DAILY,
        start=datetime(2026, 11, 20, tzinfo=PARIS),
        end=NOW.astimezone(PARIS),
        closed=False,
        timestamp=NOW,
        kwh=kwh,
    )


def half_hour(start: datetime, kwh: float) -> Energy:
    """Return the energy of a closed half-hour that starts at a UTC time."""
    end = start + timedelta(minutes=30)
    return Energy(
        data_type=DataType.CONSUMPTION_DETAILED,
        point=HOUSE,
        grain=Grain.HALF_HOURLY,
        start=start.astimezone(PARIS),
        end=end.astimezone(PARIS),
        closed=True,
        timestamp=end,
        kwh=kwh,
    )


def tempo(number: int, colour: TempoColour) -> TempoDay:
    """Return the colour of a day, so many days before the test's one; that one is current."""
    start = datetime(2026, 11, 20, tzinfo=PARIS) - timedelta(days=number)
    return TempoDay(
        data_type=DataType.TEMPO,
        point=HOUSE,
        grain=Grain.DAILY,
        start=start,
        end=start + timedelta(days=1),
        closed=number > 0,
        timestamp=NOW,
        colour=colour,
    )


async def push(
    destination: JeedomDestination,
    *measurements: Measurement,
    settled: list[tuple[Measurement, Outcome]] | None = None,
) -> list[tuple[Measurement, Outcome]]:
    """Push a series, and return what became of each value."""
    settled = [] if settled is None else settled

    async def stream() -> AsyncIterator[Measurement]:
        for measurement in measurements:
            yield measurement

    await destination.async_push(stream(), lambda one, outcome: settled.append((one, outcome)))
    return settled


async def error_of(destination: JeedomDestination, *measurements: Measurement) -> DestinationError:
    with pytest.raises(DestinationError) as caught:
        await push(destination, *measurements)
    assert VIRTUAL_KEY not in words(caught.value)
    return caught.value


def words(error: DestinationError) -> str:
    """Return what the user reads, in both languages."""
    folder = Path(jeedom_module.__file__).parents[2] / "translations"
    return "\n".join(
        json.loads((folder / f"{language}.json").read_text())["exceptions"][error.key][
            "message"
        ].format(**(error.translation_placeholders or {}))
        for language in ("en", "fr")
    )


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


async def test_closed_periods_come_first_and_the_current_value_last(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    measurements = (day(2, 4.5), day(1, 5.5), running(2.25))
    assert await push(destination, *measurements) == [(one, Outcome.STORED) for one in measurements]
    assert [(stamp, value) for _, stamp, value in jeedom.events] == [
        ("2026-11-18 00:00:00", 4.5),
        ("2026-11-19 00:00:00", 5.5),
        ("2026-11-20 14:30:15", 2.25),
    ]
    assert jeedom.current(PDL, "consumption_daily") == (2.25, "2026-11-20 14:30:15")


@pytest.mark.parametrize("key", [CORE_KEY, VIRTUAL_KEY])
@pytest.mark.parametrize(
    ("zone", "day_begins", "now"),
    [
        ("Indian/Reunion", "2026-11-19 03:00:00", "2026-11-20 17:30:15"),
        ("UTC", "2026-11-18 23:00:00", "2026-11-20 13:30:15"),
        ("Europe/Brussels", "2026-11-19 00:00:00", "2026-11-20 14:30:15"),
        ("America/Martinique", "2026-11-18 19:00:00", "2026-11-20 09:30:15"),
        ("Asia/Kathmandu", "2026-11-19 04:45:00", "2026-11-20 19:15:15"),
    ],
)
async def test_jeedoms_own_time_zone_counts_whatever_key_asks(
    session: ClientSession, key: str, zone: str, day_begins: str, now: str
) -> None:
    async with running_jeedom(Jeedom(zone=zone)) as jeedom:
        await push(destination_at(jeedom, session, key), day(1, 5.5), running(2.25))
        assert jeedom.values(PDL, "consumption_daily") == {day_begins: 5.5, now: 2.25}


@pytest.mark.parametrize("key", [CORE_KEY, VIRTUAL_KEY])
async def test_a_zone_found_by_the_clock_holds_in_summer_too(
    session: ClientSession, key: str
) -> None:
    async with running_jeedom(Jeedom(zone="Europe/Paris")) as jeedom:
        await push(destination_at(jeedom, session, key), day(150, 5.5))
        assert list(jeedom.values(PDL, "consumption_daily")) == ["2026-06-23 00:00:00"]


async def test_with_jeedoms_own_key_nothing_is_asked_as_the_plugin(
    jeedom: Jeedom, session: ClientSession
) -> None:
    del jeedom.keys["virtual"]
    await push(destination_at(jeedom, session, CORE_KEY), day(1, 5.5))
    # Asking as the plugin would have made Jeedom create an enabled key for it.
    assert "virtual" not in jeedom.keys
    assert {one["logicalId"] for one in jeedom.commands.values()} == {"consumption_daily"}


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


async def test_tempo_and_ecowatt_are_numbers(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(
        destination,
        tempo(3, TempoColour.BLUE),
        tempo(2, TempoColour.WHITE),
        tempo(1, TempoColour.RED),
        tempo(0, TempoColour.WHITE),
    )
    level = EcoWattLevel(
        data_type=DataType.ECOWATT,
        point=HOUSE,
        grain=Grain.DAILY,
        start=datetime(2026, 11, 20, tzinfo=PARIS),
        end=datetime(2026, 11, 21, tzinfo=PARIS),
        closed=False,
        timestamp=NOW,
        level=3,
        details={"message": "Tense"},
    )
    await push(destination, level)
    assert list(jeedom.values(PDL, "tempo").values()) == [1, 2, 3, 2]
    assert jeedom.current(PDL, "tempo")[0] == 2
    assert jeedom.current(PDL, "ecowatt") == (3, "2026-11-20 14:30:15")


async def test_tomorrows_colour_waits_for_its_day(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    yesterday, tomorrow = tempo(1, TempoColour.RED), tempo(-1, TempoColour.BLUE)
    assert await push(destination, yesterday, tomorrow) == [
        (yesterday, Outcome.STORED),
        (tomorrow, Outcome.ALREADY_THERE),
    ]
    assert jeedom.current(PDL, "tempo") == (3, "2026-11-19 00:00:00")


async def test_the_repeated_hour_loses_no_half_hour(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    # 25 October 2026: 03:00 summer time is 02:00 winter time, at 01:00 UTC.
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    halves = [half_hour(start + timedelta(minutes=30 * n), 0.1 * n) for n in range(7)]
    await push(destination, *halves)
    assert list(jeedom.values(PDL, "consumption_detailed")) == [
        "2026-10-25 01:30:00",
        "2026-10-25 02:00:00",
        "2026-10-25 02:00:01",
        "2026-10-25 02:30:00",
        "2026-10-25 02:30:01",
        "2026-10-25 03:00:00",
        "2026-10-25 03:30:00",
    ]
    written = [value for _, _, value in jeedom.events]
    assert written == pytest.approx([0.1 * n for n in range(7)])
    for one in halves:
        assert await push(destination, one) == [(one, Outcome.ALREADY_THERE)]


async def test_in_the_repeated_hour_the_later_half_hour_stays_current(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    halves = [half_hour(start + timedelta(minutes=30 * n), 0.1 * n) for n in range(3)]
    await push(destination, *halves)
    await push(destination, half_hour(start, 0.7))
    assert jeedom.current(PDL, "consumption_detailed") == (0.2, "2026-10-25 02:00:01")


async def test_the_skipped_hour_is_never_written(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    await push(destination, half_hour(start, 0.1), half_hour(start + timedelta(minutes=30), 0.2))
    assert jeedom.values(PDL, "consumption_detailed") == {
        "2026-03-29 01:30:00": 0.1,
        "2026-03-29 03:00:00": 0.2,
    }


async def test_what_is_there_is_not_sent_again(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    days = [day(number, 1 / number) for number in range(300, 0, -1)]
    await push(destination, *days)
    assert len(jeedom.events) == 300
    jeedom.events.clear()
    settled = await push(destination, *days, running(2.0))
    assert [outcome for _, outcome in settled] == [Outcome.ALREADY_THERE] * 300 + [Outcome.STORED]
    assert len(jeedom.events) == 1


async def test_only_what_is_missing_is_sent(jeedom: Jeedom, destination: JeedomDestination) -> None:
    days = [day(number, float(number)) for number in range(10, 0, -1)]
    await push(destination, *days)
    del jeedom.history[jeedom.command(PDL, "consumption_daily")["id"]]["2026-11-15 00:00:00"]
    jeedom.events.clear()
    settled = await push(destination, *days)
    assert [one.date for one, outcome in settled if outcome is Outcome.STORED] == ["2026-11-15"]
    assert len(jeedom.values(PDL, "consumption_daily")) == 10


async def test_a_correction_replaces_and_the_current_value_stays(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(2, 4.5), day(1, 5.5), running(2.25))
    await push(destination, day(2, 9.5), running(2.25))
    assert jeedom.values(PDL, "consumption_daily")["2026-11-18 00:00:00"] == 9.5
    assert jeedom.current(PDL, "consumption_daily") == (2.25, "2026-11-20 14:30:15")
    # A plug is away: there is no current value to send after the correction.
    await push(destination, day(2, 8.5))
    assert jeedom.values(PDL, "consumption_daily")["2026-11-18 00:00:00"] == 8.5
    assert jeedom.current(PDL, "consumption_daily") == (2.25, "2026-11-20 14:30:15")


@pytest.mark.parametrize("days_between", [1, 30, 365])
async def test_after_a_corrected_half_hour_the_newest_is_current_again(
    jeedom: Jeedom, destination: JeedomDestination, days_between: int
) -> None:
    start = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    old = start - timedelta(days=days_between)
    await push(destination, half_hour(old, 0.1), half_hour(start, 0.2))
    await push(destination, half_hour(old, 0.3))
    assert jeedom.values(PDL, "consumption_detailed")["2026-11-10 13:00:00"] == 0.2
    assert jeedom.current(PDL, "consumption_detailed") == (0.2, "2026-11-10 13:00:00")


async def test_an_interrupted_correction_leaves_no_old_value_behind(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    start = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    old = half_hour(start - timedelta(days=3), 0.1)
    await push(destination, old, half_hour(start, 0.2))
    corrected = half_hour(start - timedelta(days=3), 0.3)
    for dies_after in range(1, 20):
        jeedom.dies_after = dies_after
        settled: list[tuple[Measurement, Outcome]] = []
        try:
            await push(destination, corrected, settled=settled)
        except DestinationError as err:
            assert err.code == "CONNECTION_LOST"  # noqa: PT017
        jeedom.revive()
        if settled:
            # Whoever was told that it is done does not come back.
            assert jeedom.current(PDL, "consumption_detailed")[0] == 0.2
            break
    assert jeedom.values(PDL, "consumption_detailed")["2026-11-07 13:00:00"] == 0.3


async def test_a_value_that_jeedom_drops_is_not_settled(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(3, 1.0))
    jeedom.command(PDL, "consumption_daily")["configuration"]["maxValue"] = "5"
    settled: list[tuple[Measurement, Outcome]] = []
    with pytest.raises(DestinationError) as caught:
        await push(destination, day(2, 4.0), day(1, 6.0), running(1.0), settled=settled)
    assert caught.value.code == "VALUE_NOT_KEPT"
    assert "Name of consumption_daily" in words(caught.value)
    assert [one.date for one, _ in settled] == ["2026-11-18"]
    assert (await error_of(destination, running(6.0))).code == "VALUE_NOT_KEPT"


@pytest.mark.parametrize(
    "settings", [{"calculValueOffset": "#value# * 1000"}, {"maxValue": "5"}, {"minValue": "7"}]
)
async def test_a_value_that_jeedom_would_change_never_stands_in_its_history(
    jeedom: Jeedom, destination: JeedomDestination, settings: dict[str, str]
) -> None:
    await push(destination, day(3, 1.0))
    jeedom.command(PDL, "consumption_daily")["configuration"] |= settings
    assert (await error_of(destination, day(2, 6.0))).code == "VALUE_NOT_KEPT"
    assert jeedom.values(PDL, "consumption_daily") == {"2026-11-17 00:00:00": 1.0}


@pytest.mark.parametrize("purge", ["-7 days", "-1 week", "-7 day"])
async def test_what_a_command_is_told_to_delete_is_neither_sent_nor_missed(
    jeedom: Jeedom, destination: JeedomDestination, purge: str
) -> None:
    await push(destination, day(20, 1.0))
    command = jeedom.command(PDL, "consumption_daily")
    command["configuration"]["historyPurge"] = purge
    # The night comes.
    jeedom.history[command["id"]].clear()
    year = [day(20, 1.0), day(8, 2.0), day(5, 3.0), day(1, 4.0)]
    assert list(await destination.async_missing(year)) == year[2:]
    settled = await push(destination, *year, running(1.5))
    assert [outcome for _, outcome in settled] == [*[Outcome.TOO_OLD] * 2, *[Outcome.STORED] * 3]
    assert len(jeedom.values(PDL, "consumption_daily")) == 3
    assert list(await destination.async_missing(year)) == []


async def test_rounding_that_the_user_asked_jeedom_for_is_no_loss(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(3, 1.0))
    jeedom.command(PDL, "consumption_daily")["configuration"]["historizeRound"] = "1"
    settled = await push(destination, day(2, 4.449), day(1, 6.05), running(1.26))
    assert [outcome for _, outcome in settled] == [Outcome.STORED] * 3
    again = await push(destination, day(2, 4.449))
    assert [outcome for _, outcome in again] == [Outcome.ALREADY_THERE]


async def test_long_numbers_survive(jeedom: Jeedom, destination: JeedomDestination) -> None:
    values = [0.1 + 0.2, 1 / 3, 12345.678901234567, 1e-9, 0.0]
    days = [day(number + 1, value) for number, value in enumerate(values)][::-1]
    await push(destination, *days)
    assert list(jeedom.values(PDL, "consumption_daily").values()) == pytest.approx(values[::-1])


async def test_jeedoms_own_key_works_without_its_plugin(
    jeedom: Jeedom, session: ClientSession
) -> None:
    for virtual_enabled in (True, False):
        jeedom.keys["virtual"].enabled = virtual_enabled
        await push(destination_at(jeedom, session, CORE_KEY), day(1, 5.5))
    assert jeedom.values(PDL, "consumption_daily") == {"2026-11-19 00:00:00": 5.5}


async def test_an_empty_series_asks_nothing(jeedom: Jeedom, destination: JeedomDestination) -> None:
    assert await push(destination) == []
    assert jeedom.calls == []


async def test_errors_in_jeedoms_words_hold_no_key(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    await push(destination, day(2, 5.5))
    jeedom.active.remove("virtual")
    jeedom.equipment.clear()
    error = await error_of(destination, day(1, 5.5))
    assert error.code == "JEEDOM_ERROR"
    assert "Type incorrect" in words(error)


async def test_a_year_arrives_whole_through_a_server_that_keeps_dying(
    jeedom: Jeedom, destination: JeedomDestination
) -> None:
    """No gaps, no doubles, each value where it belongs, whenever the server dies."""
    chance = random.Random(7)
    waiting = {
        point.pdl: [day(number, round(chance.uniform(0, 40), 3), point=point) for number in
                    range(365, 0, -1)]
        for point in (HOUSE, BARN)
    }  # fmt: skip
    wanted = {
        pdl: {one.start.strftime("%Y-%m-%d %H:%M:%S"): one.kwh for one in days}
        for pdl, days in waiting.items()
    }
    deaths = 0
    while any(waiting.values()):
        for days in waiting.values():
            if deaths < 20:
                jeedom.dies_after = chance.randrange(1, 150)
                jeedom.dies_before_storing = chance.random() < 0.5
            settled: list[tuple[Measurement, Outcome]] = []
            try:
                await push(destination, *days, settled=settled)
            except DestinationError as err:
                assert err.code == "CONNECTION_LOST"  # noqa: PT017
                deaths += 1
            # As the watermark does: what was settled is not given again.
            assert [one for one, _ in settled] == days[: len(settled)]
            del days[: len(settled)]
            jeedom.revive()
    assert deaths >= 5
    assert {pdl: jeedom.values(pdl, "consumption_daily") for pdl in wanted} == wanted
    assert len(jeedom.equipment) == 2
    sent = [(number, stamp) for number, stamp, _ in jeedom.events]
    assert len(sent) == len(set(sent)) == 730


async def test_a_refused_connection_is_named(session: ClientSession) -> None:
    async with running_jeedom() as jeedom:
        gone = destination_at(jeedom, session)
    error = await error_of(gone, day(1, 5.5))
    assert error.code == "REFUSED"
    assert JEEDOM.is_unusable(error.code)


async def test_four_values_are_on_their_way_at_a_time_and_the_newest_one_alone(
    destination: JeedomDestination, jeedom: Jeedom
) -> None:
    many = [day(number, float(number)) for number in range(90, 0, -1)]
    await push(destination, *many)
    assert 1 < jeedom.most_at_once <= 4
    assert jeedom.events[-1][2] == many[-1].kwh
    assert jeedom.current(PDL, "consumption_daily")[0] == many[-1].kwh
    # They begin in their order: none comes before one that is four earlier.
    places = {measurement.kwh: number for number, measurement in enumerate(many)}
    order = [places[value] for _, _, value in jeedom.events]
    assert all(abs(number - place) < 4 for number, place in enumerate(order[: len(many)]))
