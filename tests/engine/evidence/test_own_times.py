"""Each counter of a plug is brought up to date at times of its own, minutes after the others."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from .lives import lived
from .watch import PARIS, Watch

# Each was counted wrong once, most by a kilowatt-hour or more: its seed and number.
_ONCE_WRONG = [
    (22, 180), (22, 194), (22, 277), (22, 283), (23, 10), (23, 136), (22, 207),
    (22, 703), (25, 628), (25, 378),
    (25, 726), (41, 54), (41, 162), (22, 116), (25, 837), (25, 1147), (22, 666), (22, 685),
    (41, 14), (22, 510), (22, 943), (22, 1289), (25, 909), (22, 399), (25, 380), (603, 532),
    (603, 1137), (603, 164), (603, 984), (906, 847), (25, 880), (22, 1028),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "number"), _ONCE_WRONG)
def test_a_life_that_was_counted_wrong_once_is_not_again(seed: int, number: int) -> None:
    life = lived(seed, number, own_times=True)
    assert life.too_much <= 0
    assert life.too_little <= 0


@pytest.mark.parametrize(("seed", "number"), [(25, 739), (22, 1175), (25, 148)])
def test_what_was_proved_after_a_late_counter_moved_is_not_told_by_it_again(
    seed: int, number: int
) -> None:
    """The second life has lost 44 Wh to an outage, which the other error had hidden."""
    life = lived(seed, number, own_times=True)
    assert life.too_much <= 0
    assert life.too_little <= 50_000


def test_a_month_that_is_shown_after_its_end_is_not_counted_as_the_next_one() -> None:
    watch = Watch(datetime(2026, 10, 24, 8, 6, tzinfo=PARIS))
    for mwh in range(4):
        watch.read(None, 0.491 + mwh / 1000, 11.931 + mwh / 1000, power=60, clock=watch.at.date())
    before = watch.evidence.energy
    october, november = date(2026, 10, 31), date(2026, 11, 1)
    watch.read(None, 1.434, 23.014, after=661_000, power=60, clock=october)
    ended = {date(2026, 10, 1): 23.019}
    # The plug's clock is past midnight, its counters are not.
    watch.read(None, 1.439, 23.019, after=300, power=60, clock=november, ended=ended)
    for kwh in (0.004, 0.009, 0.014, 0.019):
        watch.read(None, kwh, kwh, after=300, power=60, clock=november, ended=ended)
    used = watch.evidence.energy - before
    assert used / 1e6 == pytest.approx(23.019 - 11.934 + 0.019, abs=0.002)


def test_a_month_that_has_begun_near_where_the_last_one_ended_counts_with_all_of_it() -> None:
    watch = Watch(datetime(2026, 10, 31, 20, tzinfo=PARIS))
    for mwh in range(4):
        watch.read(None, 0.247 + mwh / 1000, 0.247 + mwh / 1000, power=60, clock=watch.at.date())
    before = watch.evidence.energy
    november, ended = date(2026, 11, 1), {date(2026, 10, 1): 0.3}
    for kwh, after in ((0.28, 21_000), (0.285, 300), (0.29, 300), (0.295, 300), (0.31, 900)):
        watch.read(None, kwh, kwh, after=after, power=60, clock=november, ended=ended)
    for kwh in (0.315, 0.32):
        watch.read(None, kwh, kwh, after=300, power=60, clock=november, ended=ended)
    used = (watch.evidence.energy - before) / 1e6
    assert used <= 0.3 - 0.25 + 0.32
    assert used >= 0.32 - 0.25


def test_what_stands_and_then_shows_what_power_brought_bears_out_where_it_stood() -> None:
    watch = Watch()
    for _ in range(4):
        watch.read(144.387, power=1000, after=60)
    # It is brought up to date every five minutes, and erased just after one of them.
    for kwh, after in ((148.637, 15_120), (148.637, 60), (148.72, 60), (0.0, 90), (0.0, 60)):
        watch.read(kwh, power=1000, after=after)
    assert watch.evidence.energy / 1e6 == pytest.approx(148.72, abs=0.001)


def test_one_that_always_came_late_does_so_after_an_outage() -> None:
    watch = Watch()
    for kwh in (0.0, 0.0, 0.077, 0.077, 0.153, 0.153, 0.23, 0.23):
        watch.read(100 + kwh, power=2300, after=60)
    # Two readings, of which the second shows what two minutes have brought.
    for kwh, after in ((43.396, 67_920), (43.473, 60)):
        watch.read(100 + kwh, power=2300, after=after)
    for kwh in (0.0, 0.0, 0.077, 0.077, 0.153):
        watch.read(kwh, power=2300, after=60)
    assert watch.evidence.energy / 1e6 == pytest.approx(143.473 + 0.153, abs=0.08)


def test_what_shows_late_what_an_earlier_load_has_brought_bears_out_where_it_stood() -> None:
    watch = Watch()
    for mwh in (0, 0, 8, 8):
        watch.read(100 + mwh / 1000, power=1000)
    # It is brought up to date every five minutes, and the load has ended in between.
    watch.read(816.0, power=1000, after=2_600_000)
    for kwh, power in ((816.0, 1000), (816.0, 1000), (816.0, 3), (816.05, 3)):
        watch.read(kwh, power=power)
    watch.read(0.0, power=3)
    watch.read(0.0, power=3)
    assert watch.evidence.energy / 1e6 == pytest.approx(816.05, abs=0.01)


def test_what_a_counter_was_late_by_is_not_counted_again_once_it_shows_it() -> None:
    watch = Watch()
    for wh in (0, 1, 2, 3):
        watch.read(0.056 + wh / 1000, None, 15.593 + wh / 1000, power=3, after=300)
    before = watch.evidence.energy
    # With the load the total lacks a minute's worth, as if it had forgotten that by a restart.
    for total, month in ((0.297, 15.887), (0.588, 16.179), (0.88, 16.471)):
        watch.read(total, None, month, power=3500, after=300)
    # With the load's end it has all of it.
    for total, month in ((1.002, 16.554), (1.085, 16.638)):
        watch.read(total, None, month, power=1000, after=300)
    used = watch.evidence.energy - before
    assert used / 1e6 == pytest.approx(16.638 - 15.596, abs=0.003)


def test_two_that_say_nearly_the_same_after_an_outage_wait_for_the_next_reading() -> None:
    watch = Watch()
    for wh in (0, 0, 25, 25, 50, 50):
        watch.read(100 + wh / 1000, None, 10 + wh / 1000, power=3000, after=15)
    before = watch.evidence.energy
    # Both say too much, one by a little more: so do two that are late at their own times.
    watch.read(151.891, None, 61.91, power=3000, after=60_000)
    assert watch.evidence.energy == before
    for wh in (0, 0, 25, 25, 50, 50):
        watch.read(150.05 + wh / 1000, None, 60.05 + wh / 1000, power=3000, after=15)
    assert (watch.evidence.energy - before) / 1e6 == pytest.approx(50.05, abs=0.03)


def test_one_that_stood_may_show_at_once_what_five_minutes_have_brought() -> None:
    watch = Watch()
    for mwh in (0, 5, 10):
        watch.read(100 + mwh / 1000, power=3500, after=5)
    for kwh, after in ((2600.0, 2_678_000), (2600.0, 5), (2600.0, 5), (2600.292, 5)):
        watch.read(kwh, power=3500, after=after)
    watch.read(0.0, power=3500, after=5)
    assert watch.evidence.energy / 1e6 == pytest.approx(2600.292, abs=0.01)


@pytest.mark.parametrize("midnight", [datetime(2026, 10, day, tzinfo=PARIS) for day in (1, 11)])
@pytest.mark.parametrize("joins_before", [10, 150, 290])
def test_what_a_day_has_counted_before_the_plug_joined_is_not_counted_once_more(
    midnight: datetime, joins_before: int
) -> None:
    """Five minutes ahead, it has ended the day, and maybe the month, that it is asked for."""
    watch = Watch(midnight - timedelta(seconds=joins_before))
    begun, joined = 0.0 if midnight.day == 1 else 240.0, 0
    for second in range(-joins_before, 600, 10):
        own = (second + 300) / 3600
        is_over = second < 0
        watch.read(
            round(960 + second / 3600, 3),
            24.0 if is_over else round(own, 3),
            720.0 if is_over and not begun else round(begun + own, 3),
            after=10, power=1000.0, month_before=744.0,
            dated=midnight.date() - timedelta(days=is_over),
            ahead=midnight.date() if is_over else None,
        )  # fmt: skip
        used = (second + joins_before) / 3600
        joined = watch.evidence.energy if not used else joined
        assert (watch.evidence.energy - joined) / 1e6 == pytest.approx(used, abs=0.002)


def test_no_month_leaps_beyond_what_the_socket_passed_while_its_day_went_on() -> None:
    """Nobody looked for eight hours, and the month was not told: the day alone was followed."""
    watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
    for kwh in (0.288, 0.404, 0.404):
        watch.read(None, kwh, 14.208, power=3500, after=60, clock=watch.at.date())
    watch.read(None, 41.494, 1301.319, 1_459_536, power=3500, clock=date(2027, 1, 16))
    for day, month in (
        (41.494, 1301.319), (41.611, 1301.611), (41.611, 1301.611), (41.728, 1301.611),
        (41.728, 1301.611), (41.844, 1301.611), (41.844, 1301.903), (41.961, 1301.903),
    ):  # fmt: skip
        watch.read(None, day, month, after=60, power=3500, clock=watch.at.date())
    before = watch.evidence.energy
    watch.read(None, 42.02, None, after=29_160, power=3, clock=watch.at.date())
    for day, month in (
        (42.02, None), (42.0201, None), (42.0201, 1393.287), (42.0202, 1393.287),
        (42.0202, 1393.2873),
    ):  # fmt: skip
        watch.read(None, day, month, after=60, power=3, clock=watch.at.date())
    assert (watch.evidence.energy - before) / 1e6 == pytest.approx(0.059, abs=0.02)


def test_no_month_is_back_in_one_that_its_clock_has_ended() -> None:
    """It leaps from where it began anew, though that is below where the month before had stood."""
    watch = Watch(datetime(2026, 11, 28, 23, 5, tzinfo=PARIS))
    for total in (0.02, 0.02, 0.02, 0.021):
        watch.read(total, 0.46, 13.42, after=300, power=3, clock=watch.at.date())
    for wh, after in ((0, 1_495_000), (0, 300), (0, 300), (1, 300), (1, 300)):
        kwh = wh / 1000
        watch.read(
            1.267 + kwh, 0.02 + kwh, 1.1 + kwh, after, power=3, clock=date(2026, 12, 16)
        )  # fmt: skip
    before = watch.evidence.energy
    watch.read(1.268, 0.021, 1.901, after=300, power=3, clock=date(2026, 12, 16))
    watch.read(1.269, 0.022, 1.902, after=300, power=3, clock=date(2026, 12, 16))
    assert before / 1e6 == pytest.approx(13.42 + 1.248, abs=0.01)
    assert (watch.evidence.energy - before) / 1e6 == pytest.approx(0.001, abs=0.001)
