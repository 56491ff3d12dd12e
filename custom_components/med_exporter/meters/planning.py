"""From the sums of Home Assistant's statistics to the energy of hours and quarter-hours.

What a row adds is the difference of its sum and that of the row before, as in the Energy
dashboard: less than nothing where a meter measures both ways or a value was corrected, all of it in
the row that follows a hole.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from ..engine.energy import to_mwh
from ..engine.times import HOUR, QUARTER, hour_of, quarter_of
from ..ledger.hours import HourEnergy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Rows of five minutes may be rounded apart from the hour that they belong to, in mWh.
_ROUNDING: Final = 12


class SumRow(NamedTuple):
    """A row of statistics: when it begins (UTC seconds), the sum before it and at its end (mWh)."""

    start: int
    before: int
    sum: int

    @property
    def mwh(self) -> int:
        """Return what it adds."""
        return self.sum - self.before


def sum_row(start: float, sum_kwh: float, change_kwh: float) -> SumRow:
    """Return a row as Home Assistant gives it, free of the noise of its numbers."""
    return SumRow(int(start), to_mwh(round(sum_kwh - change_kwh, 9)), to_mwh(round(sum_kwh, 9)))


def hour_energies(hours: Sequence[SumRow], fives: Iterable[SumRow] = ()) -> dict[int, HourEnergy]:
    """Return the energy of each hour of which anything is known.

    Args:
        hours: the hourly rows of a range, ascending.
        fives: rows of five minutes, ascending. They tell the quarter-hours of an hour where they
            agree with it, and all that is known of hours after the last hourly row.

    """
    detailed = {hour: list(rows) for hour, rows in groupby(fives, lambda row: hour_of(row.start))}
    found: dict[int, HourEnergy] = {}
    for row in hours:
        found[row.start] = HourEnergy(row.mwh, _quarters(row.mwh, detailed.get(row.start, ())))
    last = hours[-1].start if hours else -1
    for hour, rows in detailed.items():
        if hour > last:
            quarters = _begun(rows)
            found[hour] = HourEnergy(sum(quarters), quarters)
    return dict(sorted(found.items()))


def _quarters(mwh: int, rows: Sequence[SumRow]) -> tuple[int, ...] | None:
    """Return the quarter-hours of an hour, None where its rows do not tell."""
    if not rows or abs(sum(row.mwh for row in rows) - mwh) > _ROUNDING:
        return None
    quarters = [0] * (HOUR // QUARTER)
    for row in rows:
        quarters[row.start % HOUR // QUARTER] += row.mwh
    # A row of five minutes that follows a hole says nothing of the quarter-hours before it. Before
    # the first row of all there is no hole, but no meter yet.
    begun = {row.start % HOUR // QUARTER for row in rows}
    expected = range(min(begun) if rows[0].before == 0 else 0, len(quarters))
    if begun != set(expected) and any(quarters):
        return None
    quarters[-1] += mwh - sum(quarters)
    return tuple(quarters)


def _begun(rows: Sequence[SumRow]) -> tuple[int, ...]:
    """Return the quarter-hours of the hour that runs, up to the last that has begun."""
    first = hour_of(rows[0].start)
    count = (quarter_of(rows[-1].start) - first) // QUARTER + 1
    quarters = [0] * count
    for row in rows:
        quarters[(row.start - first) // QUARTER] += row.mwh
    return tuple(quarters)
