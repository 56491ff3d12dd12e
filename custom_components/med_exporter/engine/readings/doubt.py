"""Whether what states say of a range is to be doubted, since a clock of the machine was wrong.

Then the ledger has the last word (`as_booked.py`): it was put right when the clock was. A doubt
that proves wrong changes nothing, as states and ledger agree. There is one where states contradict
each other by the order in which they were written (`misdated.py`). A wrong clock may have dated
them so far away that nothing beside the range does: then it is enough that the ledger contradicts
states at an edge of it, and that they contradict each other anywhere. A ledger alone is no witness:
who has only one that is wrong keeps what states say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..recorder.misdated import around, is_any_misdated
from ..times import QUARTER, UTC_DAY, ceil_to, quarter_of
from .slots import counter_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..costs.plug_ledger import PlugLedger
    from ..recorder.misdated import Around
    from ..recorder.states import Recorder
    from .slots import Slot

_NOTICED = 0.002
"""kWh of a quarter-hour that a counter shows by a new state."""
_A_LITTLE = 0.05
"""kWh of a part of a quarter-hour that are not looked into."""
_LONGER = 2.5
"""Times as long as before that states are apart where some are missing."""


def is_doubtful(
    recorder: Recorder, slots: Sequence[Slot], ledger: PlugLedger, span: tuple[float, float]
) -> bool:
    """Tell whether the dates of a device's states are to be doubted in a range, or beside it.

    Args:
        recorder: where the states are.
        slots: of the device's entities; without a counter nothing tells.
        ledger: of the same device.
        span: UTC seconds: start, included, and end, not included.

    """
    found = counter_of(slots)
    if found is None or not ledger.has_energy:
        return False
    counter, parse = found
    for moment in span:
        beside = around(recorder, counter, moment, parse)
        if beside.is_doubtful:
            return True
        if (
            _was_read_between(recorder, counter, ledger, moment, beside)
            or _came_in_a_gap(recorder, counter, ledger, beside)
        ) and is_any_misdated(recorder, counter, parse):
            return True
    return False


def _came_in_a_gap(recorder: Recorder, counter: int, ledger: PlugLedger, found: Around) -> bool:
    """Tell whether states stand for a while beside a moment where the plug was not read.

    What was read for less is not posted yet when Home Assistant stops, and is filled as well.
    """
    for state, step in ((found.last, -QUARTER), (found.first, QUARTER)):
        if state is None:
            continue
        quarter = quarter_of(state)
        if _is_filled(ledger, quarter) and _is_filled(ledger, quarter + step):
            beside = quarter + step
            if recorder.first_moment_between(counter, beside, beside + QUARTER) is not None:
                return True
    return False


def _was_read_between(
    recorder: Recorder, counter: int, ledger: PlugLedger, moment: float, found: Around
) -> bool:
    """Tell whether a plug was read, by the ledger, between two states around a moment.

    A part of a quarter-hour tells that where states came closer to each other before.
    """
    last, first = found.last, found.first
    if last is None or first is None:
        return False
    days = (last, min(first, last + UTC_DAY)), (max(last, first - UTC_DAY), first)
    whole = [(ceil_to(since, QUARTER), quarter_of(until)) for since, until in days]
    if any(_measured(ledger, *one) > _NOTICED for one in whole):
        return True
    beside = (max(last, moment - QUARTER), moment), (moment, min(first, moment + QUARTER))
    if all(_measured(ledger, *one) <= _A_LITTLE for one in beside):
        return False
    before = recorder.moment_before([counter], last)
    return before is not None and first - last > _LONGER * (last - before)


def _is_filled(ledger: PlugLedger, quarter: int) -> bool:
    energy = ledger.energy(quarter)
    return energy is not None and energy[0] > _NOTICED and energy[1] == energy[0]


def _measured(ledger: PlugLedger, since: float, until: float) -> float:
    """Return the kWh that were measured between two moments, as if evenly in a quarter-hour.

    A part of one in which an outage began or ended does not tell when the rest was used.
    """
    kwh = 0.0
    for quarter in range(quarter_of(since), ceil_to(until, QUARTER), QUARTER):
        if since < until and (energy := ledger.energy(quarter)) is not None:
            part = (min(until, quarter + QUARTER) - max(since, quarter)) / QUARTER
            kwh += (energy[0] - energy[1]) * part if part == 1 or not energy[1] else 0.0
    return kwh
