"""Which states scripts/check_sums takes for misdated, of states as they were written."""

from __future__ import annotations

import pytest

from scripts.sum_dates import misdated

HOUR = 3600
YEAR = 365 * 86_400


def dated(*stretches: tuple[int, int]) -> list[float]:
    """Return dates of states, one each ten seconds, of stretches by their count and clock."""
    dates: list[float] = []
    for count, off in stretches:
        begun = len(dates)
        dates += [off + 10.0 * place for place in range(begun, begun + count)]
    return dates


def places(first: int, count: int) -> set[int]:
    return set(range(first, first + count))


def test_nothing_is_misdated_by_a_clock_that_goes_on() -> None:
    assert misdated([]) == set()
    assert misdated([1.0, 1.0, 2.0, 5.0 * YEAR]) == set()


@pytest.mark.parametrize("off", [YEAR, -YEAR, HOUR, -HOUR, 240, -240])
def test_the_few_are_misdated_that_others_contradict(off: int) -> None:
    assert misdated(dated((100, 0), (20, off), (100, 0))) == places(100, 20)


def test_a_clock_that_leaps_to_and_fro_has_misdated_all_of_its_states() -> None:
    weeks = -5 * 7 * 86_400
    leaps = [(9, 0), (7, weeks), (2, 0), (7, 7 * HOUR), (3, weeks), (7, YEAR), (2, -YEAR), (9, 0)]
    wrong = misdated(dated(*leaps))
    assert wrong >= places(9, 7) | places(18, 19)
    assert not wrong & (places(0, 9) | places(37, 9))


def test_a_clock_that_was_ahead_a_little_for_long_has_misdated_more_than_comes_after() -> None:
    # Ahead by ten minutes for an hour: its successor dates ten of these minutes once more.
    assert misdated(dated((100, 0), (360, 600), (100, 0))) == places(100, 360)


def test_what_was_written_by_a_clock_that_is_not_put_right_yet_is_misdated() -> None:
    assert misdated(dated((100, 0), (20, -HOUR))) == places(100, 20)
