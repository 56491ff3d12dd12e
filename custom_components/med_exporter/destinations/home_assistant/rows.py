"""Hours of a statistic as rows whose sums always fit together.

What an Energy dashboard shows is the difference of two sums. So where a past hour changes, every
later sum changes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...engine.lazy_dataclass import dataclass
from ..measurements import Cost, Energy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..measurements import Measurement

# Less than can be measured, and more than adding up floats can be off.
_TOLERANCE: Final = 1e-6
_DECIMALS: Final = 9


@dataclass(frozen=True, slots=True)
class Row:
    """An hour (the UTC second of its start): its own value, and the sum up to its end."""

    start: int
    state: float | None
    sum: float

    def is_like(self, other: Row | None) -> bool:
        """Return whether another row says the same."""
        return (
            other is not None
            and self.start == other.start
            and _are_close(self.state, other.state)
            and _are_close(self.sum, other.sum)
        )


def merged(base: float, existing: Iterable[Row], given: Mapping[int, float]) -> list[Row]:
    """Return the rows as they should be from some hour on, oldest first.

    `base` is the sum before them, `existing` what is there, `given` the values by hour. An hour
    that is there and not given keeps its value, since it may come from before a backup that this
    installation was restored from.
    """
    there = {row.start: row for row in existing}
    rows: list[Row] = []
    total = old_total = base
    for start in sorted({*there, *given}):
        old = there.get(start)
        if start in given:
            state: float | None = given[start]
            value = given[start]
        else:
            assert old is not None
            state, value = old.state, old.sum - old_total
        total = round(total + value, _DECIMALS)
        row = Row(start, state, total)
        if old is not None:
            old_total = old.sum
            if row.is_like(old):
                row, total = old, old.sum
        rows.append(row)
    return rows


def holds(row: Row | None, hour: Measurement) -> bool:
    """Return whether a row says what an hour's should, as far as it says the hour's own value."""
    return row is not None and (row.state is None or _are_close(row.state, value_of(hour)))


def value_of(measurement: Measurement) -> float:
    """Return the energy in kWh, or the cost in the installation's currency."""
    if isinstance(measurement, Cost):
        return measurement.amount
    assert isinstance(measurement, Energy)
    return measurement.kwh


def start_of(measurement: Measurement) -> int:
    """Return the UTC second at which an hour begins."""
    return int(measurement.start.timestamp())


def _are_close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < _TOLERANCE
