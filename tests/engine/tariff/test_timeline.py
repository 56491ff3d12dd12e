"""Where the wall clock's rules fall on the clock in UTC, also when it changes."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from .contracts import (
    AUTUMN_NEW_YORK,
    AUTUMN_PARIS,
    FLAT,
    KOLKATA,
    NEW_YORK,
    NIGHT_AND_DAY,
    PARIS,
    SPRING_NEW_YORK,
    SPRING_PARIS,
    TEMPO,
    TIERS,
    day_bounds,
    hours,
    local,
    segments,
    utc,
)
from .strategies import colours, contract_lists, intervals, zones

WEDNESDAY = date(2026, 1, 14)


def laid_out(
    day: date, *contracts: dict, zone=PARIS, colours=None
) -> list[tuple[str, str, object]]:
    """Return a day's segments as local times with their offset, and their period."""
    start, end = day_bounds(day, zone)
    return [
        (
            f"{utc(segment.start).astimezone(zone):%H:%M%z}",
            f"{utc(segment.end).astimezone(zone):%H:%M%z}",
            segment.rate.period,
        )
        for segment in segments(start, end, *contracts, zone=zone, colours=colours)
    ]


def at_times(*periods: tuple[str, str]) -> dict:
    """Return a contract whose periods are named by their hours."""
    return {
        **NIGHT_AND_DAY,
        "periods": [
            {"name": start, "price": 0.1 * n, "start": start, "end": end}
            for n, (start, end) in enumerate(periods)
        ],
    }


class TestAnOrdinaryDay:
    @pytest.mark.parametrize("contract", [FLAT, TIERS])
    def test_without_hours_is_one_segment(self, contract):
        assert laid_out(WEDNESDAY, contract) == [("00:00+0100", "00:00+0100", None)]

    def test_with_hours_is_cut_at_them(self):
        assert laid_out(WEDNESDAY, NIGHT_AND_DAY) == [
            ("00:00+0100", "06:30+0100", "night"),
            ("06:30+0100", "22:30+0100", "day"),
            ("22:30+0100", "00:00+0100", "night"),
        ]

    def test_of_tempo_has_the_colour_of_the_day_before_until_six(self):
        known = {WEDNESDAY - timedelta(days=1): "red", WEDNESDAY: "blue"}
        assert laid_out(WEDNESDAY, TEMPO, colours=known) == [
            ("00:00+0100", "06:00+0100", "red_off_peak"),
            ("06:00+0100", "22:00+0100", "blue_peak"),
            ("22:00+0100", "00:00+0100", "blue_off_peak"),
        ]

    def test_neighbours_of_one_name_are_one_segment(self):
        twice = at_times(("06:00", "12:00"), ("12:00", "06:00"))
        for period in twice["periods"]:
            period.update(name="same", price=0.1)
        assert laid_out(WEDNESDAY, twice) == [("00:00+0100", "00:00+0100", "same")]


class TestDaysOfTheWeek:
    contract: ClassVar = {
        **NIGHT_AND_DAY,
        "periods": [
            {
                "name": "weekday",
                "price": 0.3,
                "days": ["mon", "tue", "wed", "thu", "fri"],
                "start": "07:00",
                "end": "23:00",
            },
            {
                "name": "week night",
                "price": 0.2,
                "days": ["mon", "tue", "wed", "thu"],
                "start": "23:00",
                "end": "07:00",
            },
            # Friday's late hours run until Saturday's begin, Sunday's into Monday.
            {
                "name": "friday night",
                "price": 0.1,
                "days": ["fri"],
                "start": "23:00",
                "end": "07:00",
            },
            {
                "name": "weekend",
                "price": 0.1,
                "days": ["sat", "sun"],
                "start": "07:00",
                "end": "07:00",
            },
        ],
    }

    def periods_of(self, day: date) -> list[object]:
        return [period for _, _, period in laid_out(day, self.contract)]

    def test_after_midnight_the_rule_of_the_day_before_still_holds(self):
        friday, saturday, monday = date(2026, 1, 16), date(2026, 1, 17), date(2026, 1, 19)
        assert self.periods_of(WEDNESDAY) == ["week night", "weekday", "week night"]
        assert self.periods_of(friday) == ["week night", "weekday", "friday night"]
        assert self.periods_of(saturday) == ["friday night", "weekend"]
        assert self.periods_of(monday) == ["weekend", "weekday", "week night"]


class TestTheClockGoesForward:
    def test_a_paris_night_is_an_hour_shorter(self):
        start, end = day_bounds(SPRING_PARIS)
        night, *_ = segments(start, end, NIGHT_AND_DAY)
        assert hours(start, end) == 23
        assert hours(utc(night.start), utc(night.end)) == 5.5

    def test_an_edge_in_the_skipped_hour_is_where_the_clock_jumps(self):
        contract = at_times(("02:30", "05:00"), ("05:00", "02:30"))
        assert laid_out(SPRING_PARIS, contract) == [
            ("00:00+0100", "03:00+0200", "05:00"),
            ("03:00+0200", "05:00+0200", "02:30"),
            ("05:00+0200", "00:00+0200", "05:00"),
        ]

    def test_hours_that_are_skipped_whole_do_not_happen(self):
        contract = at_times(("02:00", "03:00"), ("03:00", "02:00"))
        assert laid_out(SPRING_PARIS, contract) == [("00:00+0100", "00:00+0200", "03:00")]

    def test_in_new_york(self):
        contract = at_times(("02:30", "05:00"), ("05:00", "02:30"))
        assert laid_out(SPRING_NEW_YORK, contract, zone=NEW_YORK)[0] == (
            "00:00-0500",
            "03:00-0400",
            "05:00",
        )

    def test_at_midnight_in_cairo(self):
        zone = ZoneInfo("Africa/Cairo")
        contract = at_times(("00:30", "05:00"), ("05:00", "00:30"))
        assert laid_out(date(2026, 4, 24), contract, zone=zone) == [
            ("01:00+0300", "05:00+0300", "00:30"),
            ("05:00+0300", "00:00+0300", "05:00"),
        ]

    def test_by_half_an_hour_in_lord_howe(self):
        zone = ZoneInfo("Australia/Lord_Howe")
        contract = at_times(("02:15", "05:00"), ("05:00", "02:15"))
        assert laid_out(date(2026, 10, 4), contract, zone=zone)[:2] == [
            ("00:00+1030", "02:30+1100", "05:00"),
            ("02:30+1100", "05:00+1100", "02:15"),
        ]

    def test_a_date_that_a_zone_skips_does_not_happen(self):
        zone = ZoneInfo("Pacific/Apia")
        start, end = datetime(2011, 12, 30, 0, tzinfo=UTC), datetime(2011, 12, 31, 0, tzinfo=UTC)
        contract = {**FLAT, "valid_from": "2000-01-01"}
        days = [segment.day for segment in segments(start, end, contract, zone=zone)]
        assert days == [date(2011, 12, 29), date(2011, 12, 31)]


class TestTheClockGoesBack:
    def test_a_paris_night_is_an_hour_longer(self):
        start, end = day_bounds(AUTUMN_PARIS)
        night, *_ = segments(start, end, NIGHT_AND_DAY)
        assert hours(start, end) == 25
        assert hours(utc(night.start), utc(night.end)) == 7.5

    def test_an_edge_in_the_repeated_hour_is_passed_twice(self):
        contract = at_times(("02:30", "05:00"), ("05:00", "02:30"))
        assert laid_out(AUTUMN_PARIS, contract) == [
            ("00:00+0200", "02:30+0200", "05:00"),
            ("02:30+0200", "02:00+0100", "02:30"),
            ("02:00+0100", "02:30+0100", "05:00"),
            ("02:30+0100", "05:00+0100", "02:30"),
            ("05:00+0100", "00:00+0100", "05:00"),
        ]

    def test_hours_that_are_repeated_whole_last_twice_as_long(self):
        contract = at_times(("02:00", "03:00"), ("03:00", "02:00"))
        assert laid_out(AUTUMN_PARIS, contract) == [
            ("00:00+0200", "02:00+0200", "03:00"),
            ("02:00+0200", "03:00+0100", "02:00"),
            ("03:00+0100", "00:00+0100", "03:00"),
        ]

    def test_in_new_york(self):
        contract = at_times(("01:00", "02:00"), ("02:00", "01:00"))
        assert laid_out(AUTUMN_NEW_YORK, contract, zone=NEW_YORK) == [
            ("00:00-0400", "01:00-0400", "02:00"),
            ("01:00-0400", "02:00-0500", "01:00"),
            ("02:00-0500", "00:00-0500", "02:00"),
        ]

    def test_at_midnight_in_cairo(self):
        zone = ZoneInfo("Africa/Cairo")
        contract = at_times(("23:30", "05:00"), ("05:00", "23:30"))
        assert laid_out(date(2026, 10, 29), contract, zone=zone)[-3:] == [
            ("23:30+0300", "23:00+0200", "23:30"),
            ("23:00+0200", "23:30+0200", "05:00"),
            ("23:30+0200", "00:00+0200", "23:30"),
        ]

    def test_over_midnight_in_newfoundland_the_new_day_has_begun(self):
        zone = ZoneInfo("America/St_Johns")
        again = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
        assert f"{again.astimezone(zone):%d %H:%M}" == "06 23:30"
        contract = {**at_times(("23:00", "05:00"), ("05:00", "23:00")), "valid_from": "2000-01-01"}
        (segment,) = segments(again, again + timedelta(minutes=1), contract, zone=zone)
        assert (segment.day, segment.rate.period) == (date(2010, 11, 7), "23:00")


def test_a_zone_half_an_hour_off_is_cut_inside_the_hour_of_utc():
    six = local("2026-01-14 06:00", KOLKATA)
    assert six.minute == 30
    known = {date(2026, 1, 13): "white", date(2026, 1, 14): "white"}
    assert laid_out(WEDNESDAY, TEMPO, zone=KOLKATA, colours=known)[0] == (
        "00:00+0530",
        "06:00+0530",
        "white_off_peak",
    )


class TestAnyRange:
    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals())
    def test_is_covered_without_hole_or_overlap(self, contracts, zone, known, interval):
        start, end = interval
        found = segments(start, end, *contracts, zone=zone, colours=known)
        assert found[0].start <= start.timestamp() < found[0].end
        assert found[-1].start < end.timestamp() <= found[-1].end
        for before, after in itertools.pairwise(found):
            assert before.end == after.start
        for segment in found:
            assert segment.start < segment.end
            assert utc(segment.start).astimezone(zone).date() == segment.day
