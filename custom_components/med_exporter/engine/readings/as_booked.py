"""What the ledger has of an hour beyond what the states of a counter show.

The energy of what Home Assistant measures is what its statistics say: a user may have adjusted
their sum, and they count a `total` that names its resets only now and then in their own way. States
know nothing of that. What the ledger has of an hour more, or less, is a row beside the readings,
with nothing but that energy. So rows of any length add up to what the ledger has.

Periods have the energy of a gap where `filling.py` spreads it, which may be hours before the
reading that brings it. Where readings without a number have come meanwhile, these hours were
compared without it: then a row takes it back from there.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from ..times import HOUR, QUARTER, UTC_DAY, hour_of
from .filling import spread, told_in, used_in
from .reading import MEASURED, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..costs.plug_ledger import PlugLedger
    from .reading import Reading

_ENERGY: Final = READING_COLUMNS.index("energy_kwh")
_FILLED_FROM: Final = READING_COLUMNS.index("filled_from")

# kWh from which on it is said: of periods what is more than rounding, of raw rows what is more than
# a state that has come with one of the hour before.
_LEAST_OF_PERIODS: Final = 2e-5
_LEAST_OF_ROWS: Final = 2e-3

# Seconds for which a meter may tell nothing, as while Home Assistant does not run.
_SILENT: Final = 2 * UTC_DAY


def as_booked(
    readings: Iterator[Reading],
    ledger: PlugLedger,
    start: float,
    end: float,
    *,
    in_periods: bool,
) -> Iterator[Reading]:
    """Yield readings, and behind those of each full hour what the ledger has beside them.

    Args:
        readings: of one device, oldest first but for rows of the ledger.
        ledger: of the same device, as statistics say.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        in_periods: whether they will be put together to periods, or are raw rows.

    """
    least = _LEAST_OF_PERIODS if in_periods else _LEAST_OF_ROWS
    first: int | None = None
    hour = 0
    shown: dict[int, float] = {}
    beside = moment = 0.0
    over = _row(end, 0.0)
    for reading in chain(readings, [over]):
        if first is None:
            # The energy of a gap may be all that there is of its hours.
            since = reading[_FILLED_FROM]
            first = hour = hour_of(reading[0] if since is None else min(since, reading[0]))
        for used_at, kwh in _by_hour(reading, ledger, in_periods=in_periods):
            if used_at >= hour:
                shown[used_at] = shown.get(used_at, 0.0) + kwh
            elif max(first, start) <= used_at and _booked(ledger, used_at) is not None:
                yield _row(used_at, -kwh)
        while hour + HOUR <= min(reading[0], end):
            booked = _booked(ledger, hour) if start <= hour else None
            used = shown.pop(hour, 0.0)
            if booked is not None:
                beside += booked - used
            if abs(beside) > least:
                yield _row(max(moment, hour), beside)
                beside = 0.0
            hour += HOUR
        moment = max(moment, reading[0])
        if reading is not over:
            yield reading


def _by_hour(
    reading: Reading, ledger: PlugLedger, *, in_periods: bool
) -> Iterable[tuple[int, float]]:
    """Return the kWh of a reading by the hours in which they will stand."""
    if not (kwh := reading[_ENERGY]):
        return ()
    time = used_in(reading) if in_periods else None
    # Where the ledger does not know all of a gap, it has its energy where the reading is.
    if time is None or told_in(ledger, *time) is None:
        return ((hour_of(reading[0]), kwh),)
    return ((hour_of(since), part) for since, _, part in spread(ledger, *time, kwh))


def _booked(ledger: PlugLedger, hour: int) -> float | None:
    """Return what the ledger has of an hour, None where that is not wholly known."""
    quarters = [ledger.energy(quarter) for quarter in range(hour, hour + HOUR, QUARTER)]
    known = [one[0] for one in quarters if one is not None]
    # A quarter-hour is known from its begin on, and whole once a later one is.
    later = range(hour + HOUR, hour + HOUR + _SILENT, QUARTER)
    if len(known) < len(quarters) or all(ledger.energy(one) is None for one in later):
        return None
    return sum(known)


def _row(moment: float, kwh: float) -> Reading:
    return moment, moment, MEASURED, None, None, None, None, kwh, None, None, None
