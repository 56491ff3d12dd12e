"""What the ledger has of an hour beyond what the states of a counter show.

The energy of what Home Assistant measures is what its statistics say: a user may have adjusted
their sum, and they count a `total` that names its resets only now and then in their own way. States
know nothing of that. What the ledger has of an hour more, or less, is a row beside the readings,
with nothing but that energy. So rows of any length add up to what the ledger has.

Periods have the energy of a gap where `filling.py` spreads it, which may be hours before the
reading that brings it. Where readings without a number have come meanwhile, these hours were
compared without it: then a row takes it back from there.

So it is with a plug where a clock of the machine was wrong (`doubt.py`): its readings are dated by
that clock, or left out, and what states tell of who was right may deceive. The ledger was put right
when the clock was. It cuts a reading that goes on over a quarter-hour's end, though, which belongs
wholly to its row: of raw rows that much is not said at once, but once in the end.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from ..times import HOUR, QUARTER, UTC_DAY, ceil_to, hour_of
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
_LEAST_OF_A_PLUGS_ROWS: Final = 0.05

# Seconds for which a meter may tell nothing, as while Home Assistant does not run.
_SILENT: Final = 2 * UTC_DAY


def as_booked(
    readings: Iterator[Reading],
    ledger: PlugLedger,
    start: float,
    end: float,
    *,
    in_periods: bool,
    is_plug: bool = False,
    begins: bool = False,
) -> Iterator[Reading]:
    """Yield readings, and behind those of each full hour what the ledger has beside them.

    Args:
        readings: of one device, oldest first but for rows of the ledger.
        ledger: of the same device, which has the last word.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        in_periods: whether they will be put together to periods, or are raw rows.
        is_plug: whether the ledger has booked by readings, not by statistics.
        begins: whether what the ledger knows of the time before the first row is none of theirs.

    """
    over = _row(end, 0.0)
    head = next(readings, over)
    least = _least(in_periods=in_periods, is_plug=is_plug)
    # The energy of a gap may be all that there is of its hours.
    since = head[_FILLED_FROM]
    first = hour = hour_of(head[0] if since is None else min(since, head[0]))
    begun = ceil_to(head[0], QUARTER) if begins else first
    of_hour = partial(_booked, ledger, begun, max(first, start))
    shown: dict[int, float] = {}
    beside = moment = 0.0
    for reading in chain((head,), readings, (over,)):
        for used_at, kwh in _by_hour(reading, ledger, begun, is_spread=in_periods or is_plug):
            if used_at >= hour:
                shown[used_at] = shown.get(used_at, 0.0) + kwh
            elif of_hour(used_at) is not None:
                yield _row(used_at, -kwh)
        while hour + HOUR <= min(reading[0], end):
            booked, used = of_hour(hour), shown.pop(hour, 0.0)
            if booked is not None:
                beside += booked - used
            if abs(beside) > least:
                yield _row(max(moment, hour), beside)
                beside = 0.0
            hour += HOUR
        if reading is not over:
            moment = max(moment, reading[0])
            yield reading
    if is_plug and abs(beside) > _LEAST_OF_PERIODS:
        yield _row(max(moment, start), beside)


def _least(*, in_periods: bool, is_plug: bool) -> float:
    """Return from how many kWh on it is said."""
    if in_periods:
        return _LEAST_OF_PERIODS
    return _LEAST_OF_A_PLUGS_ROWS if is_plug else _LEAST_OF_ROWS


def _by_hour(
    reading: Reading, ledger: PlugLedger, begun: int, *, is_spread: bool
) -> Iterable[tuple[int, float]]:
    """Return the kWh of a reading by the hours in which they are compared.

    What came before something had begun is not.
    """
    kwh = reading[_ENERGY]
    if not kwh or (reading[0] < begun and reading[_FILLED_FROM] is None):
        return ()
    time = used_in(reading) if is_spread else None
    # Where the ledger does not know all of a gap, it has its energy where the reading is.
    if time is None or told_in(ledger, *time) is None:
        return ((hour_of(reading[0]), kwh),)
    return ((hour_of(since), part) for since, _, part in spread(ledger, *time, kwh))


def _booked(ledger: PlugLedger, begun: int, since: float, hour: int) -> float | None:
    """Return what the ledger has of an hour, None where that is not wholly known, or before.

    Of the hour in which something has begun, it is what comes after.
    """
    if hour < since:
        return None
    first = min(max(begun, hour), hour + HOUR)
    quarters = [ledger.energy(quarter) for quarter in range(first, hour + HOUR, QUARTER)]
    known = [one[0] for one in quarters if one is not None]
    # A quarter-hour is known from its begin on, and whole once a later one is.
    later = range(hour + HOUR, hour + HOUR + _SILENT, QUARTER)
    if len(known) < len(quarters) or all(ledger.energy(one) is None for one in later):
        return None
    return sum(known)


def _row(moment: float, kwh: float) -> Reading:
    return moment, moment, MEASURED, None, None, None, None, kwh, None, None, None
