"""The later part of one pass, made ahead of the first process by a second one.

The second begins in the middle, with what each plug was like just before, as its last states tell.
Whether it was right shows when the first comes there: where both know the same of every plug, what
follows is the same too, and the first takes what the second has made. Where they do not, the first
reads on by itself until they do. So the readings are those of one process, whatever happens to the
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..costs.plug_ledger import plug_ledger
from ..recorder.by_time import take_page
from .beginning import plug_at
from .fields import ENTITY_FIELDS
from .pivot import ONE_READING, Lines, Plug
from .slots import parser_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..recorder.states import Recorder
    from .part import Frame, Part, PartOfPlug, PlugState
    from .slots import Slot

_READINGS_BEFORE = 3
"""That are made again: the last may not be whole, and how long one holds tells the one after it."""


def frames(recorder: Recorder, part: Part) -> Generator[Frame]:
    """Yield what plugs are like where a part begins, and then their readings, frame by frame."""
    lines = Lines(recorder.units)
    plugs = []
    for one in part.plugs:
        slots = [(number, slot, parser_of(ENTITY_FIELDS[slot])) for number, slot in one.entities]
        plug = _plug_within(recorder, one, slots, part.begin)
        lines.lead(plug, slots)
        plugs.append(plug)
    yield part.begin, [plug.state() for plug in plugs], [[] for _ in plugs]
    reached = part.begin
    while reached < part.end:
        reached = take_page(recorder, lines.ids, reached, part.end, lines.take)
        yield reached, [plug.state() for plug in plugs], [plug.readings() for plug in plugs]


class Ahead:
    """What a second process makes, as the first takes it.

    Args:
        part: that the second makes.
        frames: of the part, which are closed where no more of them is taken.
        attempts: frames in which both may come to know the same, before the first goes on alone.

    """

    def __init__(self, part: Part, frames: Generator[Frame], attempts: int) -> None:
        self._end = part.end
        self._frames = frames
        self._attempts = attempts
        self._states: list[PlugState] = []
        self._is_joined = False
        self.until = part.begin
        """Up to when (UTC seconds) the first reads by itself, where `take` has nothing."""

    def take(self, reached: float, plugs: Sequence[Plug]) -> float | None:
        """Let plugs have their next readings.

        Args:
            reached: UTC seconds, up to when they have all.
            plugs: those of the part, in its order.

        Returns:
            Up to when they have all now; None where that is to be read.

        """
        if reached != self.until:
            return None
        self._compare(plugs)
        while self._is_joined or self._attempts:
            if (frame := next(self._frames, None)) is None:
                break
            self.until, states, readings = frame
            if self._is_joined:
                for plug, state, made in zip(plugs, states, readings, strict=True):
                    plug.resume(state, made)
                return self.until
            self._states = states
            self._attempts -= 1
            if self.until > reached:
                return None
            self._compare(plugs)
        self._frames.close()
        self.until = self._end
        return None

    def _compare(self, plugs: Sequence[Plug]) -> None:
        """Join both where they know the same."""
        self._is_joined |= self._states == [plug.state() for plug in plugs]


def _plug_within(
    recorder: Recorder, part: PartOfPlug, slots: Sequence[Slot], moment: float
) -> Plug:
    """Return a plug as it is at a moment, by its last readings before."""
    ids = [number for number, _, _ in slots]
    begin = moment
    for _ in range(_READINGS_BEFORE):
        before = recorder.moment_before(ids, begin)
        begin = part.start if before is None else max(before - ONE_READING, part.start)
    ledger = plug_ledger(recorder.connect, part.plug_id, costs=False)
    plug = plug_at(begin, recorder, ledger, slots, start=part.start)
    lines = Lines(recorder.units)
    lines.lead(plug, slots)
    for block in recorder.states(ids, begin, moment):
        lines.take(block)
    plug.readings()
    return plug
