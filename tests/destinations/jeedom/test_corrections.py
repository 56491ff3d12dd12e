"""Only what is missing is sent to Jeedom again, and a correction replaces what was there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.base import DestinationError, Outcome

from .measured import PDL, day, error_of, half_hour, push, running, words

if TYPE_CHECKING:
    from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
    from custom_components.med_exporter.destinations.measurements import Measurement
    from tests.jeedom_server import Jeedom

pytestmark = pytest.mark.usefixtures("home_assistant")


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
