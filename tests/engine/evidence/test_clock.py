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


def test_a_clock_that_is_put_right_after_a_stop_was_wrong_before_it_too() -> None:
    clock = SteadyClock(last=NOON)
    clock.now(NOON + timedelta(days=3), 10)
    wrong = clock.ticks(10)
    clock = SteadyClock.from_dict(clock.to_dict())
    clock.now(NOON + timedelta(days=3, minutes=2), 7)
    assert clock.doubted_since == wrong
    assert clock.now(NOON + minutes(3), 67) == NOON + minutes(3)
    assert clock.take_redated() == wrong
    assert clock.at(wrong) == NOON


def test_the_first_time_that_is_told_may_turn_out_to_be_wrong_either_way() -> None:
    for wrong in (timedelta(days=2), -timedelta(hours=9)):
        clock = SteadyClock()
        clock.now(NOON + wrong, 0)
        began = clock.ticks(0)
        for minute in range(1, 30):
            clock.now(NOON + minutes(minute), minute * 60)
        assert clock.at(began) == NOON
        assert clock.take_redated() == began
