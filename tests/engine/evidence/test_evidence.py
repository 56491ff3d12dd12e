"""Which readings of a plug are believed: each kind of falsehood with its right value."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timedelta

import pytest

from custom_components.med_exporter.engine.evidence import Evidence, Reason

from .watch import PARIS, Watch


class TestRounding:
    def test_a_total_that_steps_back_by_a_rounding_has_not_moved(self) -> None:
        watch = Watch()
        watch.read(500.010, 2, 10)
        outcome = watch.read(500.009, 2, 10)
        assert (outcome.energy, outcome.growth, outcome.refused) == (500_010_000, 0, ())

    @pytest.mark.parametrize("step", [0.000_001, 0.001, 0.003, 0.01])
    def test_ups_and_downs_never_add_up(self, step: float) -> None:
        watch = Watch()
        watch.reads(*[500.0, 500.0 - step] * 50)
        assert watch.evidence.energy == 500_000_000
        assert watch.reads(500.0 + step) == [500.0 + step]


class TestRollOver:
    def test_a_plug_without_a_total_rolls_over_when_its_counter_falls(self) -> None:
        watch = Watch(datetime(2026, 11, 30, 23, 59, 40, tzinfo=PARIS))
        watch.read(None, 23.998, 719.989)
        assert watch.read(None, 24.006, 719.997).energy == 719_997_000
        watch.read(None, 0.005, 0.005)
        assert watch.read(None, 0.013, 0.013).energy == 720_010_000
        assert watch.evidence.refused == 0

    @pytest.mark.parametrize("hours", [-1, 1])
    def test_a_clock_that_is_wrong_by_an_hour_counts_nothing_again(self, hours: int) -> None:
        watch = Watch(datetime(2026, 11, 30, 20, tzinfo=PARIS))
        for _ in range(8 * 60):
            plug = watch.at + timedelta(hours=hours, minutes=1)
            since = (plug - datetime(2026, 12, 1, tzinfo=PARIS)).total_seconds() / 3600
            month = 700 + 24 + since if since < 0 else since
            watch.read(None, 24 + since if since < 0 else since, round(month, 3), after=60)
        first = 700 + 20 + hours + 1 / 60
        assert watch.evidence.energy / 1e6 == pytest.approx(first + 479 / 60, abs=0.05)

    def test_a_month_that_rolled_over_unseen_is_told_by_the_plug_s_clock(self) -> None:
        watch = Watch(datetime(2026, 11, 10, tzinfo=PARIS))
        watch.read(None, 0, 100, clock=watch.at.date())
        watch.read(None, 5, 150, after=40 * 86400, clock=date(2026, 12, 20))
        # One counter alone is believed when the next reading goes on from it.
        watch.read(None, 5.01, 150.01, clock=date(2026, 12, 20))
        assert watch.evidence.energy == 250_010_000

    def test_a_clock_that_shows_the_new_month_before_the_counter_does_counts_nothing_twice(
        self,
    ) -> None:
        watch = Watch(datetime(2026, 11, 30, 23, 59, 40, tzinfo=PARIS))
        watch.read(None, 0.1, 0.1, clock=date(2026, 11, 30))
        watch.read(None, 0.1, 0.1, clock=date(2026, 12, 1))
        watch.read(None, 0.0, 0.0, clock=date(2026, 12, 1))
        watch.read(None, 0.001, 0.001, clock=date(2026, 12, 1))
        assert watch.evidence.energy == 101_000

    def test_entries_of_other_dates_than_today_s_count_nothing_twice(self) -> None:
        watch = Watch(datetime(2026, 11, 26, 12, tzinfo=PARIS))
        november, october = watch.at.date(), date(2026, 10, 3)
        watch.read(None, 12, 610, dated=november, month_before=700)
        for _ in range(8):
            watch.read(None, 24, 700, dated=october, month_before=650)
        watch.read(None, 12.1, 610.1, dated=november, month_before=700)
        assert watch.evidence.energy == 610_100_000


class TestFalseReadings:
    @pytest.mark.parametrize("false", [0.0, 0.5, 5000.0, 500_000.0])
    def test_one_that_the_next_takes_back_is_nothing(self, false: float) -> None:
        watch = Watch()
        assert watch.reads(500, 500.01, false, 500.02) == [500, 500.01, 500.01, 500.02]
        (refusal,) = watch.evidence.refusals
        assert (refusal["value_kwh"], refusal["believed_kwh"]) == (false, 500.01)
        assert refusal["reason"] in (Reason.FALL, Reason.SPIKE)

    @pytest.mark.parametrize("false", [math.nan, math.inf, -math.inf, -1.0, 1e12])
    def test_what_is_no_number_is_refused_at_once(self, false: float) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        outcome = watch.read(false, false, false)
        assert {refusal.reason for refusal in outcome.refused} == {Reason.NO_NUMBER}
        assert watch.read(500.01, 2.01, 10.01).energy == 500_010_000
        json.dumps(watch.evidence.to_dict(), allow_nan=False)

    def test_all_counters_at_zero_for_a_while_come_back_as_they_were(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        watch.read(500.01, 2.01, 10.01)
        for _ in range(10):
            watch.read(0, 0, 0)
        watch.read(500.1, 2.1, 10.1)
        watch.read(500.11, 2.11, 10.11)
        assert watch.evidence.energy == 500_110_000

    def test_the_others_count_on_while_one_is_doubted(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        watch.read(500.01, 2.01, 10.01)
        assert watch.read(0, 2.02, 10.02).growth == 10_000
        assert watch.evidence.is_doubtful
        assert watch.read(500.03, 2.03, 10.03).growth == 10_000
        assert not watch.evidence.is_doubtful

    def test_more_than_the_socket_can_pass_is_held_until_it_is_confirmed(self) -> None:
        watch = Watch()
        assert watch.reads(500, 500, 505, 505.01) == [500, 500, 500, 505.01]

    def test_more_than_the_month_shows_is_held_until_it_is_confirmed(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        watch.read(500.0, 2.0, 10.0)
        assert watch.read(505, 2, 10, after=7200).energy == 500_000_000
        assert watch.read(505.01, 2, 10).energy >= 505_000_000

    def test_a_second_answer_at_once_confirms_nothing(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01)
        watch.read(0, after=0.1)
        watch.read(0, after=0.1)
        assert watch.read(500.02, after=30).energy == 500_020_000

    def test_a_reading_from_before_the_last_one_is_refused(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01)
        outcome = watch.read(499, after=-20)
        assert (outcome.growth, outcome.refused[0].reason) == (0, Reason.LATE)


class TestHealthy:
    """A plug that nothing happens to is never doubted: each poll counts what it reads."""

    @pytest.mark.parametrize("shown", ["total", "day month", "total day month"])
    @pytest.mark.parametrize("power", [True, False])
    @pytest.mark.parametrize("seconds", [5, 30, 300])
    @pytest.mark.parametrize("watts", [3.0, 1000.0, 3600.0])
    def test_each_poll_counts_what_it_reads(
        self, shown: str, power: bool, seconds: int, watts: float
    ) -> None:
        watch = Watch()
        for number in range(50):
            kwh = watts * seconds * number / 3.6e6
            told = {name: round(10 + kwh, 3) for name in shown.split()}
            outcome = watch.read(**told, after=seconds, power=watts if power else None)
            assert outcome.is_told
            assert outcome.energy == round(1e6 * round(10 + kwh, 3))
        assert watch.evidence.refused == 0


class TestSaidAgain:
    """A second reading confirms, but what stands still where it must move is no second reading."""

    @pytest.mark.parametrize("false", [0.0, 0.5, 505.0, 500_000.0])
    def test_a_counter_alone_that_stands_still_confirms_nothing(self, false: float) -> None:
        watch = Watch()
        assert watch.reads(500, 500.01, false, false, false)[-1] == 500.01
        assert watch.read(500.05).energy == 500_050_000

    def test_a_falsehood_that_was_believed_is_filled_by_later_energy(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01, 505, 505.01)
        assert watch.reads(500.04, 500.05) == [505.01, 505.01]
        watch.reads(*[500.05 + number / 20 for number in range(98)])
        assert watch.reads(504.95, 505.0, 505.05)[-1] == 505.05

    def test_what_one_counter_alone_tells_of_an_outage_waits_for_a_second_reading(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01)
        assert watch.read(510, after=86400).energy == 500_010_000
        assert watch.read(510.01).energy == 510_010_000

    def test_what_two_counters_tell_of_an_outage_is_believed_at_once(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        assert watch.read(510, 12, 20, after=36_000).energy == 510_000_000


class TestSaidTogether:
    """What several counters say at once is true of all of them, or of none."""

    def test_zeros_after_an_outage_that_others_take_back_after_another_were_no_restart(
        self,
    ) -> None:
        watch = Watch()
        watch.dated(1.038, 0.039, 0.759)
        watch.dated(1.040, 0.041, 0.761, after=300)
        watch.dated(0.046, 0.067, 0.859, after=33 * 3600)
        watch.dated(0, 0, 0, after=22 * 3600)
        watch.dated(0, 0, 0, after=300)
        watch.dated(0.142, 0.019, 0.955, after=10 * 3600)
        watch.dated(0.143, 0.020, 0.956, after=300)
        assert watch.evidence.energy == 1_038_000 + 956_000 - 759_000

    def test_a_spike_that_others_take_back_was_none_in_a_day_that_began_meanwhile(self) -> None:
        watch = Watch(datetime(2026, 11, 20, 20, tzinfo=PARIS))
        watch.read(19.0, 0.2, 13.0)
        watch.read(19.001, 0.201, 13.001)
        for _ in range(2):
            watch.read(24.8, 5.8, 18.8, after=8 * 3600)
        for grown in range(6):
            watch.read(19.01 + grown / 1e3, 0.004 + grown / 1e3, 13.01 + grown / 1e3)
        assert watch.evidence.energy == 24_800_000

    def test_a_day_that_lacks_some_grows_with_the_others(self) -> None:
        watch = Watch(datetime(2026, 3, 28, 20, 17, tzinfo=PARIS))
        for after, used in ((30, 0), (30, 0.001), (3600, 0.151)):
            watch.dated(used, used, used, after=after)
        watch.dated(0.601, 0.044, 0.601, after=3 * 3600)
        # The plug has restarted: its day, and its month that waits, have grown by the same.
        for grown in (0.055, 0.060):
            watch.dated(grown - 0.05, 0.044 + grown, 0.601 + grown)
        assert watch.evidence.energy == 661_000

    def test_the_next_day_says_nothing_of_what_leapt_in_the_one_before(self) -> None:
        watch = Watch()
        watch.dated(3.0, 0.2, 3.0)
        watch.dated(3.001, 0.201, 3.001)
        watch.dated(3.002, 15.7, 3.002)
        watch.dated(None, 0.7, 3.8, after=13 * 3600)
        watch.dated(3.801, 0.701, 3.801)
        assert watch.evidence.energy == 3_801_000

    def test_a_false_beginning_is_not_borne_out_where_others_show_what_cannot_be(self) -> None:
        watch = Watch()
        watch.read(19_200, 164, 5_444, power=3.0)
        for _ in range(5):
            watch.read(19.2, 0.164, 5.444, power=3.0)
        for after in (3630, 30):
            watch.read(19_203, 167, 5_447, after=after, power=3.0)
        before = watch.evidence.energy
        watch.read(19.203, 0.167, 5.447, power=3.0)
        for grown in range(6):
            watch.read(19.211 + grown / 100, 0.175 + grown / 100, 5.455 + grown / 100, power=1000.0)
        assert before == 19_200_000_000
        assert watch.evidence.energy - before == pytest.approx(0.061e6, abs=3_000)


class TestRestart:
    def test_a_total_that_goes_on_from_near_zero_has_restarted(self) -> None:
        assert Watch().reads(500, 500.01, 0.002, 0.010) == [500, 500.01, 500.01, 500.02]

    def test_what_a_reboot_hides_is_told_by_the_month(self) -> None:
        watch = Watch()
        watch.read(1, 1, 20)
        assert watch.read(1.5, 3, 22, after=7200).growth == 2_000_000

    def test_two_restarts_between_readings_lose_what_both_forgot(self) -> None:
        watch = Watch()
        watch.reads(500, 500.01)
        watch.read(0.001, after=60)
        assert watch.read(0.011, after=30).energy == 500_021_000

    def test_a_counter_that_wraps_goes_on(self) -> None:
        assert Watch().reads(9999.98, 9999.99, 0.0, 0.01)[-1] == 10_000.0

    def test_a_counter_that_has_stopped_leaves_it_to_the_others(self) -> None:
        watch = Watch()
        for number in range(200):
            watch.read(9999.99, 2 + number / 100, 10 + number / 100)
        assert watch.evidence.energy == pytest.approx(9999.99e6 + 1.99e6, abs=45_000)


class TestMissing:
    def test_a_gap_is_filled_afterwards_from_where_it_began(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        began = watch.at
        for _ in range(20):
            assert not watch.read().is_told
        outcome = watch.read(500.2, 2.2, 10.2)
        assert (outcome.growth, outcome.since) == (200_000, began)

    def test_whatever_is_told_is_enough(self) -> None:
        watch = Watch()
        watch.read(500, 2, 10)
        assert watch.read(None, 2.01, 10.01).growth == 10_000
        assert watch.read(500.02, None, None).growth == 10_000
        assert watch.read(None, 2.03, None).growth == 10_000
        assert watch.read(500.04, 2.04, 10.04).growth == 10_000


def test_what_an_earlier_version_doubted_is_doubted_still() -> None:
    watch = Watch()
    watch.reads(1.70, 1.71, 1.72, 1.73)
    for total, after in ((0.20, 450), (0.000_2, 28_560)):
        watch.read(total, after=after)
    stored = watch.evidence.to_dict()
    doubt = stored["total"]["doubt"]
    doubt["fell"] = doubt.pop("rival")
    for one in (doubt, doubt["fell"]):
        del one["told_for"]
    del doubt["fell"]["rival"]
    assert Evidence.from_dict(stored) == watch.evidence


def test_where_a_counter_stood_by_an_earlier_version_is_still_known() -> None:
    watch = Watch()
    watch.reads(500, 500.001, 500.002, 0.001, 0.002)
    stored = watch.evidence.to_dict()
    stored["total"]["past"]["was_proven"] = True
    assert Evidence.from_dict(stored) == watch.evidence
