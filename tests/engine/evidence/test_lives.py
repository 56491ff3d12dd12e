"""No generated life counts more than was used, or less than can be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .knowable import After, Break, Said, knowable
from .lives import Life, lived
from .plugs import BEGINNINGS, Truth, new_plug
from .twins import Falsehood, Watched, twin
from .watch import Watch

# Each was counted wrong once: its seed and number.
_ONCE_WRONG = [
    (1, 8), (1, 2378), (2, 1011), (2, 2680), (3, 610), (3, 951), (3, 1447), (4, 1054), (4, 1494),
    (4, 2913), (5, 722), (5, 790), (5, 1739),
    (6, 927), (6, 2757), (7, 1643), (8, 202), (8, 1414), (8, 2185), (9, 622), (9, 763), (9, 1099),
    (10, 138),
    (11, 266), (11, 602), (11, 996), (11, 1287), (11, 1359), (11, 2779), (11, 2897),
    (12, 2193), (12, 282), (12, 2268), (12, 2787), (2, 24), (6, 556), (1, 515), (7, 128),
    (13, 1097), (14, 327), (14, 1300), (15, 872),
    (16, 1217), (20, 179), (22, 800), (24, 172), (24, 399), (24, 1485), (26, 309), (26, 618),
    (26, 1326), (28, 741), (28, 1299), (31, 458), (31, 502), (35, 1178), (35, 1254), (35, 1413),
    (37, 305), (37, 1019), (37, 1103), (41, 512), (46, 537), (18, 862), (20, 319), (25, 442),
    (44, 190), (51, 345), (52, 1416), (26, 43), (44, 336), (61, 901), (72, 377), (25, 253),
    (20, 29), (61, 405), (72, 1036), (33, 37), (191, 958), (61, 753),
    (64, 1321), (66, 728), (43, 217), (25, 46), (25, 1147), (82, 1469), (25, 411), (43, 311),
    (67, 655), (602, 737), (81, 332),
]  # fmt: skip


def _is_right(life: Life) -> bool:
    return life.too_much <= 0 and life.too_little <= 0


@pytest.mark.parametrize(("seed", "number"), _ONCE_WRONG)
def test_a_life_that_was_counted_wrong_once_is_not_again(seed: int, number: int) -> None:
    assert _is_right(lived(seed, number))


def test_a_hundred_lives_are_counted_right() -> None:
    assert [number for number in range(100) if not _is_right(lived(1, number))] == []


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.integers(0, 2**32))
def test_no_life_counts_more_than_was_used_or_less_than_can_be_known(seed: int) -> None:
    """`python -m tests.engine.evidence.lives --plugs 10000` goes through more of them."""
    life = Life(Random(seed))
    life.live()
    assert life.too_much <= 0
    assert life.too_little <= 0


@pytest.mark.parametrize(("moves", "kwh"), [(2, 8), (6, 15)])
def test_what_a_plug_forgets_is_known_once_it_has_gone_on_from_where_it_was(
    moves: int, kwh: int
) -> None:
    # After a gap it says 10 kWh and more, reboots, and is back at what it had saved, 7 kWh.
    shown = [(0, 0), (30, 1), *((18_000 + 30 * n, 10 + n) for n in range(moves))]
    shown += [(18_300, 7), (18_330, 8)]
    said = {"month": [Said(at, mwh, mwh) for at, mwh in shown]}
    assert knowable(said, {"month": [Break(18_290, After.SAVED)]}) == kwh + (moves > 4)


def test_what_a_month_used_that_no_reading_tells_nobody_knows() -> None:
    shown, used = [], []
    for watts in (1000.0, 3500.0):
        # Nobody reads it from December to February; the twins differ before the year ends.
        truth = Truth(BEGINNINGS[1], 60.0)
        plug = replace(new_plug(Random(1), truth), has_total=False, is_dated=True, skew=0.0)
        truth.draw(300.0, watts)
        truth.draw(86_400.0, 60.0)
        february = 33 * 86_400.0
        dates = [(60.0, date(2026, 12, 30)), (february, date(2027, 2, 1))]
        shown.append([plug.counters(at, asked) for at, asked in dates])
        used.append(truth(february))
    assert shown[0] == shown[1]
    assert used[0] < used[1]


def test_what_leapt_and_fell_again_may_never_have_been() -> None:
    # A plug that has stood leaps, goes on, and is back at less: in another truth it was frozen,
    # said a falsehood twice, and shows from then on what it has used since it froze.
    shown = [(0, 5.0), (30, 5.01), *((30 * n, 5.02) for n in range(2, 41))]
    shown += [(1201, 8.05), (1231, 8.08), *((1800 + 30 * n, 6.1 + 0.03 * n) for n in range(100))]
    said = {"month": [Said(at, round(1e6 * kwh), round(1e6 * kwh)) for at, kwh in shown]}
    watch = Watch()
    for before, (at, kwh) in pairwise([(0, 0), *shown]):
        watch.read(month=kwh, after=at - before[0])
    used = watch.evidence.energy - 5_000_000
    assert used == 9_070_000 - 5_000_000
    assert knowable(said, {"month": [Break(1700, After.SAVED)]}) == used


class TestTwins:
    """What is excused is what another truth has used that makes the very same readings."""

    @staticmethod
    def watched(*, is_watched: bool = False, watts: float = 1000.0) -> Watched:
        return Watched(
            watts=watts, grain=1000, tells_power=True, is_watched=is_watched, has_gone_on=True
        )

    def test_two_truths_that_make_the_same_readings_are_counted_alike(self) -> None:
        # An honest plug has used 1.4 kW for five hours that nobody watched, another 1 kW, and said
        # two kilowatt-hours too much after them, twice, while a load of 1 kW went on.
        honest = [(500.0, 0), (500.05, 180), (507.05, 18_000), (507.133, 300)]
        watch = Watch()
        for total, after in honest:
            watch.read(total, after=after, power=1000.0)
        assert watch.evidence.energy == 507_133_000
        said = [
            Falsehood(18_180, 180, {"total": 505.05}, {"total": 507.05}),
            Falsehood(18_480, 18_180, {"total": 505.133}, {"total": 507.133}),
        ]
        assert twin(said, self.watched()).excess == pytest.approx(2e6)

    def test_what_power_speaks_against_is_no_twin(self) -> None:
        said = [
            Falsehood(300, 0, {"total": 5.0}, {"total": 7.0}),
            Falsehood(600, 300, {"total": 5.083}, {"total": 7.083}),
        ]
        assert twin(said, self.watched(is_watched=True)).excess == 0

    @pytest.mark.parametrize("later", [7.0, 7.3, 9.0])
    def test_what_goes_on_otherwise_than_power_brings_is_no_twin(self, later: float) -> None:
        said = [
            Falsehood(18_300, 0, {"total": 5.0}, {"total": 7.0}),
            Falsehood(18_600, 18_300, {"total": 5.083}, {"total": later}),
        ]
        assert twin(said, self.watched()).excess == 0

    def test_two_counters_that_say_the_same_are_one_where_the_socket_can_have_passed_it(
        self,
    ) -> None:
        said = {"total": 7.0, "day": 3.0}
        true = {"total": 5.0, "day": 1.0}
        assert twin([Falsehood(18_000, 0, true, said)], self.watched()).excess == 2e6
        assert twin([Falsehood(300, 0, true, said)], self.watched()).excess == 0

    def test_what_fell_and_is_back_after_a_time_may_have_begun_anew(self) -> None:
        said = [
            Falsehood(at, at - 30, {"month": 10.84}, {"month": 0.01}) for at in (18_000.0, 18_030.0)
        ]
        fallen = twin(said, self.watched(watts=0.0))
        assert fallen.excess == pytest.approx(0.01e6)
        assert fallen.goes_on_to(70_000, {"month": 10.84}) == pytest.approx(10.83e6)
        assert fallen.goes_on_to(18_060, {"month": 10.84}) == 0
