"""Reading of the recorder's own tables, on SQLite, MariaDB and PostgreSQL.

Here `states` and `states_meta` are read, always through the index (metadata_id, last_updated_ts);
many entities at once in `by_time.py`, units in `state_values.py`, statistics in `statistics.py`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Integer, bindparam, func, select

from ..database.recorder_tables import STATES, STATES_META
from ..readings.merging import merged
from .dating import well_dated
from .manner import USUAL, Manner
from .state_values import NOT_KNOWN, Units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

    from ..database.connections import Connect
    from ..readings.part import Second
    from .dating import Misdated
    from .state_values import Parser

    type State = tuple[float, int, str | None, int | None]
    """When (UTC seconds), the recorder's id of the entity, as it is kept, id of its attributes."""

_MOMENT = itemgetter(0)

_SMALLEST_PAGE = 512
_LEAST_PAGE = 64
_MOST_AT_ONCE = 65_536
"""States that may be in memory at once."""
_CACHED_PAGE = 512
"""Of SQLite: where they lie is still in its cache when the device's next entity is read."""

_OF_ENTITY = STATES.c.metadata_id == bindparam("metadata_id")
_BETWEEN = (
    _OF_ENTITY,
    STATES.c.last_updated_ts >= bindparam("start"),
    STATES.c.last_updated_ts < bindparam("end"),
)

STATE = (
    STATES.c.last_updated_ts, STATES.c.metadata_id, STATES.c.state, STATES.c.attributes_id,
)  # fmt: skip
_PAGE = (
    select(*STATE)
    .where(*_BETWEEN)
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
    _BEFORE.add_columns(STATES.c.last_updated_ts)
    .where(STATES.c.state.not_in(NOT_KNOWN))
    .limit(50)
    .offset(bindparam("skip", type_=Integer))
)
_OLDEST = select(func.min(STATES.c.last_updated_ts))
_FIRST_BETWEEN = _OLDEST.where(
    _OF_ENTITY,
    STATES.c.last_updated_ts > bindparam("start"),
    STATES.c.last_updated_ts < bindparam("end"),
)
_OLDEST_OF = _OLDEST.where(_OF_ENTITY)
_MOMENTS_BETWEEN = (
    select(STATES.c.last_updated_ts)
    .where(*_BETWEEN)
    .order_by(STATES.c.last_updated_ts)
    .limit(1)
    .offset(bindparam("skip", type_=Integer))
)
_COUNT_BETWEEN = select(func.count()).select_from(STATES).where(*_BETWEEN)
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
        dates_checked: states of a counter among which misdated ones are looked for inside a range,
            the first ones; fewer than all where few of many are wanted.
        manner: how they are read.
        second: lets a second process read a part of many, where there may be one.

    """

    def __init__(
        self,
        connect: Connect,
        first_page: int | None = None,
        *,
        dates_checked: float = math.inf,
        manner: Manner = USUAL,
        second: Second | None = None,
    ) -> None:
        self.connect = connect
        self.second = second
        self.dates_checked = dates_checked
        self.manner = manner
        self.first_page = min(first_page or _SMALLEST_PAGE, manner.page)
        self._largest_page = manner.page
        self._ids: dict[str, int] = {}
        self._asked: set[str] = set()
        self.units = Units(connect)

    def read_side_by_side(self, entities: int) -> None:
        """Take so many entities' pages small enough to be in memory together, from now on."""
        each = max(_MOST_AT_ONCE // max(entities, 1), _LEAST_PAGE)
        self._largest_page = min(each, self.manner.page)
        self.first_page = min(self.first_page, self._largest_page)

    def metadata_ids(self, entity_ids: Sequence[str]) -> dict[str, int]:
        """Return the recorder's id of each entity that it knows; it is asked once for each."""
        if asked := set(entity_ids) - self._asked:
            with self.connect() as connection:
                self._ids |= _metadata_ids(connection, asked)
            self._asked |= asked
        return {one: self._ids[one] for one in entity_ids if one in self._ids}

    def counts(self, metadata_ids: Iterable[int], start: float, end: float) -> dict[int, int]:
        """Return how many states some entities have in a range, from an index alone."""
        with self.connect() as connection:
            return {
                number_: connection.execute(
                    _COUNT_BETWEEN, {"metadata_id": number_, "start": start, "end": end}
                ).scalar_one()
                for number_ in metadata_ids
            }

    def first_beyond(
        self, metadata_ids: Iterable[int], count: int, start: float, end: float
    ) -> float:
        """Return when any of some entities has a state after so many others in a range.

        Infinity where none has so many. It is told by an index alone.
        """
        wanted = {"skip": count, "start": start, "end": end}
        with self.connect() as connection:
            found = [
                connection.execute(_MOMENTS_BETWEEN, {**wanted, "metadata_id": number}).scalar()
                for number in metadata_ids
            ]
        return min((ts for ts in found if ts is not None), default=math.inf)

    def oldest(self, metadata_ids: Iterable[int] | None = None) -> float | None:
        """Return when the oldest state of some entities was written, of any when not given."""
        with self.connect() as connection:
            if metadata_ids is None:
                return connection.execute(_OLDEST).scalar()
            found = [
                connection.execute(_OLDEST_OF, {"metadata_id": number}).scalar()
                for number in metadata_ids
            ]
        return min((ts for ts in found if ts is not None), default=None)

    def moment_before(
        self, metadata_ids: Iterable[int], moment: float, misdated: Sequence[Misdated] = ()
    ) -> float | None:
        """Return when the last state of any of some entities was written before a moment.

        What is `misdated` is left out, here and below.
        """
        query = _LAST_MOMENT_BEFORE.where(*well_dated(misdated))
        with self.connect() as connection:
            found = [
                connection.execute(query, {"metadata_id": metadata_id, "moment": moment}).scalar()
                for metadata_id in metadata_ids
            ]
        return max((ts for ts in found if ts is not None), default=None)

    def value_before(
        self, metadata_id: int, moment: float, parse: Parser, misdated: Sequence[Misdated] = ()
    ) -> float | None:
        """Return the value in force just before a moment, None when not known."""
        query = _LAST_BEFORE.where(*well_dated(misdated))
        with self.connect() as connection:
            row = connection.execute(query, {"metadata_id": metadata_id, "moment": moment}).first()
        return None if row is None else self.units.values(parse, row.attributes_id)[row.state]

    def first_moment_between(self, metadata_id: int, start: float, end: float) -> float | None:
        """Return when the first state after a moment and before another was written."""
        with self.connect() as connection:
            return connection.execute(
                _FIRST_BETWEEN, {"metadata_id": metadata_id, "start": start, "end": end}
            ).scalar()

    def last_number_before(
        self, metadata_id: int, moment: float, parse: Parser, misdated: Sequence[Misdated] = ()
    ) -> tuple[float, float, int | None] | None:
        """Return the last number before a moment, however long ago, and when it came.

        And the id of its attributes.
        """
        query = _LAST_KNOWN_BEFORE.where(*well_dated(misdated))
        skip = 0
        while True:
            with self.connect() as connection:
                states = connection.execute(
                    query, {"metadata_id": metadata_id, "moment": moment, "skip": skip}
                ).fetchall()
            for row in states:
                value = self.units.values(parse, row.attributes_id)[row.state]
                if value is not None:
                    return value, row.last_updated_ts, row.attributes_id
            if not states:
                return None
            skip += len(states)

    def states(
        self,
        metadata_ids: Iterable[int],
        start: float,
        end: float,
        misdated: Sequence[Misdated] = (),
    ) -> Iterator[list[State]]:
        """Yield the states of several entities by time, in blocks of a bounded size.

        Those of the same moment come by their entities, and in the order of writing.

        Args:
            metadata_ids: the recorder's ids of the entities.
            start: UTC seconds, included.
            end: UTC seconds, not included.
            misdated: what is left out.

        """
        page = _PAGE.where(*well_dated(misdated))
        return merged(
            [self._states_of(number_, start, end, page) for number_ in sorted(set(metadata_ids))]
        )

    def _states_of(
        self, metadata_id: int, start: float, end: float, page: Select[Any]
    ) -> Iterator[list[State]]:
        wanted = {"metadata_id": metadata_id, "start": start, "end": end}
        for rows, _ in pages(self.connect, page, wanted, self.first_page, self._largest_page):
            yield rows


def pages(
    connect: Connect, query: Select[Any], wanted: Mapping[str, Any], size: int, largest: int
) -> Iterator[tuple[list[State], float]]:
    """Yield states a page at a time, so that nothing stays open in the database.

    Args:
        connect: opens a connection for a moment.
        query: gives `STATE` by time; takes `start`, `end` and the `size` of a page.
        wanted: its parameters, without the size.
        size: of the first page.
        largest: of the pages behind it, which grow.

    Yields:
        States, of each moment all or none, and up to when (UTC seconds, not included).

    """
    start = wanted["start"]
    while True:
        with connect() as connection:
            # The driver's own rows: a wrapper around each takes longer than what is done here.
            cursor = connection.execute(query, {**wanted, "start": start, "size": size}).cursor
            rows = cast("list[State]", cursor.fetchall())
            most = min(_CACHED_PAGE, largest) if connection.dialect.name == "sqlite" else largest
        if len(rows) < size:
            yield rows, wanted["end"]
            return
        if whole := bisect_left(rows, rows[-1][0], key=_MOMENT):
            start = rows[-1][0]
            yield rows[:whole], start
            size = max(size, min(size * 4, most))
        else:
            size *= 2


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
