"""The time goes on as it was where the machine's clock jumps for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from custom_components.med_exporter.engine.evidence import SteadyClock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_clock_that_is_back_after_four_minutes_was_never_away() -> None:
    clock = SteadyClock()
    for minute in range(60):
        wrong = -timedelta(days=54) if 30 <= minute < 34 else timedelta()
        assert clock.now(NOON + minutes(minute) + wrong, minute * 60) == NOON + minutes(minute)


def test_a_jump_that_lasts_is_followed() -> None:
    clock = SteadyClock()
    clock.now(NOON, 0)
    times = [clock.now(NOON + minutes(m) + timedelta(days=2), m * 60) for m in range(1, 60)]
    assert times[10] == NOON + minutes(11)
    assert times[-1] == NOON + minutes(59) + timedelta(days=2)


def test_small_corrections_are_followed_without_going_back() -> None:
    clock = SteadyClock()
    clock.now(NOON, 0)
    assert clock.now(NOON + minutes(4), 60) == NOON + minutes(4)
    assert clock.now(NOON + minutes(2), 120) == NOON + minutes(4)
    assert clock.now(NOON + minutes(5), 300) == NOON + minutes(5)


def test_after_a_start_a_clock_that_shows_less_than_before_is_wrong() -> None:
    clock = SteadyClock(last=NOON)
    assert clock.now(NOON - timedelta(days=54), 5) == NOON
    assert clock.now(NOON - timedelta(days=54) + minutes(1), 65) == NOON + minutes(1)
    assert clock.now(NOON + minutes(9), 125) == NOON + minutes(9)


def test_after_a_start_a_later_time_is_the_time_that_nobody_told() -> None:
    later = NOON + timedelta(days=3)
    assert SteadyClock(last=NOON).now(later, 5) == later
