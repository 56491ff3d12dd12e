"""Readings of many devices, made in one pass through the states where that is faster.

A second process may make those of the later part of a long range meanwhile (`ahead.py`).
"""

from __future__ import annotations

import math
import os
from collections import deque
from contextlib import contextmanager
from itertools import chain
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, cast

from ..recorder.by_time import states_if_faster, take_page
from ..rows.packing import packed, unpacked
from .ahead import Ahead
from .part import Part, PartOfPlug
from .pivot import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from ..job import JobDevice
    from ..recorder.states import Recorder
    from .pivot import Plug
    from .reading import Reading
    from .slots import Slot


@contextmanager
def gathered(
    recorder: Recorder,
    devices: Sequence[JobDevice],
    start: float,
    end: float,
    folder: Path | None,
) -> Iterator[Gathered | None]:
    """Give one pass through the states of devices, where that is faster.

    They are read as readings are asked for. What other devices have meanwhile waits; so devices
    that are asked side by side need little memory, and those that are asked in turn a file.

    Args:
        recorder: where the states are.
        devices: whose.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        folder: where readings wait, in files without a name; None for the system's own.

    Yields:
        The pass, None where each entity is to be read by itself.

    """
    entities = [one for device in devices for one in device.entities.values()]
    ids = list(recorder.metadata_ids(entities).values())
    manner = recorder.manner
    if manner.one_pass is None:
        states = states_if_faster(recorder, ids, start, end)
    else:
        states = math.inf if manner.one_pass else 0
    if not states:
        yield None
        return

    def ahead(plugs: Sequence[PartOfPlug]) -> Ahead | None:
        if recorder.second is None or states < manner.least_shared:
            return None
        kept = recorder.oldest(ids)
        first = start if kept is None else min(max(kept, start), end)
        part = Part(tuple(plugs), first, first + manner.own_part * (end - first), end)
        return Ahead(part, recorder.second(part), manner.attempts)

    with TemporaryFile(dir=folder) as file:
        yield Gathered(recorder, ids, start, end, file, ahead)


class Gathered:
    """Readings on their way from one pass to the devices that they are of.

    Args:
        recorder: where the states are.
        ids: of entities, the recorder's.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        file: empty; where readings wait on the disk.
        ahead: lets somebody else make the later part of the readings of plugs, if anybody does;
            called when the pass begins.

    """

    def __init__(
        self,
        recorder: Recorder,
        ids: Sequence[int],
        start: float,
        end: float,
        file: BinaryIO,
        ahead: Callable[[Sequence[PartOfPlug]], Ahead | None],
    ) -> None:
        self._recorder = recorder
        self._ids = frozenset(ids)
        self._start = self._reached = start
        self._end = end
        self._file = file
        self._lines = Lines(recorder.units)
        self._queues: list[_Queue] = []
        self._parts: list[PartOfPlug] = []
        self._begin_ahead = ahead
        self._ahead: Ahead | None = None
        self._waiting = 0

    def readings(
        self,
        plug: Plug,
        slots: Sequence[Slot],
        start: float,
        end: float,
        on_block: Callable[[float], None],
        plug_id: str | None = None,
    ) -> Iterator[Reading] | None:
        """Return the readings of a plug, None when the pass does not have them, or has begun.

        Where the disk refuses, taking them raises OSError.

        Args:
            plug: as it is at the beginning.
            slots: of its entities.
            start: UTC seconds, included.
            end: UTC seconds, not included.
            on_block: called with the time reached, now and then.
            plug_id: by which the ledger knows it, None when it does not.

        """
        if (start, end) != (self._start, self._end) or self._reached != start:
            return None
        if not self._ids.issuperset(number for number, _, _ in slots):
            return None
        self._lines.lead(plug, slots)
        queue = _Queue(plug)
        self._queues.append(queue)
        places = tuple((number, slot) for number, slot, _ in slots)
        self._parts.append(PartOfPlug(places, plug.start, plug_id))
        return chain.from_iterable(self._taken(queue, on_block))

    def _taken(self, queue: _Queue, on_block: Callable[[float], None]) -> Iterator[list[Reading]]:
        while queue.waiting or self._read():
            on_block(self._reached)
            while queue.waiting:
                yield self._again(queue.waiting.popleft())

    def _read(self) -> bool:
        """Read a page of states and tell whether there was one."""
        if self._reached == self._end:
            return False
        if self._reached == self._start:
            self._ahead = self._begin_ahead(self._parts)
        self._reached = self._next()
        for queue in self._queues:
            if self._reached == self._end:
                queue.plug.close(self._end)
            if made := queue.plug.readings():
                queue.waiting.append(self._kept(made))
        return True

    def _next(self) -> float:
        """Let plugs take what comes next, and return up to when (UTC seconds) they have all."""
        until = self._end
        if self._ahead is not None:
            plugs = [queue.plug for queue in self._queues]
            if (reached := self._ahead.take(self._reached, plugs)) is not None:
                # What attributes the states had meanwhile is not known here.
                self._lines.forget()
                return reached
            until = self._ahead.until
        # Of those who have asked: what is read apart is not read here too.
        return take_page(self._recorder, self._lines.ids, self._reached, until, self._lines.take)

    def _kept(self, readings: list[Reading]) -> list[Reading] | tuple[int, int]:
        """Return readings that wait in memory, or place and length of them in the file."""
        if self._waiting + len(readings) <= self._recorder.manner.waiting:
            self._waiting += len(readings)
            return readings
        data = packed(readings)
        place = self._file.seek(0, os.SEEK_END)
        self._file.write(data)
        self._file.flush()
        return place, len(data)

    def _again(self, kept: list[Reading] | tuple[int, int]) -> list[Reading]:
        """Return readings that have waited."""
        if isinstance(kept, list):
            self._waiting -= len(kept)
            return kept
        place, length = kept
        return cast("list[Reading]", unpacked(os.pread(self._file.fileno(), length, place)))


class _Queue:
    """The readings of a plug that wait until they are asked for."""

    def __init__(self, plug: Plug) -> None:
        self.plug = plug
        self.waiting: deque[list[Reading] | tuple[int, int]] = deque()
