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
  reading before and this one. That the recorder has nothing for a while proves no gap: it keeps
  changes only.
  Nor does the recorder see a counter that it does not keep for a while: where the ledger has
  counted in a full hour between two numbers, the growth is that of a gap too.
- A counter that falls below 90 % of its last number has been restarted, and all that it shows is
  growth. A smaller fall is taken as a correction and is a negative growth. Home Assistant's
  long-term statistics decide alike, so sums agree with the Energy dashboard; and taking a rounding
  error for a restart would count the whole counter a second time.
- What lies before the oldest state that the recorder has kept of the device comes from hourly
  statistics (`statistics.py`).
"""

from __future__ import annotations

import math
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from .fields import ENTITY_FIELDS
from .reading import CARRIED, MEASURED
from .recorder import last_seen
from .state_values import Quantity, on_off
from .statistics import Coverage, Statistics, hourly_readings
from .times import HOUR, QUARTER, hour_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .job import JobDevice
    from .plug_ledger import PlugLedger
    from .reading import Reading
    from .recorder import Entry, Recorder
    from .state_values import Parser
    from .statistics import Hour

    type Values = tuple[
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        None,
    ]

ONE_READING = 1.0
"""Seconds within which states belong together."""

RESTARTED_BELOW = 0.9

_ENERGY = ENTITY_FIELDS.index("energy_total_kwh")


def growth(before: float, value: float) -> float:
    """Return how much a counter has grown from one number to the next."""
    return value if value < RESTARTED_BELOW * before else value - before


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
    start: float,
    end: float,
    on_block: Callable[[float], None],
    coverage: Coverage | None = None,
) -> Iterator[Reading]:
    """Yield the readings of one device, oldest first, without their costs.

    What was in force at the start comes first, as a row with `measured` 0, so that averages
    know it; it is no reading of the range.

    Args:
        recorder: where the states are.
        device: whose.
        ledger: of the same device.
        start: UTC seconds, included.
        end: UTC seconds, not included; the last values hold until then.
        on_block: called with the time reached, now and then.
        coverage: told what of the range comes from statistics.

    """
    metadata = recorder.metadata_ids(tuple(device.entities.values()))
    slots = [
        (metadata[device.entities[name]], slot, parser_of(name))
        for slot, name in enumerate(ENTITY_FIELDS)
        if device.entities.get(name) in metadata
    ]
    ids = {slot: metadata_id for metadata_id, slot, _ in slots}
    coverage = Coverage() if coverage is None else coverage
    coverage.kept = recorder.oldest(ids.values()) if ids else None
    statistics = Statistics.of_device(recorder.connect, device)
    begin = _seam(coverage.kept, start, end) if statistics.ids else start
    purged = hourly_readings(statistics, start, begin, coverage)
    plug = _Plug(ledger, begin)
    lasts = _lasts(recorder, device, ids, end)
    ended = {slot for slot, last in lasts.items() if last is None or last < begin}
    for metadata_id, slot, parse in slots:
        if slot not in ended:
            plug.in_force[slot] = recorder.value_before(metadata_id, begin, parse)
        if slot == _ENERGY:
            plug.last_number = recorder.last_number_before(metadata_id, begin, parse)
            if plug.in_force[slot] is None:
                plug.lost_at = start
    for slot in statistics.ids:
        if slot not in ids or recorder.moment_before([ids[slot]], begin) is None:
            plug.take_over(slot, statistics.last_before(slot, begin), start, begin)
            if slot in ended:
                plug.end(slot, begin)
    if ledger.has_energy:
        before = recorder.moment_before(ids.values(), begin)
        plug.read_before = begin if before is None else before
    if begin >= end:
        return purged
    blocks = _ending(recorder.entries(slots, begin, end), lasts, begin, end)
    found = _pivot(plug, blocks, begin, end, on_block)
    return chain(purged, found)


def _seam(kept: float | None, start: float, end: float) -> float:
    """Return from when on states are read; before it, statistics."""
    return end if kept is None else min(max(start, hour_of(kept)), end)


def _lasts(
    recorder: Recorder, device: JobDevice, ids: Mapping[int, int], end: float
) -> dict[int, float | None]:
    """Return when what is not recorded any more had its last state, by slot."""
    return {
        slot: recorder.moment_before([ids[slot]], end) if slot in ids else None
        for slot, name in enumerate(ENTITY_FIELDS)
        if name in device.not_recorded
    }


def _ending(
    blocks: Iterator[list[Entry]], lasts: Mapping[int, float | None], begin: float, end: float
) -> Iterator[list[Entry]]:
    """Yield the states, and that what is not recorded any more is not known from then on."""
    waiting: list[Entry] = sorted(
        (last + ONE_READING, slot, None)
        for slot, last in lasts.items()
        if last is not None and begin <= last < end - ONE_READING
    )
    for block in blocks:
        reached = block[-1][0]
        if waiting and waiting[0][0] <= reached:
            block += [one for one in waiting if one[0] <= reached]
            block.sort(key=itemgetter(0))
            waiting = [one for one in waiting if one[0] > reached]
        yield block
    if waiting:
        yield waiting


def parser_of(name: str) -> Parser:
    """Return what reads the states of a field, one of `ENTITY_FIELDS`."""
    return on_off if name == "is_on" else Quantity(name)


class _Plug:
    """What is known of a plug at a moment of its history."""

    __slots__ = (
        "filled_from",
        "grown",
        "in_force",
        "last_number",
        "ledger",
        "lost_at",
        "number_at",
        "read_before",
        "start",
    )

    def __init__(self, ledger: PlugLedger, start: float) -> None:
        self.ledger = ledger
        self.in_force: list[float | None] = [None] * len(ENTITY_FIELDS)
        self.last_number: float | None = None
        self.grown: float | None = 0.0
        self.filled_from: float | None = None
        # Since when the counter is not known; None while it is.
        self.lost_at: float | None = None
        # When the plug was last read before the range, and when the counter had its last number.
        self.read_before = self.number_at = self.start = start

    def take_over(self, slot: int, hour: Hour | None, start: float, begin: float) -> None:
        """Take what statistics knew last, since the recorder has nothing before `begin`."""
        if hour is None:
            return
        recent = hour.end >= hour_of(begin)
        if slot != _ENERGY:
            self.in_force[slot] = hour.level if recent else None
            return
        self.last_number = hour.state
        self.in_force[slot] = hour.state if recent else None
        self.lost_at = None if recent else max(hour.end, start)

    def end(self, slot: int, moment: float) -> None:
        """Let an entity that is not recorded any more be not known from a moment on."""
        self.in_force[slot] = None
        if slot == _ENERGY and self.lost_at is None:
            self.lost_at = moment

    def count(self, value: float | None, moment: float, since: float, *, measured: int) -> None:
        """Take the counter's new value, where `since` was the last row, `measured` or not."""
        before, lost_at, number_at = self.last_number, self.lost_at, self.number_at
        if value is None:
            if lost_at is None:
                self.lost_at = moment
            return
        self.last_number, self.lost_at, self.number_at = value, None, moment
        if before is None:
            self.grown = None
            return
        grown = growth(before, value)
        self.grown = (self.grown or 0.0) + grown
        if grown <= 0:
            return
        if lost_at is not None:
            self.filled_from = lost_at
            return
        read_at = since if measured else self.read_before
        if moment - read_at >= QUARTER and self.ledger.is_filled_between(read_at, moment):
            self.filled_from = since
        elif moment - number_at >= 2 * HOUR and self.ledger.has_counted_between(number_at, moment):
            self.filled_from = max(number_at, self.start)

    def take(self) -> Values | None:
        """Return the values of a reading, None when nothing is known; growth begins anew."""
        power, voltage, current, energy, is_on = self.in_force
        grown, filled_from = self.grown, self.filled_from
        self.grown, self.filled_from = 0.0, None
        if energy is None:
            if power is None and is_on is None and voltage is None and current is None:
                return None
            grown = None
        return (power, voltage, current, energy, grown, is_on, filled_from, None)


def _pivot(
    plug: _Plug,
    blocks: Iterator[list[Entry]],
    start: float,
    end: float,
    on_block: Callable[[float], None],
) -> Iterator[Reading]:
    in_force, count = plug.in_force, plug.count
    since, measured, values = start, CARRIED, plug.take()
    # One bit for each slot.
    touched = 0
    latest = together_until = start
    for block in blocks:
        for moment, slot, value in block:
            if touched and (
                moment >= together_until
                or (touched >> slot & 1 and (value is None) is not (in_force[slot] is None))
            ):
                if values is not None:
                    yield (since, latest, measured, *values)
                since, measured, values = latest, MEASURED, plug.take()
                touched = 0
            if not touched:
                together_until = moment + ONE_READING
            touched |= 1 << slot
            latest = moment
            in_force[slot] = value
            if slot == _ENERGY:
                count(value, moment, since, measured=measured)
        on_block(latest)
    if touched:
        if values is not None:
            yield (since, latest, measured, *values)
        since, measured, values = latest, MEASURED, plug.take()
    if values is not None:
        yield (since, end, measured, *values)
