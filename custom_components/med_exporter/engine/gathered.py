"""States of many entities, read once in order of time and kept on disk entity by entity.

In a SQLite database the states of an entity lie far apart, between those of all others, so that
reading one entity after the other goes through the whole table for each. Where the entities have a
good part of all states, one pass in the order in which they lie is faster.
"""

from __future__ import annotations

import math
import os
from array import array
from bisect import bisect_left
from contextlib import contextmanager
from itertools import chain
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, bindparam, func, select

from .fields import ENTITY_FIELDS
from .readings import parser_of
from .recorder_tables import STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from sqlalchemy import Connection

    from .job import JobDevice
    from .recorder import Recorder
    from .state_values import Parser, StatePage, Units

    type Parsers = Mapping[int, Sequence[Parser]]
    """By the recorder's id of an entity: what reads its states, once for each field it is."""

_SHARE = 0.4
"""Of the reading that is done when the states are at hand."""
_PAGE_SIZE = 8192
_PER_ENTITY = 64
"""States of an entity that a page has at least, on the average."""
_LEAST_STATES = 20_000
_MOST_STATES = 20_000_000
"""Which take 320 MB of the disk."""
_LEAST_PART = 0.3
"""Of all states, from which on one pass is faster."""
_SAMPLES = 4
_PARTS = 64
"""Parts of the range, in some of which states are counted."""
_NOT_KNOWN = math.nan

_IN_ORDER = (
    select(
        STATES.c.metadata_id,
        STATES.c.last_updated_ts,
        STATES.c.state,
        STATES.c.attributes_id,
        STATES.c.state_id,
    )
    .where(
        STATES.c.last_updated_ts >= bindparam("after_ts"),
        (STATES.c.last_updated_ts > bindparam("after_ts"))
        | (STATES.c.state_id > bindparam("after_id")),
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
    *,
    most: float,
    folder: Path | None,
    on_read: Callable[[float], None],
) -> Iterator[float]:
    """Let a recorder have the states of devices at hand, where that is faster.

    Args:
        recorder: gives them as `entries` then.
        devices: whose states.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        most: about how many states may be read before it is known whether they are wanted.
        folder: where they wait, in a file without a name; None for the system's own.
        on_read: called with the share of all reading that is done.

    Yields:
        The share of all reading that is done: 0 where each entity is read by itself.

    Raises:
        OSError: the disk refuses.

    """
    parsers = _parsers(recorder, devices)
    with recorder.connect() as connection:
        is_faster = _is_faster(connection, list(parsers), start, end, min(most, _MOST_STATES))
    if not is_faster:
        yield 0.0
        return
    with TemporaryFile(dir=folder) as file:
        states = Gathered(file, parsers, start, end)
        for reached in states.gather(recorder):
            on_read(_SHARE * (reached - start) / (end - start))
        recorder.gathered = states
        try:
            yield _SHARE
        finally:
            recorder.gathered = None


class Gathered:
    """States by entity, in a file that is open: moments, then values, as doubles.

    Args:
        file: empty.
        parsers: of the entities.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """

    def __init__(self, file: BinaryIO, parsers: Parsers, start: float, end: float) -> None:
        self._file = file
        self._start, self._end = start, end
        self._size = 0
        self._parsers = parsers
        self._places: dict[tuple[int, Parser], list[tuple[int, int]]] = {
            (number, parse): [] for number, some in parsers.items() for parse in some
        }

    def has(self, metadata_id: int, parse: Parser, start: float, end: float) -> bool:
        """Tell whether all states of an entity in a range are at hand."""
        return (metadata_id, parse) in self._places and self._start <= start and end <= self._end

    def pages(
        self, metadata_id: int, parse: Parser, start: float, end: float
    ) -> Iterator[StatePage]:
        """Yield the states of an entity in a range, oldest first."""
        for place, count in self._places[metadata_id, parse]:
            data = os.pread(self._file.fileno(), 16 * count, place)
            both = array("d", data)
            moments: Sequence[float] = both[:count].tolist()
            values: Sequence[float | None] = both[count:].tolist()
            if math.isnan(sum(both[count:])):
                values = [value if value == value else None for value in values]  # noqa: PLR0124
            if moments[0] < start or moments[-1] >= end:
                low, high = bisect_left(moments, start), bisect_left(moments, end)
                moments, values = moments[low:high], values[low:high]
            if moments:
                yield moments, values

    def gather(self, recorder: Recorder) -> Iterator[float]:
        """Read the states and yield now and then how far it has come (UTC seconds)."""
        size = max(_PAGE_SIZE, _PER_ENTITY * len(self._parsers))
        key: dict[str, Any] = {
            "after_ts": self._start, "after_id": -1, "end": self._end,
            "ids": list(self._parsers), "size": size,
        }  # fmt: skip
        by_entity: dict[int, list[Any]] = {number: [] for number in self._parsers}
        while True:
            with recorder.connect() as connection:
                rows = connection.execute(_IN_ORDER, key).cursor.fetchall()
                for row in rows:
                    by_entity[row[0]].append(row)
                self._put(connection, recorder.units, by_entity)
            if len(rows) < size:
                self._file.flush()
                return
            _, key["after_ts"], _, _, key["after_id"] = rows[-1]
            yield key["after_ts"]

    def _put(
        self, connection: Connection, units: Units, by_entity: Mapping[int, list[Any]]
    ) -> None:
        """Write what waits and forget it."""
        for number, rows in by_entity.items():
            if not rows:
                continue
            _, moments, states, attributes, _ = zip(*rows, strict=True)
            rows.clear()
            for parse in self._parsers[number]:
                values = units.values(connection, parse, states, attributes)
                known = (_NOT_KNOWN if value is None else value for value in values)
                both = array("d", chain(moments, values if None not in values else known))
                self._places[number, parse].append((self._size, len(moments)))
                self._size += self._file.write(both.tobytes())


def _parsers(recorder: Recorder, devices: Sequence[JobDevice]) -> dict[int, list[Parser]]:
    found: dict[str, list[Parser]] = {}
    for device in devices:
        for name in ENTITY_FIELDS:
            if (entity_id := device.entities.get(name)) is not None:
                some = found.setdefault(entity_id, [])
                if (parse := parser_of(name)) not in some:
                    some.append(parse)
    ids = recorder.metadata_ids(list(found))
    return {ids[entity_id]: some for entity_id, some in found.items() if entity_id in ids}


def _is_faster(
    connection: Connection, ids: Sequence[int], start: float, end: float, most: float
) -> bool:
    """Tell whether one pass is faster, by counts from the indexes in some parts of the range."""
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
    return _LEAST_STATES <= states <= most and own >= _LEAST_PART * everything
