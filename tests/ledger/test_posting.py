"""What a posting changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.energy import HourKwh, to_mwh
from custom_components.med_exporter.engine.times import quarter_of
from custom_components.med_exporter.ledger.posting import CounterStart, Posting

from .conftest import plug
from .paper import Paper
from .stories import PARIS

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = datetime(2026, 11, 20, 12, 10, tzinfo=PARIS)
START = CounterStart(at=NOON, value_kwh=10.0)


def posting(kwh: float, minutes: float, measured: float | None = None, **values) -> Posting:
    at = NOON + timedelta(minutes=minutes)
    quarters = {}
    if measured is not None:
        quarters = {quarter_of(at.timestamp()): to_mwh(measured)}
        values.setdefault("since", at - timedelta(minutes=5))
    return Posting(
        **{
            "plug": plug(),
            "start": START,
            "value_kwh": kwh,
            "at": at,
            "since": at,
            "quarters": quarters,
            **values,
        }
    )


@pytest.fixture
def paper() -> Paper:
    paper = Paper(PARIS)
    paper.post(posting(10.0, 0))
    return paper


def test_what_a_counter_stood_at_when_it_began_is_no_energy(paper: Paper) -> None:
    assert sum(paper.quarters.values()) == 0


def test_growth_before_the_first_posting_that_was_written_is_not_lost() -> None:
    paper = Paper(PARIS)
    paper.post(posting(11.0, 60, measured=0.1))
    assert sum(paper.quarters.values()) == to_mwh(1.0)
    assert sum(paper.filled.values()) == to_mwh(0.9)


def test_what_was_not_measured_fills_the_time_before_the_measuring_began(paper: Paper) -> None:
    two_o_clock = NOON + timedelta(minutes=110)
    paper.post(posting(11.0, 120, measured=0.2, since=two_o_clock))
    assert sum(paper.filled.values()) == to_mwh(0.8)
    assert max(paper.filled) == two_o_clock.timestamp() - 900


def test_energy_that_stands_in_the_ledger_already_is_not_measured_again(paper: Paper) -> None:
    paper.post(posting(12.0, 10, measured=2.0))
    # A counter restored from an older state measures some of it again.
    paper.post(posting(12.5, 60, measured=1.5))
    assert sum(paper.quarters.values()) == to_mwh(2.5)
    assert not sum(paper.filled.values())


def test_a_counter_that_lags_behind_the_ledger_is_waited_for(paper: Paper) -> None:
    paper.post(posting(12.0, 10, measured=2.0))
    assert not paper.post(posting(11.0, 5))
    paper.post(posting(12.5, 20, measured=1.5))
    assert sum(paper.quarters.values()) == to_mwh(2.5)


def test_a_counter_that_stays_behind_after_a_reading_goes_on_from_there(paper: Paper) -> None:
    paper.post(posting(12.0, 10, measured=2.0))
    paper.post(posting(11.5, 20))
    paper.post(posting(11.6, 30, measured=0.1))
    assert sum(paper.quarters.values()) == to_mwh(2.1)


def test_a_clock_that_was_set_back_loses_nothing(paper: Paper) -> None:
    paper.post(posting(12.0, 60, measured=2.0))
    paper.post(posting(12.3, 40))
    paper.post(posting(12.4, 50, measured=0.1))
    assert sum(paper.quarters.values()) == to_mwh(2.4)


def test_the_first_day_gets_what_the_plug_had_counted_on_it_by_then() -> None:
    paper = Paper(PARIS)
    start = CounterStart(at=NOON, value_kwh=10.0, today_kwh=3.65)
    paper.post(posting(10.0, 0, start=start))
    assert sum(paper.filled.values()) == to_mwh(3.65)
    assert paper.filled[int(NOON.timestamp()) - 600 - 900] == pytest.approx(to_mwh(0.075), abs=1)
    assert not paper.post(posting(10.0, 0, start=start))


def test_the_plugs_days_guide_what_a_gap_is_filled_with(paper: Paper) -> None:
    days = {date(2026, 11, 20): 1.0, date(2026, 11, 21): 6.0, date(2026, 11, 22): 2.0}
    paper.post(posting(19.0, 48 * 60, day_kwh=days))
    assert {day: mwh / 1e6 for day, mwh in paper.by_day().items()} == days


def test_what_was_measured_on_a_day_is_not_filled_into_it_again(paper: Paper) -> None:
    days = {date(2026, 11, 20): 1.0, date(2026, 11, 21): 3.0}
    # Three of the four kWh were filled in; the one that was measured is the second day's.
    paper.post(
        posting(
            14.0,
            24 * 60,
            measured=1.0,
            since=NOON + timedelta(hours=23),
            day_kwh=days,
        )
    )
    assert {day: mwh / 1e6 for day, mwh in paper.by_day().items()} == days


def hourly(paper: Paper, first: datetime, hours: int) -> list[float]:
    begin = int(first.timestamp())
    return [
        sum(paper.held(begin + n * 3600, begin + (n + 1) * 3600).values()) / 1e6
        for n in range(hours)
    ]


MIDNIGHT = NOON.replace(hour=0, minute=0)


def hours_from(first: datetime, counted: Iterable[float]) -> dict[datetime, HourKwh]:
    return {first + timedelta(hours=n): HourKwh(kwh) for n, kwh in enumerate(counted)}


def morning_and(noon: float) -> dict[datetime, HourKwh]:
    """What a plug has counted by the hour until noon, and in the hour that runs."""
    return hours_from(MIDNIGHT, [*(0.1 * n for n in range(12)), noon])


def test_the_plugs_hours_of_the_day_on_which_it_joined_come_first() -> None:
    paper = Paper(PARIS)
    start = CounterStart(at=NOON, value_kwh=10.0, today_kwh=6.75)
    paper.post(posting(10.0, 0, start=start, hour_kwh=morning_and(0.15)))
    assert hourly(paper, MIDNIGHT, 13) == [pytest.approx(0.1 * n) for n in range(12)] + [0.15]
    assert not any(paper.filled.values())


def test_what_the_hour_that_runs_does_not_tell_yet_the_day_does() -> None:
    paper = Paper(PARIS)
    start = CounterStart(at=NOON, value_kwh=10.0, today_kwh=6.75)
    paper.post(posting(10.0, 0, start=start, hour_kwh=morning_and(0.0)))
    assert hourly(paper, MIDNIGHT, 13)[-1] == 0.15
    assert sum(paper.filled.values()) == to_mwh(0.15)


def test_a_day_by_a_clock_that_is_wrong_adds_nothing_to_its_hours() -> None:
    paper = Paper(PARIS)
    start = CounterStart(at=NOON, value_kwh=10.0, today_kwh=9.0)
    paper.post(posting(10.0, 0, start=start, hour_kwh=morning_and(0.15)))
    assert sum(paper.quarters.values()) == to_mwh(6.75)


def test_hours_of_a_plug_that_tells_no_day_count_too() -> None:
    paper = Paper(PARIS)
    paper.post(posting(10.0, 0, hour_kwh=hours_from(MIDNIGHT, [0.1 * n for n in range(12)])))
    assert sum(paper.quarters.values()) == to_mwh(6.6)


def test_a_new_counter_is_not_given_hours_that_stand_in_the_ledger(paper: Paper) -> None:
    paper.post(posting(11.0, 60, measured=1.0))
    hours = hours_from(NOON.replace(minute=0), (0.2, 1.5))
    start = CounterStart(at=NOON + timedelta(minutes=125), value_kwh=50.0)
    paper.post(posting(50.0, 125, start=start, hour_kwh=hours))
    assert hourly(paper, NOON.replace(minute=0), 2) == [0.0, 1.5]


def test_the_plugs_hours_guide_what_a_gap_is_filled_with_before_its_days(paper: Paper) -> None:
    first = NOON.replace(minute=0)
    paper.post(posting(10.2, 10, measured=0.2))
    counted = [0.3, 2.0, 0.0, 0.5, 0.0, 0.25]
    hours = hours_from(first, counted)
    days = {date(2026, 11, 20): 4.0, date(2026, 11, 21): 3.0}
    # The hours end at six; the rest of that day's energy was used after that.
    paper.post(posting(10.0 + 0.2 + 2.85 + 0.95 + 3.0, 35 * 60, hour_kwh=hours, day_kwh=days))
    assert hourly(paper, first, 6) == pytest.approx(counted)
    assert {day: mwh / 1e6 for day, mwh in paper.by_day().items()} == days


def test_what_hours_tell_beyond_the_reading_came_after_it(paper: Paper) -> None:
    first = NOON.replace(minute=0)
    hours = hours_from(first, (1.0, 2.0, 1.0))
    paper.post(posting(12.0, 170, hour_kwh=hours))
    assert hourly(paper, first, 3) == [1.0, 1.0, 0.0]


@given(
    st.lists(st.integers(0, 3_000), min_size=96, max_size=96),
    st.integers(1, 400),
    st.integers(1, 2_000),
    st.booleans(),
)
@settings(deadline=None)
def test_with_its_hours_the_past_of_a_plug_is_no_estimate(
    wh: list[int], joins: int, away: int, tells_days: bool
) -> None:
    """A plug joins at some minute and is away for some: each hour is what the plug used in it."""

    def until(minute: int) -> float:
        whole, part = divmod(minute, 60)
        return (sum(wh[:whole]) + wh[whole] * part / 60) / 1000

    def told(minute: int) -> dict:
        hours = hours_from(
            MIDNIGHT,
            [until(min(n * 60 + 60, minute)) - until(n * 60) for n in range(minute // 60 + 1)],
        )
        days = {
            (MIDNIGHT + timedelta(days=n)).date(): until(min(n * 1440 + 1440, minute))
            - until(n * 1440)
            for n in range(minute // 1440 + 1)
        }
        return {"hour_kwh": hours, "day_kwh": days if tells_days else {}}

    paper, back = Paper(PARIS), joins + away
    begun = MIDNIGHT + timedelta(minutes=joins)
    start = CounterStart(at=begun, value_kwh=until(joins), today_kwh=until(joins))
    for minute in (joins, back):
        at = MIDNIGHT + timedelta(minutes=minute)
        paper.post(posting(until(minute), 0, at=at, since=at, start=start, **told(minute)))
    hours = (back + 59) // 60
    expected = [until(min(n * 60 + 60, back)) - until(n * 60) for n in range(hours)]
    assert hourly(paper, MIDNIGHT, hours) == pytest.approx(expected, abs=5e-6)
    assert sum(paper.quarters.values()) == pytest.approx(to_mwh(until(back)), abs=1)


def test_a_lost_database_does_not_squeeze_years_into_the_days_that_are_kept() -> None:
    paper = Paper(PARIS)
    paper.post(posting(9000.0, 60 * 24 * 900, measured=0.1))
    paper.post(posting(9000.5, 60 * 24 * 900 + 5, measured=0.5))
    assert sum(paper.quarters.values()) == to_mwh(0.5)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"value_kwh": float("nan")}, "value_kwh"),
        ({"value_kwh": -1.0}, "value_kwh"),
        ({"at": datetime(2026, 1, 1)}, "at"),  # noqa: DTZ001
        ({"since": datetime(2027, 1, 1, tzinfo=UTC)}, "since"),
        ({"day_kwh": {date(2026, 1, 1): float("inf")}}, "day_kwh"),
        ({"hour_kwh": hours_from(NOON.replace(minute=0), [-1.0])}, "hour_kwh"),
        ({"hour_kwh": hours_from(NOON, [1.0])}, "hour_kwh"),
        ({"quarters": {17: 1}}, "quarters"),
        ({"quarters": {900: -1}}, "quarters"),
    ],
)
def test_what_cannot_be_booked_is_refused(values: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        posting(**{"kwh": 11.0, "minutes": 5, **values})
