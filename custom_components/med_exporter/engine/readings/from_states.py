"""From the states of a plug's entities to its readings.

The rules:

- States of one plug within one second form one reading with the latest timestamp. A field that
  becomes known or unknown a second time within that second begins a new reading, so that no
  value, and no energy, disappears inside one.
- A field without a new state keeps its value; `unavailable`, `unknown` or anything that cannot be
  read ends that, and the field is empty. A moment at which nothing is known is no reading.
- The energy of a reading is the growth of the counter since its last number, however long ago
  that was; empty when there has never been one, or while the counter is not known.
- Energy that was used while nobody read the counter makes its reading a filled one: the counter
  was not known in between, or the ledger has filled a quarter-hour that lies wholly between the
  reading before and this one. The gap begins with the reading before such a quarter-hour, also
  where a start has written since then that the counter is not known.
  That the recorder has nothing for a while proves no gap: it keeps changes only.
  Nor does the recorder see a counter that it does not keep for a while: where the ledger has
  counted in a full hour between two numbers, the growth is that of a gap too.
- A counter that falls below 90 % of its last number has been restarted, and all that it shows is
  growth. A smaller fall is taken as a correction and is a negative growth; taking a rounding error
  for a restart would count the whole counter a second time. A counter that may fall, a `total`,
  has been restarted when it says so by another `last_reset`. What only grows shows nothing below
  0. Home Assistant's long-term statistics decide alike, so sums agree with the Energy dashboard.
- What was written by a clock that was behind for a while lies before states that are older, by one
  that was ahead after states that are newer. It is left out, where the counter tells
  (`misdated.py`).
- What lies before the oldest state that the recorder has kept of the device comes from hourly
  statistics (`statistics.py`).
"""

from __future__ import annotations

import math
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from ..recorder.misdated import misdated_in, oldest_well_dated
from ..recorder.states import last_seen
from ..recorder.statistics import Coverage, Statistics, hourly_readings
from ..times import FOREVER, hour_of
from .beginning import plug_at
from .doubt import is_doubtful
from .fields import ENTITY_FIELDS
from .merging import merged
from .pivot import ONE_READING, Lines
from .slots import counter_of, slots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..costs.plug_ledger import PlugLedger
    from ..job import JobDevice
    from ..recorder.dating import Misdated
    from ..recorder.state_values import Units
    from ..recorder.states import Recorder, State
    from .gathered import Gathered
    from .pivot import Plug
    from .reading import Reading
    from .slots import Slot


def last_known(recorder: Recorder, device: JobDevice, name: str) -> float:
    """Return a moment (UTC seconds) after which no reading knows a field; infinity for none.

    Args:
        recorder: where the states are.
        device: whose.
        name: of the field, one of `ENTITY_FIELDS`.

    """
    if (entity_id := device.entities.get(name)) is None:
        return -math.inf
    with recorder.connect() as connection:
        found = last_seen(connection, [entity_id]).get(entity_id)
    if found is not None:
        return found
    hours = Statistics.of_device(recorder.connect, device).ids
    return math.inf if ENTITY_FIELDS.index(name) in hours else -math.inf


def readings(
    recorder: Recorder,
    device: JobDevice,
    ledger: PlugLedger,
    span: tuple[float, float],
    on_block: Callable[[float], None],
    coverage: Coverage | None = None,
    one_pass: Gathered | None = None,
) -> Iterator[Reading]:
    """Yield the readings of one device, oldest first, without their costs.

    A gap may begin before the range, with all that was used in it in its reading (`edges.py`).
    What was in force at the start comes first, as a row with `measured` 0, so that averages
    know it; it is no reading of the range.

    Args:
        recorder: where the states are.
        device: whose.
        ledger: of the same device.
        span: UTC seconds: start, included, and end, not included; the last values hold until then.
        on_block: called with the time reached, now and then.
        coverage: told what of the range comes from statistics.
        one_pass: through the states of many devices, for those that it has.

    """
    start, end = span
    metadata = recorder.metadata_ids(tuple(device.entities.values()))
    slots = slots_of(device, metadata)
    ids = {slot: metadata_id for metadata_id, slot, _ in slots}
    misdated = _misdated(recorder, slots, start, end)
    if coverage is None:
        coverage = Coverage()
    elif not device.is_by_statistics:
        coverage.is_doubtful |= bool(misdated) or is_doubtful(recorder, slots, ledger, span)
    if misdated:
        coverage.kept = oldest_well_dated(recorder, ids.values(), misdated)
    else:
        coverage.kept = recorder.oldest(ids.values()) if ids else None
    statistics = Statistics.of_device(recorder.connect, device)
    begin = _seam(coverage.kept, start, end) if statistics.ids else start
    purged = hourly_readings(statistics, start, begin, coverage)
    lasts = _lasts(recorder, device, ids, end)
    if begin >= end:
        return purged
    plug = plug_at(begin, recorder, ledger, slots, statistics, lasts)
    if one_pass is not None and not lasts and not misdated:
        found = one_pass.readings(plug, slots, start, end, on_block, device.plug_id)
        if found is not None:
            return chain(purged, found)
    blocks = _ending(recorder.states(ids.values(), begin, end, misdated), lasts, ids, begin, end)
    found = chain.from_iterable(_pivoted(plug, blocks, recorder.units, slots, end, on_block))
    return chain(purged, found)


def _misdated(
    recorder: Recorder, slots: Sequence[Slot], start: float, end: float
) -> list[Misdated]:
    """Return what a wrong clock has written of a device into a range, where its counter tells."""
    if (counter := counter_of(slots)) is None:
        return []
    metadata_id, parse = counter
    return misdated_in(recorder, metadata_id, start, end, parse, most=recorder.dates_checked)


def _pivoted(
    plug: Plug,
    blocks: Iterator[list[State]],
    units: Units,
    slots: Sequence[Slot],
    end: float,
    on_block: Callable[[float], None],
) -> Iterator[list[Reading]]:
    lines = Lines(units)
    lines.lead(plug, slots)
    for block in blocks:
        lines.take(block)
        on_block(block[-1][0])
        yield plug.readings()
    plug.close(end)
    yield plug.readings()


def _seam(kept: float | None, start: float, end: float) -> float:
    """Return from when on states are read; before it, statistics."""
    return end if kept is None else min(max(start, hour_of(kept)), end)


def _lasts(
    recorder: Recorder, device: JobDevice, ids: Mapping[int, int], end: float
) -> dict[int, float | None]:
    """Return when what is not recorded any more had its last state, by slot.

    What had one at the end or later was recorded all the while, however long it stayed the same.
    """
    lasts = {
        slot: recorder.moment_before([ids[slot]], FOREVER) if slot in ids else None
        for slot, name in enumerate(ENTITY_FIELDS)
        if name in device.not_recorded
    }
    return {slot: last for slot, last in lasts.items() if last is None or last < end}


def _ending(
    blocks: Iterator[list[State]],
    lasts: Mapping[int, float | None],
    ids: Mapping[int, int],
    begin: float,
    end: float,
) -> Iterator[list[State]]:
    """Yield the states, and that what is not recorded any more is not known from then on."""
    over: list[State] = sorted(
        (
            (last + ONE_READING, ids[slot], None, None)
            for slot, last in lasts.items()
            if last is not None and begin <= last < end - ONE_READING
        ),
        key=itemgetter(0),
    )
    return merged([blocks, iter([over])]) if over else blocks
