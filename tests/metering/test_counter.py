"""The energy counter is cut at local midnights, never falls, and survives the disk."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.metering.counter import EnergyCounter
from custom_components.med_exporter.metering.counter_store import STEPS
from custom_components.med_exporter.sources.plug import PlugCounters

PARIS = ZoneInfo("Europe/Paris")


def brought_forward(counter: dict, since: int = 0) -> EnergyCounter:
    """Return a counter as the file of an older version had it."""
    stored = {"plug": counter}
    for step in STEPS[since:]:
        stored = json.loads(json.dumps(step(stored)))
    return EnergyCounter.from_dict(stored["counters"]["plug"])


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
        assert counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:00")).is_told
        assert (counter.value, counter.today, counter.this_month) == (40, 2, 12)
        assert counter.last_day is None
        assert counter.last_month is None

    def test_a_plug_that_has_just_rebooted_begins_with_its_month(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(total=0.1, today=2, month=12), at("2026-11-20 12:00"))
        assert (counter.value, counter.today, counter.this_month) == (12, 2, 12)

    def test_it_does_not_begin_before_the_plug_tells_a_counter(self) -> None:
        counter = EnergyCounter()
        assert not counter.advance(seen(), at("2026-11-20 12:00")).is_told
        assert counter.seen_at is None
        counter.advance(seen(total=40, today=2, month=12), at("2026-11-20 12:01"))
        assert (counter.value, counter.today, counter.began_value) == (40, 2, 40)


class TestOutage:
    def test_over_a_month_end_and_a_reboot_the_month_before_is_made_up_for(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12, 100), at("2026-11-20 12:00"))
        assert not counter.advance(seen(0.5, 1, 3, 20), at("2026-12-02 12:00")).is_told
        outcome = counter.advance(seen(0.51, 1.01, 3.01, 20), at("2026-12-02 12:01"))
        assert outcome.growth == 11_010_000
        assert outcome.since == at("2026-11-20 12:00")
        assert (counter.today, counter.this_month, counter.last_month) == (1.01, 3.01, 20)

    def test_over_several_months_the_last_one_is_the_plug_s_own(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12, 100), at("2026-10-20 12:00"))
        counter.advance(seen(90, 1, 3, 20), at("2026-12-02 12:00"))
        counter.advance(seen(90.01, 1.01, 3.01, 20), at("2026-12-02 12:01"))
        assert counter.value == 90.01
        assert (counter.today, counter.this_month, counter.last_month) == (1.01, 3.01, 20)

    def test_a_day_that_nobody_saw_the_end_of_has_no_total(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-10 12:00"))
        counter.advance(seen(50, 1, 22), at("2026-11-20 12:00"))
        assert counter.last_day is None
        assert counter.today == 1


class TestMidnight:
    def test_energy_before_midnight_belongs_to_the_day_before(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-20 23:30"))
        counter.roll(at("2026-11-21 00:00"))
        assert (counter.today, counter.last_day) == (0, 2)
        counter.advance(seen(41, 0.4, 13), at("2026-11-21 00:20"))
        assert (counter.today, counter.last_day) == (pytest.approx(0.4), pytest.approx(2.6))

    def test_a_plug_that_rolls_over_late_leaves_the_new_month_near_zero(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(today=23.998, month=719.989), at("2026-11-30 23:59:40"))
        counter.advance(seen(today=24.007, month=719.998), at("2026-12-01 00:00:10"))
        # A third of the time between lies in the new month.
        assert (counter.value, counter.today, counter.this_month) == (719.998, 0.003, 0.003)

    @pytest.mark.parametrize("own", [None, 24.02, 1.02])
    def test_an_interval_over_midnight_is_cut_by_time_where_the_plug_does_not_tell(
        self, own: float | None
    ) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, own and own - 0.02, 30), at("2026-11-30 23:59:20"))
        counter.advance(seen(40.02, own, 30.02), at("2026-12-01 00:00:20"))
        assert counter.today == pytest.approx(0.02 / 3, abs=1e-6)
        assert counter.this_month == pytest.approx(0.02 / 3, abs=1e-6)
        assert counter.last_month == pytest.approx(30 + 0.04 / 3, abs=1e-6)

    def test_rolling_twice_closes_a_day_once(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-20 12:00"))
        for _ in range(2):
            counter.roll(at("2026-11-21 00:00"))
        assert counter.last_day == 2

    def test_a_day_that_had_not_begun_yet_is_taken_back(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2027-02-03 12:00"))
        counter.advance(seen(40.01, 2.01, 12.01), at("2026-11-26 12:00"))
        assert counter.day == at("2026-11-26 12:00").date()
        assert (counter.value, counter.today) == (40.01, 2.01)


class TestDayCounterAlone:
    """A plug that tells its day alone, read once an hour: each reading confirms the one before."""

    @pytest.mark.parametrize("tells_clock", [False, True])
    @pytest.mark.parametrize("behind", [0, 25, -50])
    def test_over_midnight_all_that_its_counter_showed_is_counted(
        self, *, tells_clock: bool, behind: int
    ) -> None:
        counter, time = EnergyCounter(), at("2026-11-28 10:20")
        showed, waits, untold, first = 0.0, 0.0, 0, None
        days: dict[date, float] = {}
        for _ in range(72):
            own = time - timedelta(minutes=behind)
            today = round(own.hour + own.minute / 60, 3)
            told = PlugCounters(today=today, clock=own if tells_clock else None)
            outcome = counter.advance(told, time, seconds=None if first is None else 3600)
            first = first or today
            waits = today - days.get(own.date(), first if not days else 0.0)
            showed += waits
            days[own.date()] = today
            untold += not outcome.is_told
            time += timedelta(hours=1)
        assert counter.value - first == pytest.approx(showed - waits, abs=1e-6)
        assert counter.last_day == pytest.approx(days[date(2026, 11, 30)], abs=0.9)
        assert counter.evidence.refused == 0
        # What is known is booked as it comes, and not once a day.
        assert untold <= 4
        assert counter.seen_at >= time - timedelta(hours=2)

    def test_what_the_last_reading_of_an_outage_said_is_not(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(today=2), at("2026-11-20 10:00"))
        counter.advance(seen(today=30), at("2026-11-20 23:00"))
        counter.advance(seen(today=0.5), at("2026-11-21 00:00"))
        counter.advance(seen(today=1.5), at("2026-11-21 01:00"))
        assert 2 <= counter.value <= 3.5


class TestClockPutRight:
    """A clock that was ahead when the plug was read before, by minutes or by days."""

    @pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=3), timedelta(days=40)])
    def test_day_and_month_begin_where_they_did(self, ahead: timedelta) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-30 23:00"))
        counter.advance(seen(40.01, 2.01, 12.01), at("2026-11-30 23:01") + ahead, seconds=60)
        stored = json.loads(json.dumps(counter.to_dict()))
        counter = EnergyCounter.from_dict(stored)
        counter.advance(seen(40.02, 2.02, 12.02), at("2026-11-30 23:02"))
        assert (counter.today, counter.this_month) == (2.02, 12.02)
        counter.advance(seen(40.03, 0.005, 0.005), at("2026-12-01 00:01"), seconds=3540)
        counter.advance(seen(40.04, 0.015, 0.015), at("2026-12-01 00:02"), seconds=60)
        assert counter.today == pytest.approx(0.015, abs=0.011)
        assert counter.this_month == pytest.approx(0.015, abs=0.011)

    def test_a_clock_change_at_midnight_does_not_bring_the_day_before_back(self) -> None:
        havana = ZoneInfo("America/Havana")
        counter = EnergyCounter()
        first = datetime(2026, 11, 1, 0, 50, tzinfo=havana)
        counter.advance(seen(40, 0.8, 0.8), first)
        again = (first.astimezone(ZoneInfo("UTC")) + timedelta(minutes=20)).astimezone(havana)
        counter.advance(seen(40.2, 1.0, 1.0), again, seconds=1200)
        assert counter.today == pytest.approx(1.0)


class TestState:
    def test_it_survives_json(self) -> None:
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-20 12:00"))
        counter.advance(seen(41, 1, 13), at("2026-11-21 12:00"))
        counter.advance(seen(0, 0, 0), at("2026-11-21 12:01"))
        assert EnergyCounter.from_dict(json.loads(json.dumps(counter.to_dict()))) == counter

    @pytest.mark.parametrize("broken", [{}, {"value": 1}, {"seen_at": "yesterday"}])
    def test_what_is_no_counter_is_refused(self, broken: dict) -> None:
        with pytest.raises((KeyError, TypeError, ValueError)):
            EnergyCounter.from_dict(broken)

    def test_what_the_first_version_kept_goes_on(self) -> None:
        first = {
            "value": 500.01,
            "began_at": "2026-10-01T12:00:00+02:00",
            "began_value": 400.0,
            "began_today": 1.0,
            "seen_at": "2026-11-20T12:00:00+01:00",
            "seen": {"total": 40.0, "today": 2.0, "month": 12.0, "month_before": 100.0},
            "day": "2026-11-20",
            "day_start": 498.01,
            "month_start": 488.01,
            "last_day": 5.0,
            "last_month": 100.0,
        }
        counter = brought_forward(first)
        assert (counter.value, counter.today, counter.this_month) == (500.01, 2, 12)
        assert (counter.began_value, counter.last_day) == (400, 5)
        assert counter.seen_at == datetime.fromisoformat(first["seen_at"])
        later = counter.seen_at.astimezone(PARIS) + timedelta(seconds=60)
        counter.advance(seen(40.02, 2.02, 12.02, 100), later)
        assert (counter.value, counter.today) == (500.03, 2.02)

    def test_a_counter_of_the_first_version_that_was_never_read_begins(self) -> None:
        first = {
            "value": 0.0, "began_at": None, "began_value": 0.0, "began_today": 0.0,
            "seen_at": None, "day": None, "day_start": 0.0, "month_start": 0.0,
            "seen": {"total": None, "today": None, "month": None, "month_before": None},
            "last_day": None, "last_month": None,
        }  # fmt: skip
        counter = brought_forward(first)
        counter.advance(seen(40, 2, 12), at("2026-11-20 12:00"))
        assert (counter.value, counter.today) == (40, 2)

    def test_what_was_kept_before_claims_goes_on(self) -> None:
        register = {
            "shown": {"": 40_000_000}, "claim": 7, "level": 500_010_000, "since": "", "low": {},
            "grain": 10_000, "agreed": 2, "age": 0.0, "sure_for": 9.0, "owed": 0, "doubt": None,
            "past": None,
        }  # fmt: skip
        silent = {**register, "shown": {}, "level": 0}
        counter = EnergyCounter()
        counter.advance(seen(40, 2, 12), at("2026-11-20 12:00"))
        older = counter.to_dict() | {
            "day": "2026-11-20", "day_start": 498.01, "month_start": 488.01, "last_day": 5.0,
            "last_month": 100.0,
            "evidence": {
                "energy": 500_010_000, "told_at": "2026-11-20T12:00:00+01:00", "total": register,
                "month": silent, "day": silent, "clock_month": None, "is_contradicted": False,
                "refused": 3, "refusals": [],
            }
        }  # fmt: skip
        del older["marks"]
        restored = brought_forward(older, since=1)
        assert (restored.value, restored.evidence.refused) == (500.01, 3)
        assert (restored.today, restored.this_month) == (2, 12)
        assert (restored.last_day, restored.last_month) == (5, 100)
        assert restored.advance(seen(40.02, 2.02, 12.02), at("2026-11-20 12:01")).growth == 20_000
