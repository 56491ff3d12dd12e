"""The energy counter never falls, and loses only what a rebooting plug forgets itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.sources.plug import PlugCounters

PARIS = ZoneInfo("Europe/Paris")
TOLERANCE = 0.01


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def seen(
    total: float | None = None,
    today: float | None = None,
    month: float | None = None,
    month_before: float | None = None,
) -> PlugCounters:
    return PlugCounters(total=total, today=today, month=month, month_before=month_before)


class TestBeginning:
    def test_the_first_reading_shows_what_the_plug_has_counted(self) -> None:
        counter = EnergyCounter()
        assert counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00")) == 0
        assert (counter.value, counter.today, counter.this_month) == (40, 2, 12)
        assert counter.last_day is None
        assert counter.last_month is None

    def test_a_plug_that_has_just_rebooted_begins_with_its_month(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=0.1, today=2, month=12), at("2026-11-20 12:00"))
        assert (counter.value, counter.today, counter.this_month) == (12, 2, 12)

    def test_a_plug_that_counts_nothing_stays_at_zero(self) -> None:
        counter = EnergyCounter()
        for minute in range(3):
            assert counter.advance(seen(), at(f"2026-11-20 12:0{minute}")) == 0
        assert counter.value == 0


class TestReboot:
    def test_the_day_counter_tells_what_the_restarted_total_does_not(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00"))
        growth = counter.advance(seen(total=0.1, today=2.5, month=12.5), at("2026-11-20 12:01"))
        assert growth == pytest.approx(0.5)

    def test_a_total_that_has_passed_its_old_value_again_hides_nothing(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=1, today=1, month=1), at("2026-11-20 12:00"))
        growth = counter.advance(seen(total=1.5, today=3, month=3), at("2026-11-20 14:00"))
        assert growth == pytest.approx(2)

    def test_what_the_plug_forgot_itself_is_the_only_loss(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00"))
        growth = counter.advance(seen(total=0.1, today=1.8, month=11.8), at("2026-11-20 12:01"))
        assert growth == pytest.approx(0.1)


class TestOutage:
    def test_over_a_month_end_and_a_reboot_the_month_before_is_made_up_for(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00"))
        growth = counter.advance(
            seen(total=0.5, today=1, month=3, month_before=20), at("2026-12-02 12:00"), filled=True
        )
        assert growth == pytest.approx(8 + 3)
        assert (counter.today, counter.this_month, counter.last_month) == (1, 3, 20)

    def test_over_several_months_the_last_one_is_the_plug_s_own(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-10-20 12:00"))
        counter.advance(
            seen(total=90, today=1, month=3, month_before=20), at("2026-12-02 12:00"), filled=True
        )
        assert counter.value == 90
        assert (counter.today, counter.this_month, counter.last_month) == (1, 3, 20)

    def test_a_day_that_nobody_saw_the_end_of_has_no_total(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-10 12:00"))
        counter.advance(seen(total=50, today=1, month=22), at("2026-11-20 12:00"), filled=True)
        assert counter.last_day is None
        assert counter.today == 1


class TestMidnight:
    def test_energy_before_midnight_belongs_to_the_day_before(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 23:30"))
        counter.roll(at("2026-11-21 00:00"))
        assert (counter.today, counter.last_day) == (0, 2)
        counter.advance(seen(total=41, today=0.4, month=13), at("2026-11-21 00:20"))
        assert (counter.today, counter.last_day) == (pytest.approx(0.4), pytest.approx(2.6))

    def test_a_clock_of_the_plug_that_is_ahead_adds_nothing_at_the_month_s_end(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-30 23:59"))
        growth = counter.advance(
            seen(total=40.02, today=0.6, month=0.6, month_before=11.9), at("2026-12-01 00:00")
        )
        assert growth == pytest.approx(0.02)

    def test_rolling_twice_closes_a_day_once(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00"))
        for _ in range(2):
            counter.roll(at("2026-11-21 00:00"))
        assert counter.last_day == 2


class TestState:
    def test_it_survives_json(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00"))
        counter.advance(seen(total=41, today=1, month=13), at("2026-11-21 12:00"))
        assert EnergyCounter.from_dict(json.loads(json.dumps(counter.to_dict()))) == counter

    @pytest.mark.parametrize("broken", [{}, {"value": 1}, {"seen_at": "yesterday"}])
    def test_what_is_no_counter_is_refused(self, broken: dict) -> None:
        with pytest.raises((KeyError, TypeError, ValueError)):
            EnergyCounter.from_dict(broken)


@dataclass
class Plug:
    """A plug as its firmware counts: whole watt-hours, by its own local days and months."""

    has_total: bool = True
    used: list[tuple[datetime, float]] = field(default_factory=list)
    booted_at: int = 0

    def use(self, when: datetime, kwh: float) -> None:
        self.used.append((when.astimezone(PARIS), kwh))

    def reboot(self) -> None:
        self.booted_at = len(self.used)

    def counters(self, now: datetime) -> PlugCounters:
        month = (now.year, now.month)
        before = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
        return PlugCounters(
            total=_whole_wh(kwh for _, kwh in self.used[self.booted_at :])
            if self.has_total
            else None,
            today=_whole_wh(kwh for when, kwh in self.used if when.date() == now.date()),
            month=_whole_wh(kwh for when, kwh in self.used if (when.year, when.month) == month),
            month_before=_whole_wh(
                kwh for when, kwh in self.used if (when.year, when.month) == before
            ),
        )

    def truth(self, since: datetime) -> float:
        return sum(kwh for when, kwh in self.used if when >= since)


def _whole_wh(amounts) -> float:
    return floor(sum(amounts) * 1000 + 1e-6) / 1000


# Around a month's end, a year's end and both clock changes.
STARTS = [
    datetime(2026, 11, 29, 22, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 10, 23, 12, tzinfo=UTC),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["poll", "poll", "poll", "outage", "reboot", "restart", "save"]),
        st.integers(1, 40 * 60),  # minutes of an outage
        st.floats(0, 3),  # kW
    ),
    min_size=1,
    max_size=60,
)


class Story:
    """A plug's life, and the counter that Home Assistant keeps of it."""

    def __init__(self, start: datetime, *, has_total: bool) -> None:
        self.now = start
        self.plug = Plug(has_total=has_total)
        self.counter = EnergyCounter()
        self.saved = self.counter.to_dict()
        self.values: list[float] = []
        self.restarts = 0
        for hour in range(30):
            self.plug.use(start - timedelta(hours=hour + 1), 0.2)
        self.plug.used.reverse()
        self.poll()
        self.began, self.first = self.now, self.counter.value

    @property
    def local(self) -> datetime:
        return self.now.astimezone(PARIS)

    def poll(self, *, filled: bool = False) -> None:
        self.counter.advance(self.plug.counters(self.local), self.local, filled=filled)
        self.values.append(self.counter.value)
        value = self.counter.value
        assert self.counter.advance(self.plug.counters(self.local), self.local) == 0
        assert self.counter.value == value

    def run(self, minutes: int, power: float) -> None:
        """Let the plug run, minute by minute; midnights pass on time."""
        for _ in range(minutes):
            self.plug.use(self.now, power / 60)
            self.now += timedelta(minutes=1)

    def step(self, kind: str, minutes: int, power: float) -> None:
        if kind == "outage":
            self.run(minutes, power)
            self.poll(filled=True)
            return
        self.run(1, power)
        if kind == "reboot":
            self.plug.reboot()
            self.restarts += 1
        elif kind == "restart":
            self.counter = EnergyCounter.from_dict(json.loads(json.dumps(self.saved)))
            if self.counter.seen_at is None:
                return
            self.poll(filled=True)
            return
        self.poll()
        self.saved = self.counter.to_dict()


@settings(deadline=None, max_examples=150)
@given(start=st.sampled_from(STARTS), steps=STEPS)
def test_the_growth_is_the_true_energy(
    start: datetime, steps: list[tuple[str, int, float]]
) -> None:
    story = Story(start, has_total=True)
    story.saved = story.counter.to_dict()
    for step in steps:
        story.step(*step)
    true = story.plug.truth(story.began)
    allowed = TOLERANCE * (story.restarts + 1)
    assert story.counter.value - story.first == pytest.approx(true, abs=allowed)


@settings(deadline=None, max_examples=150)
@given(start=st.sampled_from(STARTS), steps=STEPS, has_total=st.booleans())
def test_the_counter_never_falls_but_for_what_was_not_yet_on_disk(
    start: datetime, steps: list[tuple[str, int, float]], has_total: bool
) -> None:
    story = Story(start, has_total=has_total)
    story.saved = story.counter.to_dict()
    for step in steps:
        story.step(*step)
    assert story.values == sorted(story.values)


@settings(deadline=None, max_examples=150)
@given(start=st.sampled_from(STARTS), steps=STEPS)
def test_the_running_day_and_month_are_the_plug_s_own(
    start: datetime, steps: list[tuple[str, int, float]]
) -> None:
    story = Story(start, has_total=True)
    story.saved = story.counter.to_dict()
    for step in steps:
        story.step(*step)
    own = story.plug.counters(story.local)
    allowed = TOLERANCE * (story.restarts + 1)
    assert story.counter.today == pytest.approx(own.today, abs=allowed)
    assert story.counter.this_month == pytest.approx(own.month, abs=allowed)
    if story.counter.last_month is not None:
        assert story.counter.last_month == pytest.approx(own.month_before, abs=allowed)


@settings(deadline=None, max_examples=100)
@given(start=st.sampled_from(STARTS), steps=STEPS)
def test_newer_plugs_without_a_total_lose_nothing_either(
    start: datetime, steps: list[tuple[str, int, float]]
) -> None:
    story = Story(start, has_total=False)
    story.saved = story.counter.to_dict()
    for step in steps:
        story.step(*step)
    true = story.plug.truth(story.began)
    assert story.counter.value - story.first == pytest.approx(true, abs=TOLERANCE * 2)
