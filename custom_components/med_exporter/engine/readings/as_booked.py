"""What the ledger has of an hour beyond what the states of a counter show.

The energy of what Home Assistant measures is what its statistics say: a user may have adjusted
their sum, and they count a `total` that names its resets only now and then in their own way. States
know nothing of that. What an hour of the ledger has more, or less, is a row beside the readings,
with nothing but that energy. So rows of any length add up to what the ledger has.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from ..times import HOUR, QUARTER, UTC_DAY, hour_of
from .reading import MEASURED, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..costs.plug_ledger import PlugLedger
    from .reading import Reading

_ENERGY: Final = READING_COLUMNS.index("energy_kwh")

# kWh from which on it is said: of periods what is more than rounding, of raw rows what is more than
# a state that has come with one of the hour before.
LEAST_OF_PERIODS: Final = 2e-5
LEAST_OF_ROWS: Final = 2e-3

# Seconds for which a meter may tell nothing, as while Home Assistant does not run.
_SILENT: Final = 2 * UTC_DAY


def as_booked(
    readings: Iterator[Reading], ledger: PlugLedger, start: float, end: float, least: float
) -> Iterator[Reading]:
    """Yield readings, and behind those of each full hour what the ledger has beside them.

    Args:
        readings: of one device, oldest first.
        ledger: of the same device, as statistics say.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        least: kWh; what is less is left to the next hours.

    """
    hour: int | None = None
    shown = beside = moment = 0.0
    over = _row(end, 0.0)
    for reading in chain(readings, [over]):
        hour = hour_of(reading[0]) if hour is None else hour
        while hour + HOUR <= min(reading[0], end):
            beside += _beside(ledger, hour, shown) if start <= hour else 0.0
            if abs(beside) > least:
                yield _row(max(moment, hour), beside)
                beside = 0.0
            hour, shown = hour + HOUR, 0.0
        shown += reading[_ENERGY] or 0.0
        moment = max(moment, reading[0])
        if reading is not over:
            yield reading


def _beside(ledger: PlugLedger, hour: int, shown: float) -> float:
    """Return what an hour has beside the kWh that states show, 0 where it is not wholly known."""
    quarters = [ledger.energy(quarter) for quarter in range(hour, hour + HOUR, QUARTER)]
    known = [one[0] for one in quarters if one is not None]
    # A quarter-hour is known from its begin on, and whole once a later one is.
    later = range(hour + HOUR, hour + HOUR + _SILENT, QUARTER)
    if len(known) < len(quarters) or all(ledger.energy(one) is None for one in later):
        return 0.0
    return sum(known) - shown


def _row(moment: float, kwh: float) -> Reading:
    return moment, moment, MEASURED, None, None, None, None, kwh, None, None, None
