"""What arrives in a Jeedom: periods in its history, the current value last, nothing twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.jeedom.kind import JEEDOM
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Grain,
    Measurement,
)
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.jeedom_server import CORE_KEY, VIRTUAL_KEY, Jeedom, running_jeedom

from .measured import (
    BARN,
    HOUSE,
    NOW,
    PARIS,
    PDL,
    day,
    destination_at,
    error_of,
    half_hour,
    push,
    running,
    tempo,
    words,
)

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination

pytestmark = pytest.mark.usefixtures("home_assistant")


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
