"""What was used before and after midnight, by plugs whose clocks say that it is another time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.sources.plug import PlugCounters
from tests.metering_points import PARIS

DECEMBER = datetime(2026, 12, 1, tzinfo=PARIS)
BEGAN = -2 * 3600


STEADY, KETTLE = (1.0, 1.0), (2.0, 0.25)


def used(since: float, until: float, load: tuple[float, float] = STEADY) -> float:
    """Return the kWh of a load: its kW in three minutes of each quarter-hour, and in the rest."""
    return sum(
        load[minute % 900 >= 180] * (min(until, minute + 60) - max(since, minute)) / 3600
        for minute in range(int(since // 60) * 60, int(until), 60)
    )


def seen(seconds: float, ahead: float, load: tuple[float, float]) -> PlugCounters:
    """Return what a newer plug shows some seconds after midnight, if its clock is so far ahead."""
    midnight = -ahead
    before, since = (100.0, BEGAN) if seconds < midnight else (0.0, midnight)
    kwh = before + used(since, seconds, load)
    clock = DECEMBER.astimezone(UTC) + timedelta(seconds=seconds + ahead)
    return PlugCounters(
        today=round(kwh % 90, 3), month=round(kwh, 3), clock=clock.astimezone(PARIS)
    )


@pytest.mark.parametrize("ahead", [-5000, -3600, -400, -20, 0, 20, 400, 3600, 5000])
@pytest.mark.parametrize("interval", [10, 30, 300, 900])
@pytest.mark.parametrize("load", [STEADY, KETTLE])
def test_the_evening_stays_in_the_month_that_ends(
    ahead: int, interval: int, load: tuple[float, float]
) -> None:
    counter, seconds = EnergyCounter(), float(BEGAN + interval // 3)
    began = seconds
    while seconds < max(900, 900 - ahead):
        time = (DECEMBER.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(PARIS)
        counter.advance(
            seen(seconds, ahead, load), time, seconds=interval if seconds > began else None
        )
        seconds += interval
    seconds -= interval
    counted = counter.value - counter.began_value
    # What a plug counted between its last reading and its own midnight, it has forgotten.
    lost = used(began, seconds, load) - counted
    assert -0.003 <= lost <= used(-ahead - interval, -ahead, load) + 0.003
    # When in one interval a load has changed, nobody knows.
    blurred = 0.003 + (load == KETTLE) * used(-interval, interval, load) / 2
    for grown in (counter.today, counter.this_month):
        assert used(0, seconds, load) - lost - blurred <= grown <= used(0, seconds, load) + blurred


def test_what_is_confirmed_after_midnight_was_used_on_both_sides_of_it() -> None:
    counter = EnergyCounter()
    for at, total, day, month in (
        ("2026-11-28 20:00:00", 0.0, 0.0, 0.0),
        ("2026-11-28 20:00:30", 0.001, 0.001, 0.001),
        # The plug has restarted, and its two counters do not say the same at once.
        ("2026-11-29 00:15:00", 0.63, 0.038, 0.638),
        ("2026-11-29 01:15:00", 0.78, 0.188, 0.788),
        ("2026-11-29 01:15:30", 0.785, 0.193, 0.793),
    ):
        time = datetime.fromisoformat(at).replace(tzinfo=PARIS)
        told = PlugCounters(total=total, today=day, month=month, month_before=9.0)
        counter.advance(told, time)
    assert counter.last_day == pytest.approx(0.6, abs=0.01)
    assert counter.today == pytest.approx(0.193, abs=0.01)
