"""Energy that nobody saw is spread over the time it came from, to the last milliwatt-hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.times import (
    QUARTER,
    day_bounds,
    days_between,
    quarters_between,
)
from custom_components.med_exporter.ledger.spreading import (
    Hour,
    spread,
    spread_by_days,
    spread_by_hours,
    without,
)

from .stories import PARIS, ZONES

moments = st.floats(1_770_000_000, 1_800_000_000)
lengths = st.floats(1, 40 * 86400)
energies = st.integers(0, 10**10)
zones = st.sampled_from(ZONES)


def by_days(mwh, stretch, *told) -> dict[int, int]:
    return spread_by_days(mwh, [stretch], *told).quarters


@given(
    st.integers(0, 10**14),
    st.lists(st.tuples(st.floats(0, 90_000), st.floats(1, 90_000)), min_size=1),
)
def test_the_parts_add_up_and_none_is_negative(mwh: int, gaps_and_lengths: list) -> None:
    stretches, moment = [], 1_770_000_000.0
    for gap, length in gaps_and_lengths:
        stretches.append((moment + gap, moment + gap + length))
        moment += gap + length
    parts = spread(mwh, stretches)
    assert sum(parts.values()) == mwh
    assert all(part >= 0 for part in parts.values())
    touched = {h for start, end in stretches for h in quarters_between(start, end)}
    assert set(parts) == touched


@given(energies, moments, lengths)
def test_it_is_even_by_time(mwh: int, start: float, length: float) -> None:
    end = start + length
    # Two roundings, and moments that are known to less than a microsecond.
    tolerance = 1.5 + mwh / length * 1e-6
    for quarter, part in spread(mwh, [(start, end)]).items():
        seconds = min(end, quarter + QUARTER) - max(start, quarter)
        assert abs(part - mwh * seconds / length) <= tolerance


@given(energies, moments, lengths, zones, st.data())
def test_by_days_the_parts_add_up_whatever_the_plug_tells(
    mwh: int, start: float, length: float, zone, data: st.DataObject
) -> None:
    dates = [day for day, _, _ in days_between(start, start + length, zone)]
    days = data.draw(st.dictionaries(st.sampled_from(dates), energies))
    known = data.draw(st.dictionaries(st.sampled_from(dates), energies))
    stretch = (start, start + length)
    parts = by_days(mwh, stretch, zone, days, lambda day: known.get(day, 0))
    assert sum(parts.values()) == mwh
    assert all(part >= 0 for part in parts.values())
    assert set(parts) == set(quarters_between(*stretch))


def test_a_day_gets_what_the_plug_counted_on_it_beyond_what_is_known() -> None:
    start = datetime(2026, 11, 18, 12, tzinfo=PARIS).timestamp()
    days = {date(2026, 11, 18): 500, date(2026, 11, 19): 4800, date(2026, 11, 20): 100}
    known = {date(2026, 11, 18): 300, date(2026, 11, 20): 40}
    parts = by_days(5060, (start, start + 40 * 3600), PARIS, days, lambda day: known.get(day, 0))
    by_day = [
        sum(parts.get(h, 0) for h in quarters_between(*day_bounds(day, PARIS))) for day in days
    ]
    assert by_day == [200, 4800, 60]


def test_days_of_which_the_plug_tells_nothing_share_the_rest() -> None:
    start, _ = day_bounds(date(2026, 3, 28), PARIS)
    end, _ = day_bounds(date(2026, 3, 31), PARIS)
    parts = by_days(5700, (start, end), PARIS, {date(2026, 3, 30): 1000}, lambda _: 0)
    by_day = [
        sum(parts[h] for h in quarters_between(*day_bounds(date(2026, 3, day), PARIS)))
        for day in (28, 29, 30)
    ]
    # The 29th has 23 hours.
    assert by_day == [2400, 2300, 1000]


@given(moments, lengths, zones)
def test_days_follow_each_other_without_a_gap(start: float, length: float, zone) -> None:
    days = list(days_between(start, start + length, zone))
    assert days[0][1] == start
    assert days[-1][2] == start + length
    for (day, _, end), (following, begin, _) in pairwise(days):
        assert (begin, following) == (end, day + timedelta(days=1))


def test_quarters_are_cut_out_of_a_stretch() -> None:
    assert without((450, 4500), [900, 2700]) == [(450, 900), (1800, 2700), (3600, 4500)]
    assert without((900, 1800), [900]) == []
    assert without((900, 1800), []) == [(900, 1800)]


def test_hours_that_the_plug_cut_elsewhere_are_wholes_beside_them_in_a_gap_too() -> None:
    start = 1_770_000_300 // 3600 * 3600
    hours = {start: Hour(4, start + QUARTER), start + 3600: Hour(8)}
    found, left = spread_by_hours(12, (start, start + 7200), hours, lambda *_: 0)
    assert not left
    assert found.joined == {start + QUARTER * n for n in (2, 3, 4, 5, 6, 7)}
    assert [found.quarters[start + QUARTER * n] for n in range(8)] == [1] * 4 + [2] * 4
