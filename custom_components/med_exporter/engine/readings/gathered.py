"""Readings of many devices, made in one pass through the states.

In a SQLite database the states of an entity lie far apart, between those of all others, so that
reading one entity after the other goes through the whole table for each. Where the entities have a
good part of all states, one pass in the order in which they lie is faster.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import deque
from contextlib import contextmanager
from itertools import chain, islice
from operator import itemgetter, lt
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, cast

from sqlalchemy import BigInteger, Integer, bindparam, func, select

from ..database.recorder_tables import STATES
from ..recorder.states import STATE
from ..rows.packing import packed, unpacked
from .pivot import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from sqlalchemy import Connection

    from ..job import JobDevice
    from ..recorder.states import Recorder, State
    from .pivot import Plug, Slot
    from .reading import Reading

_MOMENT, _MOMENT_AND_ENTITY = itemgetter(0), itemgetter(0, 1)
_LEAST_STATES = 20_000
_LEAST_PART = 0.3
"""Of all states, from which on one pass is faster."""
_SAMPLES = 4
_PARTS = 64
"""Parts of the range, in some of which states are counted."""

_IN_ORDER = (
    select(*STATE)
    .where(
        STATES.c.last_updated_ts >= bindparam("start"),
        STATES.c.last_updated_ts < bindparam("end"),
        # An expression, for which the database has no index but that of time.
        (STATES.c.metadata_id + 0).in_(bindparam("ids", expanding=True, type_=BigInteger)),
    )
    .order_by(STATES.c.last_updated_ts, STATES.c.state_id)
    .limit(bindparam("size", type_=Integer))
)
_ALL = (
    select(func.count())
    .select_from(STATES)
    .where(
        STATES.c.last_updated_ts >= bindparam("start"), STATES.c.last_updated_ts < bindparam("end")
    )
)
_OWN = _ALL.where(STATES.c.metadata_id == bindparam("id"))


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
        folder: where readings wait, in a file without a name; None for the system's own.

    Yields:
        The pass, None where each entity is to be read by itself.

    """
    entities = [one for device in devices for one in device.entities.values()]
    ids = list(recorder.metadata_ids(entities).values())
    if (wanted := recorder.manner.one_pass) is None:
        with recorder.connect() as connection:
            wanted = _is_faster(connection, ids, start, end)
    if not wanted:
        yield None
        return
    with TemporaryFile(dir=folder) as file:
        yield Gathered(recorder, ids, start, end, file)


class Gathered:
    """Readings on their way from one pass to the devices that they are of.

    Args:
        recorder: where the states are.
        ids: of entities, the recorder's.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        file: empty; where readings wait on the disk.

    """

    def __init__(
        self,
        recorder: Recorder,
        ids: Sequence[int],
        start: float,
        end: float,
        file: BinaryIO,
    ) -> None:
        self._ids = frozenset(ids)
        self._start = self._reached = start
        self._end = end
        self._file = file
        self._lines = Lines(recorder.units)
        self._queues: list[_Queue] = []
        self._waiting = 0
        self._connect = recorder.connect
        self._manner = recorder.manner

    def readings(
        self,
        plug: Plug,
        slots: Sequence[Slot],
        start: float,
        end: float,
        on_block: Callable[[float], None],
    ) -> Iterator[Reading] | None:
        """Return the readings of a plug, None when the pass does not have them, or has begun.

        Where the disk refuses, taking them raises OSError.

        Args:
            plug: as it is at the beginning.
            slots: of its entities.
            start: UTC seconds, included.
            end: UTC seconds, not included.
            on_block: called with the time reached, now and then.

        """
        if (start, end) != (self._start, self._end) or self._reached != start:
            return None
        if not self._ids.issuperset(number for number, _, _ in slots):
            return None
        self._lines.lead(plug, slots)
        queue = _Queue(plug)
        self._queues.append(queue)
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
        self._reached = self._take_page()
        for queue in self._queues:
            if self._reached == self._end:
                queue.plug.close(self._end)
            if made := queue.plug.readings():
                queue.waiting.append(self._kept(made))
        return True

    def _take_page(self) -> float:
        """Let plugs take a page of states, and return up to when (UTC seconds) they have all."""
        # Of those who have asked: what is read apart is not read here too.
        ids = self._lines.ids
        size = max(self._manner.page, self._manner.per_entity * len(ids))
        wanted = {"ids": ids, "start": self._reached, "end": self._end}
        while True:
            read = 0
            rest: list[State] = []
            with self._connect() as connection:
                # The driver's own rows; where they are few, the processor has them at hand still.
                cursor = connection.execute(_IN_ORDER, {**wanted, "size": size}).cursor
                while some := cast("list[State]", cursor.fetchmany(self._manner.together)):
                    read += len(some)
                    rest += some
                    # Of a moment all together.
                    whole = bisect_left(rest, rest[-1][0], key=_MOMENT)
                    self._lines.take(_in_order(rest[:whole]))
                    del rest[:whole]
            if read < size:
                self._lines.take(_in_order(rest))
                return self._end
            if len(rest) < read:
                return rest[0][0]
            size *= 2

    def _kept(self, readings: list[Reading]) -> list[Reading] | tuple[int, int]:
        """Return readings that wait in memory, or place and length of them in the file."""
        if self._waiting + len(readings) <= self._manner.waiting:
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


def _in_order(states: list[State]) -> list[State]:
    """Return states by time, those of a moment as they come where each entity is read by itself.

    They come by time.
    """
    try:
        # All at once: nearly always no two are of the same moment.
        is_so = all(map(lt, states, islice(states, 1, None)))
    except TypeError:
        # Two of the same moment and entity, one of them without a text.
        is_so = False
    return states if is_so else sorted(states, key=_MOMENT_AND_ENTITY)


def _is_faster(connection: Connection, ids: Sequence[int], start: float, end: float) -> bool:
    """Tell whether one pass is faster.

    They are counted in some parts of the range, in indexes.
    """
    if not ids or connection.dialect.name != "sqlite":
        return False
    length = (end - start) / _PARTS
    everything = own = 0
    for number in range(_SAMPLES):
        begin = start + length * number * (_PARTS - 1) / (_SAMPLES - 1)
        part = {"start": begin, "end": begin + length}
        everything += connection.execute(_ALL, part).scalar() or 0
        for one in ids:
            own += connection.execute(_OWN, {**part, "id": one}).scalar() or 0
    states = own * _PARTS / _SAMPLES
    return states >= _LEAST_STATES and own >= _LEAST_PART * everything
