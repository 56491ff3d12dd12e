"""What a plug is like at a moment, as what was recorded before tells."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from ..recorder.misdated import misdated_before
from .pivot import ONE_READING, Plug
from .slots import ENERGY, counter_of, slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..costs.plug_ledger import PlugLedger
    from ..job import FormerEntities, JobDevice
    from ..recorder.dating import Misdated
    from ..recorder.state_values import Parser
    from ..recorder.states import Recorder
    from ..recorder.statistics import Statistics
    from .slots import Slot

_NONE: Final[Mapping[int, float | None]] = MappingProxyType({})


def plug_at(
    begin: float,
    recorder: Recorder,
    ledger: PlugLedger,
    slots: Sequence[Slot],
    statistics: Statistics | None = None,
    lasts: Mapping[int, float | None] = _NONE,
    *,
    start: float | None = None,
) -> Plug:
    """Return a plug as it is at a moment.

    Args:
        begin: the moment, in UTC seconds.
        recorder: where the states are.
        ledger: of the plug.
        slots: of its entities.
        statistics: what they know where the recorder has no state from before.
        lasts: when what is not recorded any more had its last state, by slot.
        start: from when on (UTC seconds) its states are read, where that is earlier.

    """
    start = begin if start is None else start
    ids = {slot: metadata_id for metadata_id, slot, _ in slots}
    plug = Plug(ledger, start)
    misdated = _misdated_before(recorder, slots, begin)
    ended = {slot for slot, last in lasts.items() if last is None or last < begin}
    for metadata_id, slot, parse in slots:
        if slot not in ended:
            plug.in_force[slot] = recorder.value_before(metadata_id, begin, parse, misdated)
        if slot == ENERGY:
            _begin_counter(plug, recorder, slots, begin, misdated)
    if statistics is not None:
        for slot in statistics.ids:
            if slot not in ids or recorder.moment_before([ids[slot]], begin, misdated) is None:
                plug.take_over(slot, statistics.last_before(slot, begin), begin)
                if slot in ended:
                    plug.end(slot, begin)
    if ledger.has_energy:
        before = recorder.moment_before(ids.values(), begin, misdated)
        plug.read_before = begin if before is None else before
    plug.begin()
    return plug


def _begin_counter(
    plug: Plug,
    recorder: Recorder,
    slots: Sequence[Slot],
    begin: float,
    misdated: Sequence[Misdated],
) -> None:
    """Let a plug know the last number of its counter, and since when it is lost if it is."""
    metadata_id, parse = cast("tuple[int, Parser]", counter_of(slots))
    last = recorder.last_number_before(metadata_id, begin, parse, misdated)
    if last is not None:
        plug.last_number = last[0]
        plug.number_at = max(last[1], plug.start)
        plug.last_reset = recorder.units.counting(last[2]).last_reset
    if plug.in_force[ENERGY] is None:
        lost_at = last and recorder.first_moment_between(metadata_id, last[1], begin)
        lost_at = begin if lost_at is None else lost_at
        ids = [number for number, _, _ in slots]
        read_at = recorder.moment_before(ids, lost_at - ONE_READING, misdated)
        plug.lose(lost_at, lost_at if read_at is None else read_at)


def _misdated_before(recorder: Recorder, slots: Sequence[Slot], begin: float) -> list[Misdated]:
    """Return what a wrong clock has dated before a moment, where the device's counter tells."""
    if (counter := counter_of(slots)) is None:
        return []
    metadata_id, parse = counter
    return misdated_before(recorder, metadata_id, begin, parse)


def begins(recorder: Recorder, device: JobDevice | FormerEntities, start: float) -> bool:
    """Tell whether the recorder has no state of a device's counter from before a moment."""
    slots = slots_of(device, recorder.metadata_ids(tuple(device.entities.values())))
    counter = [metadata_id for metadata_id, slot, _ in slots if slot == ENERGY]
    misdated = _misdated_before(recorder, slots, start)
    return recorder.moment_before(counter, start, misdated) is None
