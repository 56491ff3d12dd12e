"""From the states of a plug's entities to its readings.

The rules:

- States of one plug within one second form one reading with the latest timestamp. A field that
  becomes known or unknown a second time within that second begins a new reading, so that no
  value, and no energy, disappears inside one.
- A field without a new state keeps its value; `unavailable`, `unknown` or anything that cannot be
  read ends that, and the field is empty. A moment at which nothing is known is no reading.
- The energy of a reading is the growth of the counter since its last number, however long ago
  that was; empty when there has never been one, or while the counter is not known.
- A counter that falls below 90 % of its last number has been restarted, and all that it shows is
  growth. A smaller fall is taken as a correction and is a negative growth. Home Assistant's
  long-term statistics decide alike, so sums agree with the Energy dashboard; and taking a rounding
  error for a restart would count the whole counter a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import ENTITY_FIELDS
from .recorder import number, on_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .job import JobDevice
    from .recorder import Entry, Parser, Recorder

    type Values = tuple[
        float | None, float | None, float | None, float | None, float | None, float | None
    ]

    type Reading = tuple[
        float,
        float,
        bool,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
    ]
    """One row, as `READING_COLUMNS` names it."""

READING_COLUMNS = (
    "timestamp",
    "until",
    "measured",
    "power_w",
    "voltage",
    "current",
    "energy_total_kwh",
    "energy_kwh",
    "cost",
    "is_on",
)
"""`until`: when the values stop to hold; `measured`: false for what was in force at the start."""

ONE_READING = 1.0
"""Seconds within which states belong together."""

RESTARTED_BELOW = 0.9

_ENERGY = ENTITY_FIELDS.index("energy_total_kwh")
_COST = ENTITY_FIELDS.index("cost")
_COUNTERS = (_ENERGY, _COST)


def growth(before: float, value: float) -> float:
    """Return how much a counter has grown from one number to the next."""
    return value if value < RESTARTED_BELOW * before else value - before


def readings(
    recorder: Recorder,
    device: JobDevice,
    start: float,
    end: float,
    on_block: Callable[[float], None],
) -> Iterator[Reading]:
    """Yield the readings of one device, oldest first.

    What was in force at the start comes first, as a row with `measured` false, so that averages
    know it; it is no reading of the range.

    Args:
        recorder: where the states are.
        device: whose.
        start: UTC seconds, included.
        end: UTC seconds, not included; the last values hold until then.
        on_block: called with the time reached, now and then.

    """
    metadata = recorder.metadata_ids(tuple(device.entities.values()))
    slots = [
        (metadata[device.entities[name]], slot, _parser(name))
        for slot, name in enumerate(ENTITY_FIELDS)
        if device.entities.get(name) in metadata
    ]
    plug = _Plug()
    for metadata_id, slot, parse in slots:
        plug.in_force[slot] = recorder.value_before(metadata_id, start, parse)
        if slot in _COUNTERS:
            plug.last_number[slot] = recorder.last_number_before(metadata_id, start)
    return _pivot(plug, recorder.entries(slots, start, end), start, end, on_block)


def _parser(name: str) -> Parser:
    return on_off if name == "is_on" else number


class _Plug:
    """What is known of a plug at a moment of its history."""

    __slots__ = ("grown", "in_force", "last_number")

    def __init__(self) -> None:
        self.in_force: list[float | None] = [None] * len(ENTITY_FIELDS)
        self.last_number: list[float | None] = [None] * len(ENTITY_FIELDS)
        self.grown: list[float | None] = [0.0] * len(ENTITY_FIELDS)

    def count(self, slot: int, value: float) -> None:
        """Take a counter's new number."""
        before = self.last_number[slot]
        if before is None:
            self.grown[slot] = None
        else:
            self.grown[slot] = (self.grown[slot] or 0.0) + growth(before, value)
        self.last_number[slot] = value

    def take(self) -> tuple[float | None, ...] | None:
        """Return the values of a reading, None when nothing is known; growth begins anew."""
        power, voltage, current, energy, cost, is_on = self.in_force
        grown = self.grown
        energy_growth = None if energy is None else grown[_ENERGY]
        cost_growth = None if cost is None else grown[_COST]
        grown[_ENERGY] = grown[_COST] = 0.0
        if (
            power is None
            and energy is None
            and is_on is None
            and voltage is None
            and current is None
            and cost is None
        ):
            return None
        return (power, voltage, current, energy, energy_growth, cost_growth, is_on)


def _pivot(
    plug: _Plug,
    blocks: Iterator[list[Entry]],
    start: float,
    end: float,
    on_block: Callable[[float], None],
) -> Iterator[Reading]:
    in_force = plug.in_force
    since, measured, values = start, False, plug.take()
    touched: set[int] = set()
    latest = together_until = start
    for block in blocks:
        for moment, slot, value in block:
            if touched and (
                moment >= together_until
                or (slot in touched and (value is None) is not (in_force[slot] is None))
            ):
                if values is not None:
                    yield (since, latest, measured, *values)  # type: ignore[misc]
                since, measured, values = latest, True, plug.take()
                touched.clear()
            if not touched:
                together_until = moment + ONE_READING
            touched.add(slot)
            latest = moment
            in_force[slot] = value
            if value is not None and slot in _COUNTERS:
                plug.count(slot, value)
        on_block(latest)
    if touched:
        if values is not None:
            yield (since, latest, measured, *values)  # type: ignore[misc]
        since, measured, values = latest, True, plug.take()
    if values is not None:
        yield (since, end, measured, *values)  # type: ignore[misc]
