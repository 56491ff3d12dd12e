"""Of all that can explain what a plug says, the least energy counts until the rest is refuted."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from .lives import Life, lived
from .watch import PARIS, Watch


def _kwh(watch: Watch, first: float) -> float:
    return round(watch.evidence.energy / 1e6 - first, 6)


def _steady(watch: Watch, *, times: int, since: float, step: float, **more: float) -> float:
    """Let a total move on evenly; return where it then stands."""
    for number in range(1, times + 1):
        watch.read(since + number * step, **more)
    return since + times * step


class TestLeaps:
    """A leap counts no more than power can have brought, wherever the counter may have stood."""

    def test_one_soon_after_a_standstill_is_bounded_too(self) -> None:
        watch = Watch()
        watch.read(0.0, power=2300)
        stands = _steady(watch, times=8, since=0.0, step=0.019, power=2300)
        for _ in range(7):
            watch.read(stands, power=2300)
        stands = _steady(watch, times=4, since=stands + 0.133, step=0.019, power=2300)
        _steady(watch, times=3, since=stands + 4000, step=0.019, power=2300)
        stands = _steady(watch, times=6, since=stands + 0.057, step=0.019, power=2300)
        assert _kwh(watch, 0.0) == round(stands, 6)

    def test_time_that_nobody_watched_explains_one_only_if_all_of_it_fits(self) -> None:
        watch = Watch()
        watch.read(0.0, power=3)
        for kwh in (0.01, 0.02, 0.03):
            watch.read(kwh, power=3, after=300)
        for _ in range(3):
            watch.read(30, power=3)
        # 60 kWh do not pass in eleven hours: one was false at least. It may have restarted since.
        watch.read(60, after=40_000, power=3)
        watch.read(0.06, power=3)
        watch.read(0.07, power=1000)
        assert _kwh(watch, 0.0) <= 0.1

    def test_what_departs_from_a_false_beginning_begins_there_and_may_be_false_again(self) -> None:
        watch = Watch()
        watch.read(19_200, power=0)
        for kwh in (19.2, 19.2, 19.2, 19.2, 19.2, 19.2, 0, 0, 0, 19.2, 19.2, 19.2):
            watch.read(kwh, power=0, after=60)
        before = watch.evidence.energy
        for after in (668_000, 60, 60):
            watch.read(19.2, power=0, after=after)
        assert watch.evidence.energy == before


class TestReturns:
    """A reading far from where a counter stands may be back where it was, or be false."""

    def test_what_two_falsely_say_together_is_no_return_of_both(self) -> None:
        watch = Watch()
        for total, month, after in (
            (0.001, 0.001, 0), (0.02, 0.096, 114_000), (0.063, 0.138, 51_000),
            # It was erased while nobody looked, and has gone on a little from there.
            (None, 0.034, 41_000), (None, 0.034, 300), (0.034, 0.034, 300), (0.035, 0.035, 300),
            (0.035, 0.035, 300), (0.036, 0.036, 300), (0.036, 0.036, 300), (0.036, 0.036, 300),
        ):  # fmt: skip
            watch.read(total, None, month, after=after)
        before = watch.evidence.energy
        watch.read(5.836, None, 5.836, after=300)
        for kwh in (0.037, 0.038, 0.039):
            watch.read(kwh, None, kwh, after=300)
        assert watch.evidence.energy - before <= 3_000

    def test_one_that_claims_no_more_than_the_others_moves_no_counter(self) -> None:
        assert _is_right(lived(35, 1413))

    def test_a_total_that_is_just_where_it_was_has_not_restarted(self) -> None:
        assert _is_right(lived(46, 537))


def test_a_reading_that_goes_on_by_more_than_power_brings_bears_out_none_before_it() -> None:
    watch = Watch()
    watch.read(19.2, 0.17, 5.4, power=2300)
    watch.read(19.203, 0.173, 5.403, power=2300, after=5)
    watch.read(19.206, 0.176, 5.406, power=2300, after=5)
    # After a night that all others tell alike, the month says 1.1 kWh more, twice.
    watch.read(66.520, 11.040, 53.860, power=2300, after=74_000)
    watch.read(66.523, 11.043, 53.880, power=2300, after=5)
    watch.read(66.526, 11.046, 52.726, power=2300, after=5)
    watch.read(66.529, 11.049, 52.729, power=2300, after=5)
    assert _kwh(watch, 19.2) == pytest.approx(66.529 - 19.2, abs=0.003)


def test_a_total_tells_what_others_have_forgotten_with_a_restart_that_nobody_saw() -> None:
    watch = Watch()
    for kwh in (0.0, 0.01, 0.02):
        watch.read(100 + kwh, None, 50 + kwh, power=1000)
    # Soon after, it restarts, and the month goes back by 0.9 kWh that it had not saved.
    watch.read(14.66, None, 50.02 + 13.75, power=1000, after=52_800)
    for kwh in (0.01, 0.02, 0.03):
        watch.read(14.66 + kwh, None, 63.77 + kwh, power=1000)
    assert _kwh(watch, 100.0) == pytest.approx(0.02 + 14.69, abs=0.001)


def test_a_month_that_has_ended_counts_though_the_next_one_was_false_at_first() -> None:
    watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
    for kwh in (0.0, 0.04, 0.08):
        watch.read(month=14.2 + kwh, month_before=14.4, dated=watch.at.date(), power=2300)
    january = date(2027, 1, 18)
    watch.read(month=947.7, dated=january, power=2300, after=1_595_000)
    watch.read(month=947.72, dated=january, power=2300)
    for kwh in (0.0, 0.019, 0.038):
        watch.read(month=942.0 + kwh, month_before=92.3, dated=january, power=2300)
    assert _kwh(watch, 14.2) == pytest.approx(92.3 - 14.2 + 942.038, abs=0.03)


def test_a_day_that_shows_nothing_after_it_was_erased_began_before_it_was_read_so() -> None:
    watch = Watch(datetime(2026, 11, 28, 23, 39, tzinfo=PARIS))
    # Its clock is more than an hour ahead: the day that it is asked for is over.
    for kwh in (0.0, 0.038, 0.077):
        watch.dated(1.347 + kwh, 0.48, 14.795 + kwh, after=60)
    for kwh in (0.059, 0.097, 0.135):
        watch.read(
            kwh, 0.0, kwh, 60,
            dated=date(2026, 11, 28), month_before=0.0, power=2300,
        )  # fmt: skip
    for kwh in (14.012, 14.05, 14.088):
        after = 21_600 if kwh < 14.03 else 60
        watch.read(
            None, kwh, kwh, after,
            dated=date(2026, 11, 29), month_before=0.0, power=2300,
        )  # fmt: skip
    assert _kwh(watch, 14.795) == pytest.approx(0.077 + 14.088, abs=0.003)


def test_what_goes_on_by_less_than_power_brings_does_not_prove_where_it_stands() -> None:
    watch = Watch(datetime(2026, 12, 31, 12, 54, tzinfo=PARIS))
    for kwh in (0.0, 0.01, 0.02, 0.03, 0.04, 0.05):
        watch.dated(None, 14.26 + kwh, 38.08 + kwh)
    before = watch.evidence.energy
    new_year = date(2027, 1, 1)
    # A thousandth of the new day and month, that moves by a thousandth of what the load brings.
    for kwh, after in ((0.01453, 87_000), (0.01454, 30), (0.01455, 30)):
        watch.read(None, kwh, kwh, after=after, dated=new_year, power=1000)
    for kwh in (14.56, 14.57, 14.58, 14.59):
        watch.read(None, kwh, kwh, dated=new_year, month_before=47.81, power=1000)
    used = (watch.evidence.energy - before) / 1e6
    assert used == pytest.approx(47.81 - 38.13 + 14.59, abs=0.02)


def test_a_month_that_shows_more_than_passed_since_it_began_waits() -> None:
    watch = Watch(datetime(2026, 12, 31, 17, 31, tzinfo=PARIS))
    for kwh in (0.0, 0.292, 0.583):
        watch.read(
            None, 1.8 + kwh, 16.7 + kwh, 300,
            dated=watch.at.date(), month_before=14.4, power=3500,
        )  # fmt: skip
    before = watch.evidence.energy
    new_year = date(2027, 1, 1)
    watch.read(None, 38.772, 129.572, after=68_220, dated=new_year, power=3500)
    for kwh in (0.292, 0.583, 0.875):
        watch.read(
            None, 38.772 + kwh, 38.772 + kwh, 300,
            dated=new_year, month_before=44.849, power=3500,
        )  # fmt: skip
    used = (watch.evidence.energy - before) / 1e6
    assert used == pytest.approx(44.849 - 17.283 + 39.647, abs=0.01)


def _is_right(life: Life) -> bool:
    return life.too_much <= 0 and life.too_little <= 0
