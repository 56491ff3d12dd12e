"""Where a counter stands when it has been in several places: which of them was false."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from .watch import PARIS, Watch


class TestBeginning:
    """A beginning that the next readings do not go on from may be false, also when said again."""

    def test_a_false_beginning_that_is_said_again_standing_still_confirms_nothing(self) -> None:
        watch = Watch()
        watch.read(19_200, power=3.0)
        for _ in range(10):
            watch.read(19.2, power=3.0)
        for after in (32_670, 30, 30):
            watch.read(19_220, power=3.0, after=after)
        watch.read(19.22, power=3.0)
        assert watch.evidence.energy == 19_200_000_000

    def test_what_leaps_from_a_false_beginning_that_was_said_again_began_there(self) -> None:
        watch = Watch()
        watch.read(month=0.012767, power=0.4)
        for _ in range(4):
            watch.read(month=12.767, after=300, power=0.4)
        for after in (4380, 300):
            watch.read(month=0.012768, after=after, power=0.4)
        for _ in range(4):
            watch.read(month=12.768, after=300, power=0.4)
        for grown in range(1, 8):
            watch.read(month=12.768 + grown / 200, after=300, power=60.0)
        assert watch.evidence.energy == pytest.approx(12_768 + 35_000, abs=5_000)


class TestSeveralPlaces:
    def test_a_spike_that_would_fit_where_it_once_stood_is_not_kept_by_the_next_month(self) -> None:
        watch = Watch(datetime(2026, 11, 28, 23, tzinfo=PARIS))
        november, december = date(2026, 11, 30), date(2026, 12, 1)
        for _ in range(3):
            watch.read(0, 0, 13.44, power=0.4, clock=november)
        for _ in range(3):
            # The plug has been erased.
            watch.read(0, 0, 0, power=0.4, clock=november)
        for after in (63_305, 93_545):
            watch.read(0.002, 0.006, 0.006, after=after, power=0.4, clock=november)
        for month in (0.017, 0.017, 17.0, 17.0):
            watch.read(0.012, 0.008, month, after=5, power=0.4, clock=november)
        for after in (33_125, 5, 5):
            watch.read(0.016, 0.002, 0.002, after=after, power=0.4, clock=december)
        for grown in range(1, 6):
            more = grown * 0.0014
            watch.read(0.016 + more, 0.002 + more, 0.002 + more, 5, power=1000.0, clock=december)
        assert watch.evidence.energy == pytest.approx(13_440_000 + 25_000, abs=5_000)

    def test_a_total_that_is_back_over_an_outage_unmasks_what_leapt_with_it(self) -> None:
        watch = Watch(datetime(2026, 10, 23, 14, tzinfo=PARIS))
        for _ in range(3):
            watch.read(9_980.01, None, 10.83, power=3.0)
        watch.read(9_985.84, None, 16.67, after=46_565, power=3.0)
        for after in (93_545, 30, 30):
            watch.read(9_980.12, None, 10.95, after=after, power=3.0)
        for after in (100_745, 30, 30):
            watch.read(9_980.21, None, 11.04, after=after, power=3.0)
        # Both said the spike, which the socket could have passed: that alone stays counted.
        assert watch.evidence.energy == 9_985_850_000

    def test_power_bounds_a_leap_soon_after_another_by_what_it_has_brought_since_before(
        self,
    ) -> None:
        watch = Watch()
        shown = [100 + number / 12 for number in range(8)]
        # It has stood for an hour, and goes on from where it should be.
        shown += [shown[-1]] * 12 + [shown[-1] + 13 / 12 + number / 12 for number in range(3)]
        for kwh in shown:
            watch.read(round(kwh, 3), after=300, power=1000.0)
        true, last = watch.evidence.energy, shown[-1]
        for spike, number in ((6, 1), (6, 2), (6, 3), (0, 4), (0, 5)):
            watch.read(round(last + spike + number / 12, 3), after=300, power=1000.0)
        assert true == pytest.approx(last * 1e6, abs=1_000)
        assert watch.evidence.energy == pytest.approx(true + 5e6 / 12, abs=2_000)

    def test_a_month_that_begins_as_another_did_is_not_back_there(self) -> None:
        watch = Watch(datetime(2026, 12, 1, 0, 6, 40, tzinfo=PARIS))
        for kwh, after in ((0.077, 0), (0.161, 390)):
            watch.read(None, kwh, kwh, after)
        for day, after in ((23.744, 2_676_970), (23.827, 330), (23.911, 90), (23.994, 480)):
            watch.read(None, day, 720 + day, after)
        # By then it had moved often enough to be where it stood.
        for kwh, after in ((0.161, 600), (0.244, 330)):
            watch.read(None, kwh, kwh, after)
        assert watch.evidence.energy == 743_994_000 + 244_000

    def test_one_that_shows_a_little_less_than_where_it_stood_has_moved_since(self) -> None:
        watch = Watch()
        for kwh, after in ((0.583, 0), (0.875, 300), (0.531, 620), (0.823, 300), (1.115, 300)):
            watch.read(kwh, power=3500, after=after)
        watch.read(1.406, power=3500, after=300)
        # It has been erased, and not come back to 0.875: power would have moved it from there.
        for kwh, after in ((0.573, 727), (0.865, 300), (1.157, 300)):
            watch.read(kwh, power=3500, after=after)
        assert watch.evidence.energy / 1e6 == pytest.approx(0.875 + 1.406 + 1.157, abs=0.02)

    def test_of_two_lives_that_say_the_same_the_one_with_less_energy_counts(self) -> None:
        """One has restarted after its zeros; the other never has, and its last two were as false.

        All that the total stood at before is then missing, at worst: 43.8 kWh.
        """
        watch = Watch()
        for kwh in (43.79, 43.8, 43.81, *[0.0] * 24, 0.01):
            watch.read(kwh, power=3500, after=10 if kwh else 5)
        for kwh, after in ((282.29, 290_351), (282.30, 5), (282.31, 10)):
            watch.read(kwh, power=3500, after=after)
        assert watch.evidence.energy == 282_310_000

    def test_a_falsehood_says_nothing_of_how_finely_a_counter_counts(self) -> None:
        watch = Watch()
        watch.reads(500.48, 500.49, 0.50049, 500.49)
        # Ups and downs by its own rounding stay none.
        assert watch.reads(500.48, 500.48, 500.49, 500.48, 500.49)[-1] == 500.49
        assert watch.evidence.refused == 1

    def test_what_was_false_after_an_outage_hides_nothing_of_it(self) -> None:
        watch = Watch()
        watch.reads(39.369, 39.378, 39.386, 0.009, 0.018, 0.026)
        for after in (105_390, 30, 30):
            # A thousandth of what it should be.
            watch.read(0.0293, after=after)
        assert watch.reads(29.326, 29.334, 29.343)[-1] == pytest.approx(39.386 + 29.343)

    def test_zeros_after_an_outage_hide_nothing_of_a_plug_that_was_erased_before(self) -> None:
        watch = Watch()
        watch.dated(112.68, 62.48, 104.84)
        watch.dated(112.692, 62.492, 104.852)
        watch.dated(0.006, 0.006, 0.006)
        for after in (83_225, 30):
            watch.read(0, 0, 0, after, dated=watch.at.date())
        for grown in range(6):
            kwh = 53.183 + grown / 100
            watch.read(kwh, 39.062 + grown / 100, kwh, month_before=0.0, dated=watch.at.date())
        assert watch.evidence.energy == pytest.approx(112_692_000 + 53_233_000, abs=20_000)

    def test_a_month_that_was_false_after_an_outage_goes_on_from_before_it(self) -> None:
        watch = Watch()
        watch.read(day=0.04, month=0.04, dated=watch.at.date(), power=3500.0)
        watch.read(day=0.07, month=0.07, dated=watch.at.date(), power=3500.0)
        tomorrow = watch.at.date() + timedelta(days=1)
        watch.read(day=64.6, month=0.1, after=107_190, dated=tomorrow, power=3500.0)
        for grown in range(1, 8):
            day, month = 64.6 + grown * 0.029, 104.25 + grown * 0.029
            watch.read(day=day, month=month, dated=tomorrow, power=3500.0)
        assert watch.evidence.energy == pytest.approx(104_250_000 + 7 * 29_000, abs=40_000)
