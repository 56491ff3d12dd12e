"""The plug's own statistics fill what lies before, and nothing is counted twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.times import (
    QUARTER,
    day_bounds,
    day_of,
    day_start,
    quarters_between,
)
from custom_components.med_exporter.ledger import backfill as backfill_module
from custom_components.med_exporter.ledger.backfill import KEPT_DAYS
from custom_components.med_exporter.ledger.spreading import Hour, add

from .stories import PARIS, ZONES

UNTIL = datetime(2026, 11, 20, 10, 10, tzinfo=PARIS).timestamp()
KWH = 1_000_000

days_kwh = st.dictionaries(
    st.dates(date(2025, 6, 1), date(2026, 11, 20)), st.integers(0, 40 * KWH), max_size=20
)


def backfill(*told) -> dict[int, int]:
    return backfill_module.backfill(*told).quarters


def by_hours(hours, stretch, held, told_at: float = UNTIL) -> dict[int, int]:
    told = {hour: Hour(mwh) for hour, mwh in hours.items()}
    return backfill_module.by_hours(told, stretch, held, told_at).quarters


def of_day(quarters: dict[int, int], day: date) -> int:
    return sum(quarters.get(h, 0) for h in quarters_between(*day_bounds(day, PARIS)))


def test_a_day_of_23_or_25_hours_is_filled_evenly() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        filled = backfill({day: hours * KWH}, {}, (None, UNTIL), {}, PARIS)
        assert filled == dict.fromkeys(quarters_between(*day_bounds(day, PARIS)), KWH // 4)
        assert len(filled) == hours * 4


def test_the_current_day_is_filled_up_to_the_first_reading() -> None:
    today = date(2026, 11, 20)
    filled = backfill({today: 61 * KWH}, {}, (None, UNTIL), {}, PARIS)
    assert sum(filled.values()) == 61 * KWH
    assert max(filled) == UNTIL - 600
    assert filled[max(filled)] == KWH


def test_a_month_fills_the_days_that_the_plug_tells_nothing_of() -> None:
    days = {date(2026, 9, day): 2 * KWH for day in (5, 6)}
    filled = backfill(days, {date(2026, 9, 1): 32 * KWH}, (None, UNTIL), {}, PARIS)
    assert of_day(filled, date(2026, 9, 5)) == 2 * KWH
    assert of_day(filled, date(2026, 9, 7)) == KWH
    assert sum(filled.values()) == 32 * KWH


def test_a_month_that_its_days_account_for_but_for_rounding_fills_nothing_more() -> None:
    days = {date(2026, 9, day): KWH for day in range(1, 30)}
    filled = backfill(days, {date(2026, 9, 1): 29 * KWH + 12_000}, (None, UNTIL), {}, PARIS)
    assert sum(filled.values()) == 29 * KWH


def test_what_is_held_already_is_not_counted_again() -> None:
    day = date(2026, 11, 18)
    start = int(day_start(day, PARIS))
    held = {start + n * QUARTER: KWH // 10 for n in range(20)}
    filled = backfill({day: 30 * KWH}, {}, (None, UNTIL), held, PARIS)
    assert sum(filled.values()) == 28 * KWH
    assert not set(filled) & set(held)
    less = backfill({day: KWH}, {}, (None, UNTIL), held, PARIS)
    assert sum(less.values()) == 0


def test_the_quarter_of_the_first_reading_is_filled_up_to_it() -> None:
    begun = int(UNTIL) - 600
    filled = backfill({date(2026, 11, 20): 62 * KWH}, {}, (None, UNTIL), {begun: KWH}, PARIS)
    assert filled[begun] == KWH
    assert sum(filled.values()) == 61 * KWH


def test_only_the_time_since_an_earlier_counter_is_filled() -> None:
    day = date(2026, 11, 18)
    start = day_start(day, PARIS)
    filled = backfill({day: 12 * KWH}, {}, (start + 12 * 3600, UNTIL), {}, PARIS)
    assert min(filled) == start + 12 * 3600
    assert sum(filled.values()) == 12 * KWH


@given(
    days_kwh,
    st.dictionaries(
        st.builds(date, st.integers(2025, 2026), st.integers(1, 11), st.just(1)),
        st.integers(0, 900 * KWH),
        max_size=8,
    ),
    st.sampled_from(ZONES),
)
def test_a_second_run_adds_nothing(days: dict, months: dict, zone) -> None:
    months = {month: max(mwh, _days_of(days, month)) for month, mwh in months.items()}
    held: dict[int, int] = {}
    add(held, backfill(days, months, (None, UNTIL), held, zone))
    assert sum(backfill(days, months, (None, UNTIL), held, zone).values()) == 0


@given(days_kwh, st.sampled_from(ZONES))
def test_days_get_exactly_what_the_plug_said(days: dict, zone) -> None:
    filled = backfill(days, {}, (None, UNTIL), {}, zone)
    last = day_of(UNTIL, zone)
    kept = {day: mwh for day, mwh in days.items() if last - timedelta(days=KEPT_DAYS) < day <= last}
    assert sum(filled.values()) == sum(kept.values())
    for day, mwh in kept.items():
        assert sum(filled[h] for h in quarters_between(*day_bounds(day, zone)) if h < UNTIL) == mwh


def _days_of(days: dict[date, int], month: date) -> int:
    return sum(mwh for day, mwh in days.items() if day.replace(day=1) == month)


class TestHours:
    START = int(day_start(date(2026, 11, 18), PARIS))

    def test_an_hour_that_the_plug_cut_elsewhere_is_a_whole_with_a_quarter_beside_it(self) -> None:
        hours = {self.START: Hour(4 * KWH, self.START + QUARTER)}
        found = backfill_module.by_hours(hours, (None, UNTIL), {}, UNTIL)
        assert set(found.quarters) == {self.START + QUARTER * n for n in range(4)}
        assert found.joined == {self.START + QUARTER * n for n in (2, 3, 4)}

    def test_a_whole_ends_with_the_stretch(self) -> None:
        hours = {self.START: Hour(4 * KWH, self.START - QUARTER)}
        found = backfill_module.by_hours(hours, (self.START, UNTIL), {}, UNTIL)
        assert found.joined == {self.START + QUARTER * n for n in (1, 2)}

    def test_each_goes_to_its_quarter_hours_evenly(self) -> None:
        found = by_hours({self.START: 4 * KWH, self.START + 3600: 0}, (None, UNTIL), {})
        assert [found[self.START + n * QUARTER] for n in range(8)] == [KWH] * 4 + [0] * 4
        assert len(found) == 8

    def test_what_is_held_already_is_not_counted_again(self) -> None:
        held = {self.START: 3 * KWH}
        assert sum(by_hours({self.START: 4 * KWH}, (None, UNTIL), held).values()) == KWH
        assert not by_hours({self.START: 2 * KWH}, (None, UNTIL), held)[self.START + QUARTER]

    def test_the_hour_that_runs_has_been_used_by_then(self) -> None:
        running = int(UNTIL) // 3600 * 3600
        assert by_hours({running: KWH}, (None, UNTIL), {}) == {running: KWH}
        # What was told 20 minutes later was used in half an hour.
        assert by_hours({running: 3 * KWH}, (None, UNTIL), {}, UNTIL + 1200) == {running: KWH}

    def test_none_outside_the_stretch(self) -> None:
        hours = {self.START - 3600: KWH, self.START: KWH, (int(UNTIL) // 3600 + 1) * 3600: KWH}
        found = by_hours(hours, (self.START, UNTIL), {})
        assert set(found) == {self.START + n * QUARTER for n in range(4)}
        assert not by_hours({self.START - 401 * 86400: KWH}, (None, UNTIL), {})

    def test_a_day_adds_what_its_hours_lack(self) -> None:
        day = date(2026, 11, 18)
        hours = {self.START + n * 3600: KWH for n in range(12)}
        held = by_hours(hours, (None, UNTIL), {})
        assert sum(backfill({day: 24 * KWH}, {}, (None, UNTIL), held, PARIS).values()) == 12 * KWH
        whole = by_hours({self.START + n * 3600: KWH for n in range(24)}, (None, UNTIL), {})
        assert not backfill({day: 24 * KWH + 5000}, {}, (None, UNTIL), whole, PARIS)
