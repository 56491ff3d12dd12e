"""What became of many measurements, told at once where the same became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..base import Outcome
    from ..measurements import Measurement


@dataclass(frozen=True, slots=True)
class Stretch:
    """Measurements in a row of which the same became."""

    first: Measurement
    last: Measurement
    outcome: Outcome
    count: int


def stretches_of(measurements: Sequence[Measurement], outcomes: Sequence[Outcome]) -> list[Stretch]:
    """Return what became of the first measurements, one stretch for many of which the same became.

    There may be fewer `outcomes`: of the others nothing is told.
    """
    count = len(outcomes)
    if count and outcomes.count(outcomes[0]) == count:
        return [Stretch(measurements[0], measurements[count - 1], outcomes[0], count)]
    found: list[Stretch] = []
    start = 0
    for at in range(1, count + 1):
        if at == count or outcomes[at] is not outcomes[start]:
            first, last = measurements[start], measurements[at - 1]
            found.append(Stretch(first, last, outcomes[start], at - start))
            start = at
    return found
