"""What is told at once of many measurements."""

from __future__ import annotations

from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.databases.outcomes import stretches_of
from tests.measurements import half_hours

A, B = Outcome.STORED, Outcome.ALREADY_THERE


def told(outcomes: list[Outcome]) -> list[tuple[int, int, Outcome, int]]:
    """Return the places of the first and last one of each stretch of six measurements."""
    given = half_hours(6)
    stretches = stretches_of(given, outcomes)
    return [
        (given.index(one.first), given.index(one.last), one.outcome, one.count) for one in stretches
    ]


def test_stretches_are_in_order_and_none_is_left_out() -> None:
    assert told([A, A, B, A, A, A]) == [(0, 1, A, 2), (2, 2, B, 1), (3, 5, A, 3)]
    assert told([A] * 6) == [(0, 5, A, 6)]


def test_nothing_is_told_of_those_without_an_outcome() -> None:
    assert told([]) == []
    assert told([B]) == [(0, 0, B, 1)]
    assert told([A] * 4) == [(0, 3, A, 4)]
    assert told([A, B]) == [(0, 0, A, 1), (1, 1, B, 1)]
