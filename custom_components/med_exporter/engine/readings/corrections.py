"""What users have corrected, as readings of its own among those of a device.

A reading says what a plug's counter has shown, and goes on to say so. A correction is a row beside
it: at the begin of its quarter-hour, with nothing but the energy that was added, or taken away.
So rows of any length add up to what the ledger has.
"""

from __future__ import annotations

from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from ..times import QUARTER
from .reading import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..costs.plug_ledger import PlugLedger
    from .reading import Reading


def with_corrections(
    readings: Iterator[Reading], ledger: PlugLedger, start: float, end: float
) -> Iterator[Reading]:
    """Yield readings and corrections, oldest first; none from before there are readings.

    Args:
        readings: of one device, oldest first.
        ledger: of the same device.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """
    added = ledger.corrections(start, end)
    first = next(readings, None) if added else None
    if first is None:
        return readings
    rows = [_row(quarter, kwh) for quarter, kwh in added.items() if quarter > first[0] - QUARTER]
    return merge(chain([first], readings), rows, key=itemgetter(0))


def _row(quarter: int, kwh: float) -> Reading:
    return quarter, quarter, MEASURED, None, None, None, None, kwh, None, None, None
