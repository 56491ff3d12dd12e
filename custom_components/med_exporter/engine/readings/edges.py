"""What of a gap that goes on over an edge of the range lies inside.

The reading after a gap brings all that was used in it. Where the ledger knows all of the gap, what
lies beyond the range's edge is left to the range there: so the readings of ranges that follow each
other add up to the counter's growth, and those of each range to the energy that it is billed.
Where the ledger does not, nobody knows how much that is, and all of it stays with its reading.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from ..recorder.states import Recorder
from ..times import UTC_DAY
from .filling import spread, told_in, used_in, with_amounts
from .from_states import readings
from .reading import CARRIED, MEASURED, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..costs.plug_ledger import PlugLedger
    from ..job import JobDevice
    from .reading import Reading

_ENERGY: Final = READING_COLUMNS.index("energy_kwh")
_FILLED_FROM: Final = READING_COLUMNS.index("filled_from")
_COUNTER: Final = "energy_total_kwh"
_FURTHEST: Final = 400 * UTC_DAY
"""Seconds after the range in which a gap may end: the ledger knows no longer one."""
_MOMENT: Final = 1.0
"""Seconds before the end of the range at which what is left of a gap has its row."""
_FEW: Final = 8
"""States of an entity that are read first behind the end."""
_NOTHING: Final = 1e-9


def begun_inside(found: Iterable[Reading], ledger: PlugLedger, start: float) -> Iterator[Reading]:
    """Return readings, of a gap from before the range only what lies inside.

    Args:
        found: the readings of a device, oldest first.
        ledger: of the same device.
        start: of the range, in UTC seconds.

    """
    return chain.from_iterable(_begun_inside(iter(found), ledger, start))


def _begun_inside(
    found: Iterator[Reading], ledger: PlugLedger, start: float
) -> Iterator[Iterable[Reading]]:
    for reading in found:
        since, kwh = reading[_FILLED_FROM], reading[_ENERGY]
        if since is None or kwh is None or since >= start:
            yield (reading,)
        else:
            before = _part(reading, kwh, ledger, since, start)
            yield (with_amounts(reading, kwh - (before or 0.0), start, None),)
        if reading[2] != CARRIED and kwh is not None:
            # Any other gap begins later.
            break
    yield found


def ended_inside(
    found: Iterable[Reading],
    recorder: Recorder,
    device: JobDevice,
    ledger: PlugLedger,
    span: tuple[float, float],
) -> Iterator[Reading]:
    """Return readings, and of a gap that goes on after the range a row of what lies inside.

    Args:
        found: the readings of a device, oldest first.
        recorder: where the states are.
        device: whose.
        ledger: of the same device.
        span: of the range, in UTC seconds: start, included, and end, not included.

    """
    if not ledger.has_energy or _COUNTER not in device.entities or _COUNTER in device.not_recorded:
        return iter(found)
    return chain(found, _open_gap(recorder, device, ledger, *span))


def _open_gap(
    recorder: Recorder, device: JobDevice, ledger: PlugLedger, start: float, end: float
) -> Iterator[Reading]:
    # Mostly the first states after the end tell that there is no gap.
    beyond = Recorder(recorder.connect, first_page=_FEW, dates_checked=0)
    later = readings(beyond, device, ledger, (end, end + _FURTHEST), lambda _: None)
    after = next((one for one in later if one[2] != CARRIED and one[_ENERGY] is not None), None)
    if after is None or (kwh := after[_ENERGY]) is None or (since := after[_FILLED_FROM]) is None:
        return
    if since >= end or (inside := _part(after, kwh, ledger, since, end)) is None:
        return
    if since < start:
        inside -= _part(after, kwh, ledger, since, start) or 0.0
        since = start
    if inside > _NOTHING:
        moment = max(end - _MOMENT, since)
        yield moment, end, MEASURED, None, None, None, None, inside, None, since, None


def _part(
    reading: Reading, kwh: float, ledger: PlugLedger, since: float, edge: float
) -> float | None:
    """Return what of the energy of a gap was used before a moment, None where nobody knows."""
    time = used_in(reading)
    until = edge if time is None else time[1]
    if told_in(ledger, since, until) is None:
        return None
    before = 0.0
    for begin, end, part in spread(ledger, since, until, kwh):
        if end <= edge:
            before += part
        elif begin < edge:
            before += part * (edge - begin) / (end - begin)
    return before
