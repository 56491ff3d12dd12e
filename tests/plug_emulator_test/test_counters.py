"""The counters by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator_test.devices import NOON, PARIS, clock_at, plug_at


def test_energy_can_be_added() -> None:
    plug = plug_at()
    plug.use(0.3)
    plug.use(1.7)
    assert plug.total_kwh == pytest.approx(2)
    assert plug.day_kwh(NOON.date()) == pytest.approx(2)


def test_what_was_added_before_a_reboot_at_the_same_moment_is_gone_from_the_total() -> None:
    plug = plug_at()
    plug.use(1)
    plug.reboot()
    plug.use(2)
    assert plug.total_kwh == 2
    assert plug.day_kwh(NOON.date()) == 3


def test_a_plug_that_saves_rarely_forgets_the_hour_at_a_reboot() -> None:
    plug = plug_at(NOON.replace(hour=9), load=1000, forgets_days=True)
    plug.advance(timedelta(hours=2, minutes=40))
    plug.reboot()
    assert plug.day_kwh(NOON.date()) == pytest.approx(2)
    plug.advance(timedelta(minutes=10))
    plug.reboot()
    assert plug.day_kwh(NOON.date()) == pytest.approx(2)
    plug.advance(timedelta(minutes=20))
    assert plug.day_kwh(NOON.date()) == pytest.approx(2 + 1 / 3)
    assert plug.total_kwh == pytest.approx(1 / 3)
    start = NOON.replace(hour=9)
    assert plug.energy_between(start, start + timedelta(days=1)) == pytest.approx(24)


def test_plugs_that_share_a_clock_move_together_and_alone() -> None:
    clock = clock_at(NOON)
    one, other = (EmulatedPlug(clock=clock, load=1000, timezone=PARIS) for _ in range(2))
    clock.advance(timedelta(hours=2))
    other.advance(timedelta(hours=1))
    assert (one.total_kwh, other.total_kwh) == (2, 3)


def test_closed_days_are_computed_once() -> None:
    class Counting:
        asked = 0

        def power(self, when: datetime) -> float:
            return 100.0

        def energy(self, start: datetime, end: datetime) -> float:
            self.asked += 1
            return 100.0 * (end - start).total_seconds() / 3600

    load = Counting()
    plug = plug_at(load=load, installed_at=NOON - timedelta(days=3650))
    days = [NOON.date() - timedelta(days=number) for number in range(1, 3000)]
    first = [plug.day_kwh(day) for day in days]
    asked = load.asked
    assert [plug.day_kwh(day) for day in days] == first
    assert load.asked == asked


def test_a_change_after_the_clock_was_set_back_is_counted() -> None:
    plug = plug_at(load=1000, installed_at=NOON - timedelta(days=2))
    yesterday = NOON.date() - timedelta(days=1)
    assert plug.day_kwh(yesterday) == pytest.approx(24)
    plug.advance(-timedelta(days=1))
    plug.switch(False)
    plug.advance(timedelta(days=1))
    assert plug.day_kwh(yesterday) == pytest.approx(12)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("advance"), st.integers(0, 200_000)),
            st.tuples(st.just("set_load"), st.floats(0, 3680)),
            st.tuples(st.just("switch"), st.booleans()),
            st.tuples(st.just("use"), st.floats(0, 5)),
            st.tuples(st.just("reboot"), st.none()),
        ),
        max_size=30,
    )
)
def test_days_add_up_to_what_was_used_over_clock_changes_and_reboots(
    steps: list[tuple[str, Any]],
) -> None:
    installed_at = datetime(2026, 10, 24, 7, tzinfo=PARIS)  # the day before the 25-hour day
    plug = plug_at(installed_at, load=100)
    totals = 0.0
    for what, value in steps:
        match what:
            case "advance":
                plug.advance(timedelta(seconds=value))
            case "reboot":
                totals += plug.total_kwh
                plug.reboot()
            case _:
                getattr(plug, what)(value)
    totals += plug.total_kwh
    today = plug.clock.today()
    days = [
        installed_at.date() + timedelta(days=number)
        for number in range((today - installed_at.date()).days + 1)
    ]
    counted = sum(plug.day_kwh(day) for day in days)
    used = plug.energy_between(installed_at, plug.clock() + timedelta(microseconds=1))
    assert counted == pytest.approx(used, abs=1e-6)
    assert totals == pytest.approx(used, abs=1e-6)
