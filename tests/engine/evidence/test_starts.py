"""A machine starts with a wrong clock: once it is put right, each moment has its right time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.med_exporter.engine.evidence import SteadyClock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE, HOUR, DAY, YEAR = (timedelta(**{one: 1}) for one in ("minutes", "hours", "days", "weeks"))
YEAR = 365 * DAY
FOLLOWED = 5 * MINUTE
STOPS = [2 * MINUTE, 7 * MINUTE, 8 * HOUR]
WRONG = [YEAR, 30 * DAY, HOUR, -YEAR, -54 * DAY, -20659 * DAY]


class Machine:
    """A clock that may be wrong, and a Home Assistant that looks at it twice a minute."""

    def __init__(self, *, goes_on: bool) -> None:
        """Let the machine itself go on, or not, where that Home Assistant stops."""
        self.goes_on = goes_on
        self.true = NOON
        self.wrong = timedelta()
        self.clock = SteadyClock(last=NOON)
        self.moments: list[tuple[float, datetime]] = []
        self._began = self.true

    @property
    def now(self) -> datetime:
        """Return the time that is told, and remember the moment."""
        ticks = (self.true - self._began).total_seconds()
        now = self.clock.now(self.true + self.wrong, ticks)
        self.moments.append((self.clock.ticks(ticks), self.true))
        return now

    def live(self, time: timedelta) -> None:
        for _ in range(int(time / MINUTE * 2)):
            self.true += MINUTE / 2
            assert self.now

    def restart(self, off_for: timedelta, wrong: timedelta) -> None:
        self.clock = SteadyClock.from_dict(self.clock.to_dict())
        self.true += off_for
        self._began = self.true
        if self.goes_on:
            self.clock.went_on(off_for.total_seconds(), 0)
        self.wrong = wrong
        assert self.now

    def misdated(self, since: datetime, by: timedelta = FOLLOWED) -> list[datetime]:
        """Return the moments whose time is another one."""
        return [
            true
            for ticks, true in self.moments
            if true >= since and abs(self.clock.at(ticks) - true) > by
        ]


@pytest.fixture(params=[False, True], ids=["reboots", "goes_on"])
def machine(request: pytest.FixtureRequest) -> Machine:
    machine = Machine(goes_on=request.param)
    machine.live(3 * HOUR)
    return machine


@pytest.mark.parametrize("wrong_for", [MINUTE, 70 * MINUTE, 9 * HOUR])
@pytest.mark.parametrize("off_for", STOPS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_start_that_is_wrong_leaves_no_trace_once_it_is_put_right(
    machine: Machine, wrong: timedelta, off_for: timedelta, wrong_for: timedelta
) -> None:
    machine.restart(off_for, wrong)
    machine.live(wrong_for)
    machine.wrong = timedelta()
    assert abs(machine.now - machine.true) <= FOLLOWED
    assert machine.misdated(NOON) == []


@pytest.mark.parametrize("wrong_for", [MINUTE, 70 * MINUTE])
@pytest.mark.parametrize("off_for", STOPS)
@pytest.mark.parametrize("lost", [timedelta(), HOUR])
def test_a_start_at_the_time_of_the_last_stop_is_put_right_when_the_right_time_has_lasted(
    machine: Machine, lost: timedelta, off_for: timedelta, wrong_for: timedelta
) -> None:
    machine.restart(off_for, -off_for + min(lost, off_for / 2))
    machine.live(wrong_for)
    machine.wrong = timedelta()
    machine.live(61 * MINUTE)
    assert machine.misdated(NOON) == []


@pytest.mark.parametrize("off_for", STOPS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_stop_before_it_is_right_hides_nothing_but_its_own_length(
    machine: Machine, wrong: timedelta, off_for: timedelta
) -> None:
    machine.restart(off_for, wrong)
    machine.live(MINUTE)
    started = machine.true + 7 * MINUTE
    machine.restart(7 * MINUTE, timedelta())
    assert abs(machine.now - machine.true) <= FOLLOWED
    assert machine.misdated(started) == []
    assert machine.misdated(NOON, FOLLOWED + 7 * MINUTE) == []


@pytest.mark.parametrize("again", [*WRONG, -7 * MINUTE])
@pytest.mark.parametrize("wrong", WRONG)
def test_two_wrong_starts_in_a_row_are_both_put_right(
    machine: Machine, wrong: timedelta, again: timedelta
) -> None:
    machine.restart(7 * MINUTE, wrong)
    machine.live(MINUTE)
    started = machine.true + 7 * MINUTE
    machine.restart(7 * MINUTE, again)
    machine.live(MINUTE)
    machine.wrong = timedelta()
    machine.live(61 * MINUTE)
    assert machine.misdated(started) == []
    assert machine.misdated(NOON, FOLLOWED + 7 * MINUTE) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_a_start_that_is_put_to_a_wrong_time_first_is_put_right_after(
    machine: Machine, wrong: timedelta
) -> None:
    for first in WRONG:
        machine.restart(8 * HOUR, wrong)
        machine.live(MINUTE)
        machine.wrong = first
        machine.live(MINUTE)
        machine.wrong = timedelta()
        machine.live(61 * MINUTE)
        assert machine.misdated(NOON) == []


@pytest.mark.parametrize("leap", [7 * HOUR, -7 * HOUR, YEAR, -DAY])
@pytest.mark.parametrize("after", [MINUTE, 10 * HOUR])
def test_a_long_stop_is_believed_at_once_and_a_leap_after_it_moves_nothing(
    machine: Machine, leap: timedelta, after: timedelta
) -> None:
    machine.restart(21 * DAY, timedelta())
    assert machine.now == machine.true
    machine.live(after)
    machine.wrong = leap
    machine.live(2 * MINUTE)
    machine.wrong = timedelta()
    assert machine.now == machine.true
    assert machine.misdated(NOON) == []


def test_time_that_was_away_hours_after_a_start_moves_nothing_before_it(machine: Machine) -> None:
    machine.restart(7 * MINUTE, timedelta())
    machine.live(5 * HOUR)
    asleep = machine.true
    machine.true += 6 * HOUR
    machine._began += 6 * HOUR
    machine.live(61 * MINUTE)
    assert machine.misdated(NOON) == []
    assert machine.now == machine.true
    assert machine.moments[-1][1] > asleep


@pytest.mark.parametrize("lost", [timedelta(), HOUR])
def test_nothing_is_settled_that_a_start_may_turn_out_to_have_missed(lost: timedelta) -> None:
    machine = Machine(goes_on=False)
    machine.live(3 * HOUR)
    stopped = machine.true
    machine.restart(8 * HOUR, lost - 8 * HOUR)
    machine.live(MINUTE)
    machine.wrong = timedelta()
    machine.live(10 * MINUTE)
    assert machine.clock.settled == stopped
    machine.live(10 * MINUTE)
    assert machine.clock.settled == stopped, "nobody has taken yet what has turned out"
    machine.clock.take_redated()
    assert machine.clock.settled == machine.true


def test_a_stop_does_not_hide_what_was_found_just_before_it(machine: Machine) -> None:
    machine.restart(7 * MINUTE, YEAR)
    machine.wrong = timedelta()
    machine.live(MINUTE)
    machine.restart(MINUTE, timedelta())
    found = machine.clock.take_redated()
    assert (found is None) == machine.goes_on
    assert machine.misdated(NOON) == []
