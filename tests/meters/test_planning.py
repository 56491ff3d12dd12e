"""From rows of statistics to quarter-hours: what they tell, and what they leave open."""

from __future__ import annotations

from itertools import pairwise

import pytest

from custom_components.med_exporter.meters.planning import SumRow, hour_energies

HOUR = 500_000 * 3600


def fives(first: int, *sums: int) -> list[SumRow]:
    """Return rows of five minutes from the given one of the hour on."""
    return [
        SumRow(HOUR + 300 * (first + place), before, after)
        for place, (before, after) in enumerate(pairwise(sums))
    ]


@pytest.mark.parametrize(
    ("first", "sums", "quarters"),
    [
        # A sensor that has come to be in the third quarter of the hour.
        (8, (0, 280, 580, 870, 1170), (0, 0, 280, 890)),
        # Five minutes before its end.
        (11, (0, 40), (0, 0, 0, 40)),
        # One that was there before, and of which nothing is known for a while.
        (8, (500, 780, 1080, 1370, 1670), None),
        (0, tuple(range(0, 1300, 100)), (300, 300, 300, 300)),
    ],
)
def test_rows_of_five_minutes_tell_the_quarter_hours_of_an_hour(first, sums, quarters) -> None:
    hour = SumRow(HOUR, sums[0], sums[-1])
    found = hour_energies([hour], fives(first, *sums))
    assert found[HOUR].mwh == sums[-1] - sums[0]
    assert found[HOUR].quarters == quarters


def test_a_hole_in_the_first_hour_of_all_is_one() -> None:
    rows = [SumRow(HOUR, 0, 100), SumRow(HOUR + 2700, 100, 900)]
    assert hour_energies([SumRow(HOUR, 0, 900)], rows)[HOUR].quarters is None
