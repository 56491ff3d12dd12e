"""Which counters of a reading are believed, wait, or are contradicted by the others."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from custom_components.med_exporter.engine.evidence import Reason

from .watch import PARIS, Watch


class TestTogether:
    """What several counters say at once is true of all of them, or of none."""

    def test_a_month_that_began_anew_with_its_day_is_not_back_alone(self) -> None:
        watch = Watch(datetime(2026, 10, 23, 14, tzinfo=PARIS))
        for mwh in range(3):
            watch.read(None, 0.28 + mwh / 1000, 10.84 + mwh / 1000, power=3.0, after=300)
        watch.read(None, 0.071, 11.448, power=3.0, after=728_000)
        for kwh in (0.0, 0.0, 0.0, 0.001, 0.001):
            before = watch.read(None, kwh, kwh, power=3.0, after=300).energy
        # The eight days before could have passed so much more than they have.
        for day, month in ((0.001, 90.801), (0.001, 90.801), (0.002, 90.802), (0.002, 0.002)):
            watch.read(None, day, month, power=3.0, after=300)
        assert watch.evidence.energy - before <= 1000

    def test_a_month_that_is_back_from_a_false_zero_at_midnight_is_where_it_was(self) -> None:
        watch = Watch(datetime(2026, 11, 19, 23, 40, tzinfo=PARIS))
        for month in (10.0, 10.08, 10.17):
            watch.read(None, month - 9, month, power=1000, after=300)
        for day in (0.0, 0.08, 0.17):
            watch.read(None, day, 0.0, power=1000, after=300)
        for more in (0.25, 0.33, 0.42):
            watch.read(None, more, 10.25 + more, power=1000, after=300)
        assert watch.evidence.energy == 10_670_000

    def test_a_total_that_restarts_is_not_back_at_what_it_showed_before_all_grew(self) -> None:
        watch = Watch(datetime(2026, 12, 2, 12, tzinfo=PARIS))
        for kwh in (14.20, 14.21, 0.005, 0.010, 0.015):
            watch.read(kwh, kwh, kwh, power=3500, after=5)
        for more, after in ((0.0, 960_000), (0.005, 5)):
            watch.read(930 + more, 40 + more, 930 + more, power=3500, after=after)
        before = watch.evidence.energy
        # It restarts, and the others go back to what they had saved.
        for kwh in (0.008, 0.013, 0.018, 0.023):
            watch.read(kwh, 38 + kwh, 928 + kwh, power=3500, after=5)
        assert watch.evidence.energy >= before + 10_000

    def test_a_total_that_fell_with_others_that_are_back_and_is_just_where_it_was_is_back(
        self,
    ) -> None:
        watch = Watch()
        for wh in (0, 30, 60):
            more = wh / 1000
            watch.read(0.01 + more, 0.25 + more, 14.17 + more, power=3500)
        # A thousandth of all of them: from there the socket could have passed what the total shows.
        for _ in range(2):
            watch.read(0.00007, 0.00031, 0.01423, power=3500)
        watch.read(0.07, 0.31, 14.23, power=3500)
        assert watch.evidence.energy == 14_230_000

    def test_a_month_that_shows_less_than_its_day_after_an_outage_is_false(self) -> None:
        watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
        for kwh in (0.01, 0.02, 0.03):
            watch.read(None, kwh, kwh, power=2300, after=15)
        # A thousandth of 64.96 kWh; the day tells but what was used since midnight.
        for day in (36.48, 36.49, 36.50):
            after = 101_600 if day < 36.485 else 15
            outcome = watch.read(None, day, 0.065, power=2300, after=after)
            assert [refusal.reason for refusal in outcome.refused] == [Reason.CONTRADICTED]
        for more in (0.0, 0.01, 0.02):
            watch.read(None, 36.51 + more, 64.98 + more, power=2300, after=15)
        assert watch.evidence.energy == 65_000_000

    def test_a_total_that_stands_at_the_most_it_can_show_tells_nothing_of_the_others(self) -> None:
        watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
        for mwh in (0, 19, 38):
            more = mwh / 1000
            watch.read(9999.767 + more, 0.528 + more, 14.448 + more, power=2300)
        # It says nothing twice, and shows then what it cannot go beyond.
        watch.read(0.0, 5.960, 45.440, power=2300, after=48_450)
        watch.read(0.0, 5.980, 45.460, power=2300)
        before = watch.evidence.energy
        watch.read(9999.999, 12.822, 12.822, power=2300, after=97_110)
        for more in (0.020, 0.040, 0.060):
            watch.read(9999.999, 12.822 + more, 12.822 + more, power=2300)
        assert watch.evidence.energy - before >= 12_800_000

    def test_a_day_adds_nothing_to_where_its_month_never_stood(self) -> None:
        watch = Watch(datetime(2026, 11, 12, 8, 13, tzinfo=PARIS))
        first, later = watch.at.date(), date(2026, 11, 13)
        for kwh in (0, 0.003, 0.007):
            watch.read(None, 0.167 + kwh, 5.447 + kwh, clock=first, power=2300, after=5)
        before = watch.evidence.energy
        # The month shows 15 kWh too much; by the next day's own counter it began with 41.7.
        watch.read(None, 39.178, 51.969, clock=first, power=2300, after=48_845)
        watch.read(None, 54.426, 96.157, clock=later, power=2300, after=93_125)
        for kwh in (0, 0.383, 0.766):
            watch.read(None, 54.81 + kwh, 96.54 + kwh, clock=later, power=2300, after=600)
        used = watch.evidence.energy - before
        assert used / 1e6 == pytest.approx(97.306 - 5.454, abs=0.005)

    def test_what_is_bounded_by_a_month_that_seems_to_be_back_is_no_witness_of_it(self) -> None:
        watch = Watch(datetime(2026, 11, 28, 23, 27, tzinfo=PARIS))
        days = [date(2026, 11, day) for day in (28, 29, 30)]
        for kwh in (0.01, 0.01, 0.02):
            watch.read(kwh, kwh, kwh, dated=days[0], power=60, after=60)
        watch.read(1.23, 1.22, 1.27, dated=days[1], power=60, after=75_180)
        for _ in range(4):
            before = watch.read(0, 0, 0, dated=days[1], power=60, after=95).energy
        # All three are false once, after a day that nobody watched.
        last = watch.read(2.812, 3.351, 3.297, dated=days[2], power=60, after=91_140)
        assert last.energy == before
        for kwh, power in ((0, 60), (0, 60), (0.02, 1000), (0.03, 1000)):
            last = watch.read(
                1.52 + kwh, 1.3 + kwh, 1.52 + kwh, dated=days[2], power=power, after=60
            )
        assert last.energy - before <= 1_550_000

    def test_a_month_that_tells_the_one_before_again_was_never_erased(self) -> None:
        watch = Watch()
        first, later = watch.at.date(), watch.at.date() + timedelta(days=1)
        for kwh in (0, 0.01):
            watch.read(None, 0.25 + kwh, 12.73 + kwh, month_before=13.44, dated=first, after=60)
        for day, month in [(0, 0)] * 3 + [(0.000_26, 0.012_74)] * 3:
            watch.read(None, day, month, dated=first, after=60)
        for kwh, after in ((0, 49_380), (0, 60), (0.01, 60), (0.02, 60)):
            watch.read(None, kwh, 12.78 + kwh, month_before=13.44, dated=later, after=after)
        assert watch.evidence.energy == 12_800_000

    def test_a_false_beginning_is_one_of_all_counters_that_were_read_with_it(self) -> None:
        watch = Watch()
        # A thousandth of all of them; the total is then out of sight behind a spike.
        watch.read(0.01029, 0.00832, 0.01031, power=1000)
        watch.read(10.288, 8.316, 10.313, power=1000, after=5)
        before = watch.evidence.energy
        watch.read(125.821, 9.033, 35.03, power=1000, after=88_900)
        for kwh in (0.0, 0.017, 0.034, 0.051):
            watch.read(35.021 + kwh, 9.033 + kwh, 35.03 + kwh, power=1000, after=60)
        used = watch.evidence.energy - before
        assert used / 1e6 == pytest.approx(35.081 - 10.313, abs=0.02)


class TestWaiting:
    """What waits is believed by what was known when it was seen, not by what came after."""

    def test_a_leap_beyond_where_a_counter_stood_is_no_return(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        watch.read(500, 2, 10)
        watch.read(510, 12, 20, after=36_000)
        assert watch.read(510.8, 12.8, 20.8).energy == 510_000_000
        assert watch.read(510.01, 12.01, 20.01).energy == 510_010_000

    def test_what_leapt_does_not_become_true_by_standing_long(self) -> None:
        watch = Watch()
        # A day that began falsely, and is over by the plug's clock; only the total runs.
        for second in range(0, 305, 5):
            total = 3500 * second / 3.6e6
            watch.read(total, 0.0005 if second == 0 else 0.48, after=5, power=3500.0)
        assert watch.evidence.energy <= 501 + 3500 * 300 / 3.6

    def test_an_outage_after_a_restart_hides_nothing(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01, 0)
        watch.read(9, after=36_000)
        assert watch.reads(9.01, 9.02) == [509.02, 509.03]

    def test_a_counter_that_stood_while_it_was_doubted_goes_on_from_there(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10, power=1000)
        watch.read(500.01, 2.01, 10.01, power=1000)
        for _ in range(140):
            watch.read(0.02, 0.02, 0.02, power=1000)
        watch.read(1.2, 1.2, 1.2, power=1000)
        assert watch.read(1.21, 1.21, 1.21, power=1000).energy == 501_220_000

    def test_a_reading_that_excludes_the_one_that_waits_is_not_believed_by_the_time_before(
        self,
    ) -> None:
        watch = Watch()
        watch.read(0.1, None, 0.1)
        watch.read(0.2, None, 0.2)
        watch.read(0.001, None, 0.001, after=40 * 86400)
        assert watch.read(900, None, 900, after=36_000).energy == 200_000
        assert watch.read(0.9, None, 0.9).energy <= 1_100_000

    def test_what_is_told_for_longer_is_true_of_two_that_exclude_each_other(self) -> None:
        watch = Watch()
        watch.read(13.42, power=60)
        watch.read(13.42, power=60)
        watch.read(24.27, power=60, after=10_085)
        for total in [*[13.588] * 9, 14.688, 14.689, 13.589, 13.589, 13.59]:
            watch.read(total, power=60, after=5)
        assert watch.evidence.energy == 13_590_000

    def test_what_is_brought_up_to_date_late_goes_on_from_what_waits(self) -> None:
        watch = Watch()
        watch.read(10, power=3500)
        watch.read(10.01, power=3500)
        watch.read(45, power=3500, after=36_000)
        # Every five minutes it shows what five minutes have brought.
        for total in (45, 45, 45.29, 45.29, 45.29):
            watch.read(total, power=3500)
        assert watch.evidence.energy == 45_290_000

    def test_a_month_that_began_meanwhile_does_not_confirm_what_waits(self) -> None:
        watch = Watch(datetime(2026, 12, 31, 7, tzinfo=PARIS))
        december, january = watch.at.date(), date(2027, 1, 1)
        watch.read(day=0.2, month=14.31, month_before=14.4, dated=december)
        watch.read(day=0.21, month=14.32, month_before=14.4, dated=december)
        watch.read(day=1.15, month=15.26, month_before=14.4, dated=december, after=40_000)
        assert watch.read(day=0.15, month=146, dated=january, after=72_000).energy < 17_000_000

    def test_what_goes_on_from_where_a_total_fell_counts_nothing_twice(self) -> None:
        # The one that is a thousandth of it, read in between, was false.
        watch = Watch()
        for total, day, after in (
            (1.70, 1.00, 0),
            (1.71, 1.01, 30),
            (1.72, 1.02, 30),
            (1.73, 1.03, 30),
            (0.20, 1.23, 450),
            (0.0002, None, 28560),
            (0.534, None, 3000),
            (0.55, None, 30),
            (0.56, None, 30),
            (0.57, None, 30),
        ):
            watch.read(total, day, after=after, power=2000.0)
        assert watch.evidence.energy == 1_730_000 + 570_000

    def test_counters_that_fall_back_together_have_not_restarted(self) -> None:
        watch = Watch()
        watch.read(0.13, 0.01, 14.0)
        watch.read(0.14, 0.02, 14.01)
        # What two counters tell of an outage is believed, and later energy fills it.
        assert watch.read(0.95, 0.83, 14.82, after=12_000).energy == 14_820_000
        watch.read(0.15, 0.03, 14.02)
        assert watch.read(0.16, 0.04, 14.03).energy == 14_820_000

    def test_counters_that_are_back_together_have_not_used_so_much_at_once(self) -> None:
        watch = Watch()
        for number in range(6):
            watch.read(None, 0.15 + number / 200, 5.43 + number / 200, after=300)
        watch.read(None, 0.000_17, 0.005_45, after=300)
        watch.read(None, 0.000_18, 0.005_46, after=300)
        watch.read(None, 0.18, 5.46, after=300)
        assert watch.read(None, 0.19, 5.47, after=300).energy == 5_470_000

    def test_zeros_after_a_standstill_come_back_as_they_were(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        for _ in range(20):
            watch.read(500.01, 2.01, 10.01, after=60)
        for _ in range(8):
            watch.read(0, 0, 0, after=60)
        watch.read(502, 4, 12, after=60)
        assert watch.read(502.02, 4.02, 12.02, after=60).energy == 502_020_000

    def test_months_that_were_zero_for_a_while_are_not_used_again(self) -> None:
        watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
        first, later = watch.at.date(), date(2027, 1, 1)
        for kwh in (0, 0.01, 0.02):
            watch.read(0.05 + kwh, 0.29 + kwh, 14.21 + kwh, month_before=14.4, dated=first)
        for _ in range(3):
            watch.read(0, 0, 0, dated=first)
        watch.read(25.26, 19.58, 19.58, month_before=49.18, dated=later, after=196_200)
        later = date(2027, 1, 2)
        for kwh in (0, 0.01, 0.02):
            last = watch.read(
                6.65 + kwh,
                18.65 + kwh,
                42.65 + kwh,
                month_before=49.18,
                dated=later,
                after=30 if kwh else 83_000,
            )
        assert last.energy <= 49_180_000 + 42_670_000

    def test_what_a_total_forgot_unseen_is_not_missing_after_the_next_outage(self) -> None:
        watch = Watch()
        watch.read(1.5, 1.7, 12.3, power=3500)
        watch.read(1.53, 1.73, 12.33, power=3500)
        watch.read(10.26, 56.1, 105.4, after=95_000, power=3500)
        watch.read(10.29, 56.13, 105.43, power=3500)
        before = watch.evidence.energy
        watch.read(1010.29, 20, 50, after=1_030_000, power=3500)
        growth = watch.read(1010.32, 20.03, 50.03, power=3500).energy - before
        # The month has rolled over: only the total tells what passed, to a minute or two.
        assert 999_800_000 <= growth <= 1_000_030_000


class TestContradicted:
    """A counter that has forgotten nothing is never exceeded by one that has leapt or fallen."""

    def test_a_false_beginning_adds_not_even_a_little(self) -> None:
        watch = Watch()
        first = watch.read(20, 260, None).energy
        for number in range(20):
            kwh = max(0, number - 12) / 100
            last = watch.read(0.02 + kwh, 0.26 + kwh, 14.18 + kwh).energy
        assert last == first + 70_000

    def test_a_little_more_than_the_others_show_is_not_counted(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10, power=3)
        for _ in range(6):
            watch.read(500.06, 2, 10, power=3)
        assert watch.read(500.068, 2.008, 10.008, power=1000).energy == 500_008_000

    def test_a_load_that_begins_does_not_prove_what_waited_before_it(self) -> None:
        watch = Watch()
        watch.read(0.021, 0.011, 12.781, power=3)
        watch.read(0.021, 0.011, 12.781, power=3)
        for _ in range(4):
            watch.read(0.051, 0.011, 12.781, power=3)
        watch.read(0.058, 0.018, 12.788, power=900)
        assert watch.read(0.066, 0.026, 12.796, power=900).energy == 12_796_000

    def test_a_day_that_was_asked_for_by_a_wrong_date_began_when_it_did(self) -> None:
        watch = Watch(datetime(2026, 11, 28, 23, 34, tzinfo=PARIS))
        november = [date(2026, 11, day) for day in (28, 27, 27, 28, 28, 29, 29)]
        days = (2.47, 0.48, 0.48, 3.96, 3.96, 3.8, 3.81)
        totals = (2.03, 2.61, 3.2, 3.78, 4.36, 7.32, 7.33)
        seconds = (0, 600, 600, 600, 600, 86_900, 30)
        for dated, day, total, after in zip(november, days, totals, seconds, strict=True):
            month = total + 13.4
            last = watch.read(total, day, round(month, 2), dated=dated, after=after, power=3500)
        assert last.energy == 13_400_000 + 7_330_000

    def test_a_total_that_falls_back_adds_no_more_than_the_month_has_grown_meanwhile(self) -> None:
        watch = Watch()
        for kwh in (0, 0.000_1, 0.000_2):
            watch.read(kwh, None, 14.18 + kwh)
        for total, month, after in ((55.5, 14.2353, 66_300), (55.55, 14.2354, 60)):
            watch.read(total, None, month, after=after)
        before = watch.evidence.energy
        for grown in range(4):
            kwh = grown * 0.000_1
            watch.read(0.0558 + kwh, None, 14.2356 + kwh, after=60 if grown else 300)
        assert watch.evidence.energy - before <= 1_000

    def test_a_month_that_waited_tells_all_since_it_was_doubted(self) -> None:
        watch = Watch(datetime(2026, 11, 29, 0, 19, tzinfo=PARIS))
        november = [date(2026, 11, 28), date(2026, 11, 29)]
        watch.read(day=0.48, month=14.598, dated=november[0])
        watch.read(day=0.48, month=14.656, dated=november[0], after=60)
        watch.read(day=0.055, month=68.849, dated=november[1], after=55_741)
        for grown in range(4):
            kwh = grown * 0.038
            watch.read(day=55.467 + kwh, month=68.907 + kwh, dated=november[1], after=60)
        assert watch.evidence.energy == pytest.approx(69_021_000, abs=3_000)

    def test_what_is_said_beside_what_cannot_be_confirms_nothing(self) -> None:
        watch = Watch()
        for kwh in (0, 0.003, 0.006):
            watch.read(None, 5 + kwh, 13.42 + kwh, power=400.0)
        for kwh in (0.009, 0.012, 0.015):
            # A thousandfold: of the month no socket could pass so much, of the day it could.
            watch.read(None, 5 + kwh + 6, 13_420 + kwh, power=400.0)
        for kwh in (0.018, 0.021, 0.024):
            watch.read(None, 5 + kwh, 13.42 + kwh, power=400.0)
        assert watch.evidence.energy == 13_444_000


class TestWitnesses:
    """Only a counter that can have lost nothing says what another one cannot have counted."""

    def test_a_total_that_sticks_at_its_limit_says_nothing_of_what_leaps(self) -> None:
        watch = Watch()
        for number in range(8):
            kwh = 0.029 * number
            watch.read(9999.999, 0.29 + kwh, 14.21 + kwh)
        for _ in range(15):
            watch.read(9999.999, 0.493, 14.413)
        watch.read(9999.999, 0.96, 14.88)
        before = watch.evidence.energy
        watch.read(9999.999, 0.989, 14.909)
        assert watch.evidence.energy - before == pytest.approx(496_000)

    def test_a_day_that_had_not_begun_for_the_plug_does_not_tell_all_of_the_night(self) -> None:
        watch = Watch(datetime(2027, 1, 1, 0, 3, tzinfo=PARIS))
        today = watch.at.date()
        for number in range(8):
            watch.read(
                day=0.0, month=0.0, month_before=10.55 + number / 100, dated=today, power=1000.0
            )
        before = watch.evidence.energy
        for number, after in enumerate((62_000, 36, 36)):
            kwh = number / 100
            watch.read(
                day=16.31 + kwh,
                month=16.31 + kwh,
                month_before=11.5,
                dated=today,
                after=after,
                power=1000.0,
            )
        assert watch.evidence.energy - before == pytest.approx(11_500_000 - 10_620_000 + 16_330_000)

    def test_a_total_that_began_anew_while_no_clock_told_the_time_denies_nothing_of_that(
        self,
    ) -> None:
        watch = Watch(datetime(2026, 11, 29, 22, 30, tzinfo=PARIS))
        november, december = watch.at.date(), date(2026, 12, 1)
        for wh in (0, 10, 20):
            more = wh / 1000
            watch.read(42.69 + more, 22.38 + more, 36.91 + more, power=1000, dated=november)
        before = watch.evidence.energy
        # The plug reboots, so does the machine: its clock goes on from where it stood.
        for number in range(4):
            total, after = 5.34 + number / 100, 30 * bool(number)
            watch.read(total, 24.0, 62.52, power=1000, after=after, dated=november)
        # It is put right.
        watch.at += timedelta(hours=30)
        for number in range(4):
            kwh = 4.66 + number / 100
            watch.read(
                kwh + 0.72, kwh, kwh, power=1000, after=30, dated=december, month_before=62.52
            )
        assert watch.evidence.energy - before >= 1e6 * (62.52 - 36.93)
        assert watch.evidence.energy - before <= 1e6 * (62.52 - 36.93 + 4.69)

    def test_a_plug_that_was_erased_has_erased_its_day_too(self) -> None:
        watch = Watch()
        for number in range(3):
            kwh = 0.03 * number
            watch.dated(19.22 + kwh, 0.3 + kwh, 10.86 + kwh)
        watch.dated(5.94, 5.94, 5.94, after=6_120)
        assert watch.dated(5.97, 5.97, 5.97).energy == 19_280_000 + 5_970_000

    def test_what_a_counter_forgot_with_the_total_it_does_not_deny(self) -> None:
        watch = Watch()
        for number in range(6):
            kwh = 0.083 * number
            watch.read(372.8 + kwh, None, 170.5 + kwh, after=300, power=1000.0)
        before = watch.evidence.energy
        # It was saved an hour ago at most, and has lost most of what passed since.
        watch.read(0.092, None, 170.95, after=590, power=1000.0)
        assert watch.read(0.175, None, 171.033, after=300, power=1000.0).energy - before == 175_000

    def test_a_counter_that_is_heard_later_begins_with_what_was_proved_then(self) -> None:
        watch = Watch()
        watch.read(0.1)
        watch.read(0.2, None, 13.5)
        watch.read(0.3, None, 13.6)
        watch.read(90.0, None, 103.3, after=100_000)
        assert watch.read(90.1, None, 103.4).energy == 90_100_000

    def test_a_day_alone_tells_nothing_of_a_time_in_which_all_others_grew_alike(self) -> None:
        watch = Watch()
        for _ in range(3):
            watch.read(19.2, 0.0, 13.44, power=3.0)
        # The day is false twice, after hours in which it could have been true.
        watch.read(19.23, 30.0, 13.47, power=3.0, after=37_700)
        watch.read(19.23, 30.0, 13.47, power=3.0)
        last = watch.read(19.26, 70.0, 13.51, power=3.0, after=45_500)
        assert last.energy <= 19_200_000 + 70_000 + 20_000

    def test_what_begins_to_wait_together_is_believed_together(self) -> None:
        watch = Watch()
        for number in range(3):
            kwh = number / 1000
            watch.read(0.029 + kwh, 0.269 + kwh, 14.189 + kwh)
        before = watch.evidence.energy
        # It has rebooted, and the month has ended: only the total tells a little of that time.
        watch.read(0.078, 0.001, 0.001, after=116_000)
        watch.read(0.079, 0.002, 0.002)
        watch.read(0.098, 0.021, 0.091, after=107_000)
        watch.read(0.099, 0.022, 0.092)
        assert watch.evidence.energy - before == 48_000 + 90_000


class TestPower:
    """Power is a witness too: of a leap that it did not bring, and of a standstill."""

    def watch(self, watts: float = 60) -> Watch:
        """Return a watch of a total alone that has gone on by what power brings."""
        watch = Watch()
        for number in range(8):
            watch.read(500 + round(number * watts / 60_000, 3), after=60, power=watts)
        return watch

    def test_a_total_that_leaps_and_moves_on_is_not_believed_against_power(self) -> None:
        watch = self.watch()
        for number in range(4):
            assert watch.read(500.808 + number / 1000, after=60, power=60).growth == 0
        assert watch.read(500.012, after=60, power=60).energy == 500_012_000
        assert watch.evidence.refusals[-1]["reason"] == Reason.SPIKE

    def test_a_leap_that_stays_counts_only_what_power_has_brought_since(self) -> None:
        watch = self.watch()
        for number in range(130):
            last = watch.read(round(505 + number / 1000, 3), after=60, power=60)
        assert last.energy == pytest.approx(500_136_000, abs=2000)
        assert [refusal["reason"] for refusal in watch.evidence.refusals] == [Reason.CONTRADICTED]

    @pytest.mark.parametrize(("fallen_to", "used"), [(0.002, 0.003), (0.03, 0.001)])
    def test_one_that_begins_anew_shows_no_more_than_power_has_brought(
        self, fallen_to: float, used: float
    ) -> None:
        watch = self.watch()
        watch.read(fallen_to, after=60, power=60)
        energy = watch.read(fallen_to + 0.001, after=60, power=60).energy
        assert energy == round(1e6 * (500.007 + used))

    def test_a_clock_that_was_behind_explains_a_leap_once_it_is_put_right(self) -> None:
        watch = self.watch()
        watch.read(505, after=60, power=60)
        watch.read(505.001, after=60, power=60)
        watch.read(505.002, after=3 * 3600, power=60)
        assert watch.read(505.003, after=60, power=60).energy == 505_003_000

    def test_what_passed_while_the_plug_told_nothing_waits_no_hour_where_nothing_flows(
        self,
    ) -> None:
        watch = self.watch(0)
        for _ in range(10):
            watch.read(after=300)
        since = watch.at
        while watch.read(501.9, after=60, power=0).energy == 500_000_000:
            assert watch.at - since < timedelta(minutes=15)
        assert watch.evidence.energy == 501_900_000


class TestMonths:
    def test_a_month_is_completed_though_the_first_reading_of_the_next_was_false(self) -> None:
        watch = Watch(datetime(2026, 11, 30, 10, tzinfo=PARIS))
        today, later = watch.at.date(), date(2026, 12, 1)
        for kwh in (0, 0.03, 0.06):
            watch.read(None, 0.03 + kwh, 13.5 + kwh, month_before=14.9, dated=today)
        for kwh in (0.0270, 0.0271):
            after = 75_000 if kwh == 0.0270 else 30
            watch.read(None, kwh, kwh, dated=later, after=after, power=3500)
        for kwh in (27.1, 27.13, 27.16):
            last = watch.read(None, kwh, kwh, month_before=59.9, dated=later, power=3500)
        assert last.energy == 59_900_000 + 27_160_000

    def test_a_month_that_is_not_told_with_the_next_one_is_told_later(self) -> None:
        watch = Watch(datetime(2026, 12, 30, 13, tzinfo=PARIS))
        today, later = watch.at.date(), date(2027, 1, 1)
        for kwh in (0.26, 0.27, 0.28):
            watch.read(None, kwh, 13.92 + kwh, month_before=14.4, dated=today)
        # The first reading of the new year is a thousandth, and says nothing of the month before.
        watch.read(None, 0.53, 0.000_53, dated=later, after=157_000)
        for kwh in (0, 0.01, 0.02):
            last = watch.read(None, 0.53 + kwh, 0.53 + kwh, month_before=16.28, dated=later)
        assert last.energy == 16_280_000 + 550_000

    def test_what_was_back_before_an_outage_was_not_used_in_it(self) -> None:
        watch = Watch(datetime(2026, 11, 12, 8, 14, tzinfo=PARIS))
        today, later = watch.at.date(), date(2026, 11, 13)
        for day, month in ((0.22, 5.5), *[(0.29, 5.57)] * 4, *[(0.18, 5.46)] * 4):
            watch.read(None, day, month, 60, month_before=14.9, dated=today)
        # The plug has rebooted, and gone back to what it had saved; then its month is false.
        for _ in range(2):
            watch.read(None, 0.18, 0.0, 60, dated=today)
        for _ in range(6):
            watch.read(None, 0.18, 5.46, 60, month_before=14.9, dated=today)
        last = watch.read(None, 0.0, 5.47, 59_160, month_before=14.9, dated=later)
        assert last.energy == 5_570_000

    def test_a_rounding_in_a_month_that_has_ended_is_of_then(self) -> None:
        watch = Watch(datetime(2026, 11, 30, 22, 30, tzinfo=PARIS))
        today, later = watch.at.date(), date(2026, 12, 1)
        # Its clock is ahead: the month has ended, and rounding takes a step and gives it back.
        months = (67.1, 67.2, 67.28, 67.29, 67.29, 67.29, 67.3, 67.3, 67.3, 67.3)
        for number, month in enumerate(months):
            total = 72.86 + number / 12
            watch.read(total, None, month, month_before=14.9, dated=today, after=300, power=1000.0)
        before = watch.evidence.energy
        for number, after in enumerate((42_000, 300, 300)):
            kwh = number / 12
            watch.read(
                total + 11.75 + kwh,
                None,
                12.3 + kwh,
                month_before=67.3,
                dated=later,
                after=after,
                power=1000.0,
            )
        assert watch.evidence.energy - before == pytest.approx(11_917_000, abs=20_000)

    def test_what_waits_is_of_the_month_that_the_plug_told_then(self) -> None:
        watch = Watch(datetime(2026, 10, 23, 14, tzinfo=PARIS))
        for day, month in ((0.3, 10.86), (0.301, 10.861)):
            watch.read(None, day, month, clock=watch.at.date())
        watch.read(None, 1.117, 12.517, clock=date(2026, 10, 24), after=99_000)
        watch.read(None, 0.701, 19.421, clock=date(2026, 11, 14), after=1_793_000)
        last = watch.read(None, 0.702, 19.422, clock=date(2026, 11, 14))
        assert last.energy == 12_517_000 + 19_422_000

    def test_a_day_that_began_before_others_proved_it_is_counted_once(self) -> None:
        watch = Watch(datetime(2026, 12, 3, 23, 27, tzinfo=PARIS))
        watch.dated(100, 20, 68)
        watch.dated(100.001, 20.001, 68.001, after=5)
        before = watch.dated(100.002, 20.002, 68.002, after=5).energy
        # Its clock is an hour ahead: the month proves, later, half an hour of what is its next day.
        watch.dated(4.968, 24, 92.45, after=86_390)
        watch.dated(19.904, 15.39, 107.39, after=53_770)
        last = watch.dated(19.905, 15.392, 107.391, after=5)
        assert last.energy - before <= 107_391_000 - 68_002_000 + 20_000


class TestPace:
    """Of a total alone that tells no power, its own pace is the only other witness."""

    def test_one_reading_that_the_next_takes_back_is_nothing_however_small(self) -> None:
        watch = Watch()
        assert watch.reads(500, 500.001, 500.002, 500.082)[-1] == 500.002
        assert watch.reads(500.003, 500.004) == [500.003, 500.004]

    def test_a_load_that_begins_is_counted_with_the_next_reading(self) -> None:
        watch = Watch()
        watch.reads(500, 500.001, 500.002)
        assert watch.reads(500.022, 500.042, 500.062, 500.082)[1:] == [500.042, 500.062, 500.082]

    def test_a_load_that_is_off_again_is_counted_with_the_next_reading(self) -> None:
        watch = Watch()
        watch.reads(500, 500.001, 500.002)
        assert watch.reads(500.022, 500.022)[-1] == 500.022
