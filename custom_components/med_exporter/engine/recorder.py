"""Reading of the recorder's own tables, on SQLite, MariaDB and PostgreSQL.

Here `states` and `states_meta` are read, always through the index (metadata_id, last_updated_ts);
many entities at once in `gathered.py`, units in `state_values.py`, statistics in `statistics.py`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, func, select

from .recorder_tables import STATES, STATES_META
from .state_values import NOT_KNOWN, Units, number, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from .state_values import AtHand, Parser, StatePage

    type Connect = Callable[[], AbstractContextManager[Connection]]
    """Opens a connection for a moment: it is asked for anew for each page of rows."""

    type Entry = tuple[float, int, float | None]
    """A state: when (UTC seconds), slot of the entity, value or None when not known."""

_MOMENT = itemgetter(0)

_SMALLEST_PAGE = 512
_LARGEST_PAGE = 8192
_CACHED_PAGE = 512
"""Of SQLite: where they lie is still in its cache when the device's next entity is read."""

_OF_ENTITY = STATES.c.metadata_id == bindparam("metadata_id")

_PAGE = (
    select(STATES.c.last_updated_ts, STATES.c.state_id, STATES.c.state, STATES.c.attributes_id)
    .where(
        _OF_ENTITY,
        # Written so that every database makes one index range of it, unlike (a > x OR …).
        STATES.c.last_updated_ts >= bindparam("after_ts"),
        (STATES.c.last_updated_ts > bindparam("after_ts"))
        | (STATES.c.state_id > bindparam("after_id")),
        STATES.c.last_updated_ts < bindparam("end"),
    )
    .order_by(STATES.c.last_updated_ts, STATES.c.state_id)
    .limit(bindparam("size", type_=Integer))
)
_BEFORE = (
    select(STATES.c.state, STATES.c.attributes_id)
    .where(_OF_ENTITY, STATES.c.last_updated_ts < bindparam("moment"))
    .order_by(STATES.c.last_updated_ts.desc(), STATES.c.state_id.desc())
)
_LAST_BEFORE = _BEFORE.limit(1)
_LAST_MOMENT_BEFORE = _LAST_BEFORE.with_only_columns(STATES.c.last_updated_ts)
_LAST_KNOWN_BEFORE = (
    _BEFORE.where(STATES.c.state.not_in(NOT_KNOWN))
    .limit(50)
    .offset(bindparam("skip", type_=Integer))
)
_OLDEST = select(func.min(STATES.c.last_updated_ts))
_COUNT = select(func.count()).select_from(STATES)
_LAST_SEEN = (
    select(STATES.c.last_updated_ts)
    .where(_OF_ENTITY, STATES.c.state.not_in(NOT_KNOWN))
    .order_by(STATES.c.last_updated_ts.desc())
    .limit(1)
)


class Recorder:
    """The states of entities, a page at a time.

    Args:
        connect: opens a connection for a moment; no connection is held between pages, so the
            database keeps no snapshot and a shared connection is free for others.
        first_page: states of an entity that are read first; later pages are larger.

    """

    def __init__(self, connect: Connect, first_page: int | None = None) -> None:
        self.connect = connect
        self.first_page = first_page or _SMALLEST_PAGE
        self.units = Units()
        self.gathered: AtHand | None = None
        """States that are at hand already."""

    def metadata_ids(self, entity_ids: Sequence[str]) -> dict[str, int]:
        """Return the recorder's id of each entity that it knows."""
        with self.connect() as connection:
            return _metadata_ids(connection, entity_ids)

    def oldest(self, metadata_ids: Iterable[int] | None = None) -> float | None:
        """Return when the oldest state of some entities was written, of any when not given."""
        with self.connect() as connection:
            if metadata_ids is None:
                return connection.execute(_OLDEST).scalar()
            found = [
                connection.execute(_OLDEST.where(_OF_ENTITY), {"metadata_id": number}).scalar()
                for number in metadata_ids
            ]
        return min((ts for ts in found if ts is not None), default=None)

    def moment_before(self, metadata_ids: Iterable[int], moment: float) -> float | None:
        """Return when the last state of any of some entities was written before a moment."""
        with self.connect() as connection:
            found = [
                connection.execute(
                    _LAST_MOMENT_BEFORE, {"metadata_id": metadata_id, "moment": moment}
                ).scalar()
                for metadata_id in metadata_ids
            ]
        return max((ts for ts in found if ts is not None), default=None)

    def value_before(self, metadata_id: int, moment: float, parse: Parser) -> float | None:
        """Return the value in force just before a moment, None when not known."""
        with self.connect() as connection:
            row = connection.execute(
                _LAST_BEFORE, {"metadata_id": metadata_id, "moment": moment}
            ).first()
            if row is None:
                return parse(None)
            factors = self.units.factors(connection, parse, [row.attributes_id])
        return scaled(parse(row.state), factors[row.attributes_id])

    def last_number_before(
        self, metadata_id: int, moment: float, parse: Parser | None = None
    ) -> float | None:
        """Return the last number before a moment, however long ago, None when there is none."""
        parse = parse or number
        skip = 0
        while True:
            with self.connect() as connection:
                states = connection.execute(
                    _LAST_KNOWN_BEFORE,
                    {"metadata_id": metadata_id, "moment": moment, "skip": skip},
                ).fetchall()
                factors = self.units.factors(
                    connection, parse, {row.attributes_id for row in states}
                )
                found = [scaled(parse(row.state), factors[row.attributes_id]) for row in states]
            for value in found:
                if value is not None:
                    return value
            if not found:
                return None
            skip += len(found)

    def entries(
        self, slots: Sequence[tuple[int, int, Parser]], start: float, end: float
    ) -> Iterator[list[Entry]]:
        """Yield the states of several entities, merged by time, in blocks of a bounded size.

        Args:
            slots: per entity the recorder's id, the slot to mark its entries with, its parser.
            start: UTC seconds, included.
            end: UTC seconds, not included.

        """
        cursors = [
            _Cursor(slot, self._pages(metadata_id, parse, start, end))
            for metadata_id, slot, parse in slots
        ]
        while True:
            for cursor in cursors:
                cursor.fill()
            horizon = min((c.horizon() for c in cursors), default=math.inf)
            block: list[Entry] = []
            for cursor in cursors:
                cursor.move(block, horizon)
            if not block:
                return
            # The sort is stable and knows runs: it merges the entities' rows in C.
            block.sort(key=_MOMENT)
            yield block

    def _pages(
        self, metadata_id: int, parse: Parser, start: float, end: float
    ) -> Iterator[StatePage]:
        gathered = self.gathered
        if gathered is not None and gathered.has(metadata_id, parse, start, end):
            return gathered.pages(metadata_id, parse, start, end)
        return self._asked_for(metadata_id, parse, start, end)

    def _asked_for(
        self, metadata_id: int, parse: Parser, start: float, end: float
    ) -> Iterator[StatePage]:
        """Yield the states of one entity by keyset pages, so nothing stays open in the database."""
        key: dict[str, Any] = {
            "metadata_id": metadata_id,
            "after_ts": start,
            "after_id": -1,
            "end": end,
            "size": self.first_page,
        }
        while True:
            with self.connect() as connection:
                most = _CACHED_PAGE if connection.dialect.name == "sqlite" else _LARGEST_PAGE
                # The driver's own rows: a wrapper around each takes longer than what is done here.
                rows = connection.execute(_PAGE, key).cursor.fetchall()
                if not rows:
                    return
                moments, numbers, states, attributes = zip(*rows, strict=True)
                values = self.units.values(connection, parse, states, attributes)
            yield moments, values
            if len(rows) < (size := key["size"]):
                return
            key["after_ts"], key["after_id"] = moments[-1], numbers[-1]
            key["size"] = min(size * 4, most, _LARGEST_PAGE)


def count_states(
    connection: Connection,
    entity_ids: Sequence[str],
    start: float | None = None,
    end: float | None = None,
) -> dict[str, int]:
    """Count the stored states per entity, from an index alone.

    Args:
        connection: to the recorder's database.
        entity_ids: entities without any state count 0.
        start: UTC seconds, included; None: from the first.
        end: UTC seconds, not included; None: to the last.

    """
    ids = _metadata_ids(connection, entity_ids)
    query = _COUNT.where(_OF_ENTITY)
    if start is not None:
        query = query.where(STATES.c.last_updated_ts >= start)
    if end is not None:
        query = query.where(STATES.c.last_updated_ts < end)
    return {
        entity_id: int(connection.execute(query, {"metadata_id": ids[entity_id]}).scalar() or 0)
        if entity_id in ids
        else 0
        for entity_id in entity_ids
    }


def last_seen(connection: Connection, entity_ids: Sequence[str]) -> dict[str, float]:
    """Return when each entity last got a known value (UTC seconds); never seen ones are absent."""
    found = {
        entity_id: connection.execute(_LAST_SEEN, {"metadata_id": metadata_id}).scalar()
        for entity_id, metadata_id in _metadata_ids(connection, entity_ids).items()
    }
    return {entity_id: moment for entity_id, moment in found.items() if moment is not None}


def _metadata_ids(connection: Connection, entity_ids: Iterable[str]) -> dict[str, int]:
    query = select(STATES_META.c.entity_id, STATES_META.c.metadata_id).where(
        STATES_META.c.entity_id.in_(list(entity_ids))
    )
    return {row.entity_id: row.metadata_id for row in connection.execute(query)}


class _Cursor:
    """The states of one entity on their way into blocks."""

    def __init__(self, slot: int, pages: Iterator[StatePage]) -> None:
        self._slot = slot
        self._pages = pages
        self._entries: list[Entry] = []
        self._finished = False

    def fill(self) -> None:
        """Fetch the next page when the last one is used up."""
        if self._entries or self._finished:
            return
        page = next(self._pages, None)
        if page is None:
            self._finished = True
        else:
            self._entries = list(zip(page[0], repeat(self._slot), page[1], strict=False))

    def horizon(self) -> float:
        """Return up to when (included) no further page can bring anything earlier."""
        return math.inf if self._finished else self._entries[-1][0]

    def move(self, block: list[Entry], horizon: float) -> None:
        """Hand over the entries up to the horizon."""
        entries = self._entries
        if not entries or entries[0][0] > horizon:
            return
        if entries[-1][0] <= horizon:
            block += entries
            self._entries = []
            return
        low = bisect_right(entries, horizon, key=_MOMENT)
        block += entries[:low]
        self._entries = entries[low:]
