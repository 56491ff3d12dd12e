"""States, by time, become readings, plug by plug: one loop that every state goes through.

The rules are those of `readings.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..growth import growth, growth_of_total
from ..recorder.state_values import Counting
from ..times import HOUR, QUARTER, hour_of
from .fields import ENTITY_FIELDS
from .reading import CARRIED, MEASURED
from .slots import ENERGY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..costs.plug_ledger import PlugLedger
    from ..recorder.state_values import Parser, Units, ValuesOf
    from ..recorder.states import State
    from ..recorder.statistics import Hour
    from .part import PlugState
    from .reading import Reading
    from .slots import Slot

    type Line = tuple[int | None, Plug, int, ValuesOf, int | None]
    """Of an entity: id of its attributes, its plug, slot, its values by their states, and the key
    of another line that it has too."""

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

_NOT_TOLD = -math.inf
"""In the place of a reset that nobody has told of."""
_NO_ATTRIBUTES = -1
"""An id that no attributes have."""


class Lines:
    """Leads the states of entities to the plugs that they are of.

    Args:
        units: of the states.

    """

    def __init__(self, units: Units) -> None:
        self._units = units
        self._parsers: dict[int, Parser] = {}
        self._lines: dict[int, Line] = {}

    @property
    def ids(self) -> list[int]:
        """The recorder's ids of the entities that are led anywhere."""
        return [number for number in self._lines if number >= 0]

    def lead(self, plug: Plug, slots: Sequence[Slot]) -> None:
        """Lead entities to a plug."""
        for number, slot, parse in slots:
            key, also = number, None
            if number in self._lines:
                # No entity has such an id: they are not negative.
                key, also = -1 - len(self._lines), self._lines[number][-1]
                self._lines[number] = (*self._lines[number][:-1], key)
            self._parsers[key] = parse
            values = self._units.values(parse, None)
            self._lines[key] = (_NO_ATTRIBUTES, plug, slot, values, also)

    def forget(self) -> None:
        """Forget what attributes the last states had; those of the next are looked at anew."""
        for number, (_, plug, slot, values, also) in self._lines.items():
            self._lines[number] = (_NO_ATTRIBUTES, plug, slot, values, also)

    def take(self, states: Iterable[State]) -> None:
        """Let plugs make readings of their states, by time."""
        lines = self._lines
        # States of a plug come together: what they change of it is at hand while they do.
        plug: Plug | None = None
        in_force: list[float | None] = []
        touched, latest, together_until = 0, 0.0, 0.0
        for moment, number, state, attributes in states:
            of, owner, slot, values, also = lines[number]
            if attributes != of:
                values = self._units.values(self._parsers[number], attributes)
                lines[number] = (attributes, owner, slot, values, also)
                if slot == ENERGY:
                    owner.counting = self._units.counting(attributes)
            value = values[state]
            if owner is not plug:
                if plug is not None:
                    plug.touched, plug.latest = touched, latest
                plug = owner
                in_force, together_until = plug.in_force, plug.together_until
                touched, latest = plug.touched, plug.latest
            bit = 1 << slot
            if moment >= together_until or (
                touched & bit and (value is None) is not (in_force[slot] is None)
            ):
                plug.touched, plug.latest = touched, latest
                plug.finish()
                touched = 0
                together_until = plug.together_until = moment + ONE_READING
            touched |= bit
            latest = moment
            in_force[slot] = value
            if slot == ENERGY:
                plug.count(value, moment)
            if also is not None:
                plug.touched, plug.latest = touched, latest
                self.take([(moment, also, state, attributes)])
                plug = None
        if plug is not None:
            plug.touched, plug.latest = touched, latest
        self._units.forget()


class Plug:
    """What is known of a plug at a moment of its history."""

    __slots__ = (
        "_filled_from",
        "_grown",
        "_ledger",
        "_made",
        "_measured",
        "_since",
        "_values",
        "counting",
        "in_force",
        "last_number",
        "last_reset",
        "latest",
        "lost_at",
        "number_at",
        "read_before",
        "start",
        "together_until",
        "touched",
    )

    def __init__(self, ledger: PlugLedger, start: float) -> None:
        self._ledger = ledger
        self.in_force: list[float | None] = [None] * len(ENTITY_FIELDS)
        self.last_number: float | None = None
        # How the counter counts, and when it said last to have begun anew, which statistics do not
        # tell.
        self.counting = Counting()
        self.last_reset: float | None = None
        self._grown: float | None = 0.0
        self._filled_from: float | None = None
        # Since when the counter is not known; None while it is.
        self.lost_at: float | None = None
        # When the plug was last read before the range, and when the counter had its last number.
        self.read_before = self.number_at = self.start = start
        # The reading that waits for the next one, which ends it.
        self._since, self._measured = start, CARRIED
        self._values: Values | None = None
        # The reading that is being made: one bit for each slot, its last state, its end.
        self.touched = 0
        self.latest = start
        self.together_until = -math.inf
        self._made: list[Reading] = []

    def take_over(self, slot: int, hour: Hour | None, begin: float) -> None:
        """Take what statistics knew last, since the recorder has nothing before `begin`."""
        if hour is None:
            return
        recent = hour.end >= hour_of(begin)
        if slot != ENERGY:
            self.in_force[slot] = hour.level if recent else None
            return
        self.last_number, self.last_reset = hour.state, _NOT_TOLD
        self.in_force[slot] = hour.state if recent else None
        self.lost_at = None if hour.end == begin else hour.end

    def end(self, slot: int, moment: float) -> None:
        """Let an entity that is not recorded any more be not known from a moment on."""
        self.in_force[slot] = None
        if slot == ENERGY and self.lost_at is None:
            self.lost_at = moment

    def count(self, value: float | None, moment: float) -> None:
        """Take the counter's new value."""
        before, lost_at, number_at = self.last_number, self.lost_at, self.number_at
        read_at = self._since if self._measured else self.read_before
        if value is None:
            if lost_at is None:
                self.lose(moment, read_at)
            return
        self.last_number, self.lost_at, self.number_at = value, None, moment
        may_fall, reset = self.counting
        known = self.last_reset
        if reset is not None:
            # Who does not name a reset has had none since.
            self.last_reset = reset
        if before is None:
            self._grown = None
            return
        if not may_fall or known == _NOT_TOLD:
            grown = growth(before, value)
        else:
            grown = growth_of_total(before, value, known, reset)
        self._grown = grown if self._grown is None else self._grown + grown
        if grown <= 0:
            return
        if lost_at is not None:
            self._filled_from = lost_at
            return
        if self._is_unread(read_at, moment):
            self._filled_from = read_at
        elif moment - number_at >= 2 * HOUR and self._ledger.has_counted_between(number_at, moment):
            self._filled_from = max(number_at, self.start)

    def lose(self, moment: float, read_at: float) -> None:
        """Let the counter be not known from a moment on, or since a reading that it was lost after.

        A stop writes no state: that a counter is not known may be told first by the next start.
        """
        self.lost_at = read_at if self._is_unread(read_at, moment) else moment

    def _is_unread(self, since: float, until: float) -> bool:
        """Tell whether the ledger has filled what lies between two moments."""
        return until - since >= QUARTER and self._ledger.is_filled_between(since, until)

    def finish(self) -> None:
        """Let what has come together be a reading, where anything has."""
        if not self.touched:
            return
        latest = self.latest
        self._end(latest)
        self._since, self._measured, self.touched = latest, MEASURED, 0
        self.begin()

    def begin(self) -> None:
        """Take what is in force for the reading that waits, if anything is; growth begins anew."""
        power, voltage, current, energy, is_on = self.in_force
        if energy is not None:
            self._values = (
                power, voltage, current, energy, self._grown, is_on, self._filled_from, None,
            )  # fmt: skip
        elif power is None and is_on is None and voltage is None and current is None:
            self._values = None
        else:
            self._values = (power, voltage, current, None, None, is_on, self._filled_from, None)
        self._grown, self._filled_from = 0.0, None

    def close(self, end: float) -> None:
        """Let the last reading hold until the end."""
        self.finish()
        self._end(end)

    def _end(self, until: float) -> None:
        """Let the reading that waits, if there is one, hold until a moment."""
        if (values := self._values) is not None:
            power, voltage, current, energy, grown, is_on, filled_from, cost = values
            self._made.append((
                self._since, until, self._measured, power, voltage, current, energy, grown, is_on,
                filled_from, cost,
            ))  # fmt: skip

    def state(self) -> PlugState:
        """Return what it is like now; how its counter counts is told by its next state."""
        return (
            tuple(self.in_force), self.last_number, self.last_reset, self._grown, self._filled_from,
            self.lost_at, None if self._measured else self.read_before, self.number_at,
            self._since, self._measured, self._values, self.touched, self.latest,
            self.together_until,
        )  # fmt: skip

    def resume(self, state: PlugState, readings: list[Reading]) -> None:
        """Be as another was that has made these readings meanwhile."""
        (
            in_force, self.last_number, self.last_reset, self._grown, self._filled_from,
            self.lost_at, read_before, self.number_at, self._since, self._measured, self._values,
            self.touched, self.latest, self.together_until,
        ) = state  # fmt: skip
        self.in_force = list(in_force)
        self.read_before = self.start if read_before is None else read_before
        self._made += readings

    def readings(self) -> list[Reading]:
        """Return the readings that are complete, each once."""
        made, self._made = self._made, []
        return made
