"""Reading of the recorder's own tables, on SQLite, MariaDB and PostgreSQL.

Here `states` and `states_meta` are read, always through the index (metadata_id, last_updated_ts),
and the units of states in `state_attributes`; long-term statistics in `statistics.py`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import (
    BigInteger,
    Double,
    Integer,
    String,
    Text,
    bindparam,
    column,
    func,
    select,
    table,
)

from .units import factor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    type Connect = Callable[[], AbstractContextManager[Connection]]
    """Opens a connection for a moment: it is asked for anew for each page of rows."""

    type Entry = tuple[float, int, float | None]
    """A state: when (UTC seconds), slot of the entity, value or None when not known."""

NOT_KNOWN = ("unavailable", "unknown", "")
"""States that say nothing; the empty one is written when an entity is removed."""

_SWITCHED: dict[str | None, float] = {"on": 1.0, "off": 0.0}

_MOMENT = itemgetter(0)
_STATE = itemgetter(2)
_ATTRIBUTES_ID = itemgetter(3)

_SMALLEST_PAGE = 512
_MOST_UNITS = 10_000
"""Ids of attributes that are remembered."""
_LARGEST_PAGE = 8192
_CACHED_PAGE = 512
"""Of SQLite: where they lie is still in its cache when the device's next entity is read."""

_META = table("states_meta", column("metadata_id", BigInteger), column("entity_id", String))
_STATES = table(
    "states",
    column("state_id", BigInteger),
    column("metadata_id", BigInteger),
    column("last_updated_ts", Double),
    column("state", String),
    column("attributes_id", BigInteger),
)
_ATTRIBUTES = table(
    "state_attributes", column("attributes_id", BigInteger), column("shared_attrs", Text)
)
_ATTRIBUTES_OF = select(_ATTRIBUTES.c.attributes_id, _ATTRIBUTES.c.shared_attrs).where(
    _ATTRIBUTES.c.attributes_id.in_(bindparam("ids", expanding=True, type_=BigInteger))
)
_OF_ENTITY = _STATES.c.metadata_id == bindparam("metadata_id")

_PAGE = (
    select(_STATES.c.last_updated_ts, _STATES.c.state_id, _STATES.c.state, _STATES.c.attributes_id)
    .where(
        _OF_ENTITY,
        # Written so that every database makes one index range of it, unlike (a > x OR …).
        _STATES.c.last_updated_ts >= bindparam("after_ts"),
        (_STATES.c.last_updated_ts > bindparam("after_ts"))
        | (_STATES.c.state_id > bindparam("after_id")),
        _STATES.c.last_updated_ts < bindparam("end"),
    )
    .order_by(_STATES.c.last_updated_ts, _STATES.c.state_id)
    .limit(bindparam("size", type_=Integer))
)
_BEFORE = (
    select(_STATES.c.state, _STATES.c.attributes_id)
    .where(_OF_ENTITY, _STATES.c.last_updated_ts < bindparam("moment"))
    .order_by(_STATES.c.last_updated_ts.desc(), _STATES.c.state_id.desc())
)
_LAST_BEFORE = _BEFORE.limit(1)
_LAST_MOMENT_BEFORE = _LAST_BEFORE.with_only_columns(_STATES.c.last_updated_ts)
_LAST_KNOWN_BEFORE = (
    _BEFORE.where(_STATES.c.state.not_in(NOT_KNOWN))
    .limit(50)
    .offset(bindparam("skip", type_=Integer))
)
_OLDEST = select(func.min(_STATES.c.last_updated_ts))
_COUNT = select(func.count()).select_from(_STATES)
_LAST_SEEN = (
    select(_STATES.c.last_updated_ts)
    .where(_OF_ENTITY, _STATES.c.state.not_in(NOT_KNOWN))
    .order_by(_STATES.c.last_updated_ts.desc())
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
        self.units = _Units()

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
        return _scaled(parse(row.state), factors[row.attributes_id])

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
                found = [_scaled(parse(row.state), factors[row.attributes_id]) for row in states]
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
            _Cursor(self, metadata_id, slot, parse, start, end)
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


type Parser = Callable[[str | None], float | None]


def number(state: str | None) -> float | None:
    """Read a sensor's state; anything but a finite number is not known."""
    try:
        value = float(state)  # type: ignore[arg-type]  # None raises TypeError, as wanted
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Quantity:
    """Reads the states of a field that has a unit: what a file has is in the field's own."""

    field: str

    def __call__(self, state: str | None) -> float | None:
        """Return the number of a state, in the unit of the state."""
        return number(state)


class _Units:
    """What makes states values of their field's own unit, by the id of their attributes."""

    def __init__(self) -> None:
        self._known: dict[int | None, str | None] = {None: None}

    def factors(
        self, connection: Connection, parse: Parser, ids: Iterable[int | None]
    ) -> dict[int | None, float]:
        """Return the factors of states with these attributes."""
        if not isinstance(parse, Quantity):
            return dict.fromkeys(ids, 1)
        ids = list(ids)
        if new := [one for one in ids if one is not None and one not in self._known]:
            if len(self._known) > _MOST_UNITS:
                self._known = {None: None, **{one: self._known.get(one) for one in ids}}
            self._known |= dict.fromkeys(new, None)
            for number_, attributes in connection.execute(_ATTRIBUTES_OF, {"ids": new}):
                self._known[number_] = _unit(attributes)
        return {one: factor(parse.field, self._known.get(one)) for one in ids}


def _unit(attributes: str | None) -> str | None:
    try:
        unit = orjson.loads(attributes or "{}").get("unit_of_measurement")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return unit if isinstance(unit, str) else None


def _scaled(value: float | None, by: float) -> float | None:
    return value if value is None or by == 1 else value * by


def on_off(state: str | None) -> float | None:
    """Read the state of a switch or binary sensor as 1 (on) or 0 (off)."""
    return _SWITCHED.get(state)


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
        query = query.where(_STATES.c.last_updated_ts >= start)
    if end is not None:
        query = query.where(_STATES.c.last_updated_ts < end)
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
    query = select(_META.c.entity_id, _META.c.metadata_id).where(
        _META.c.entity_id.in_(list(entity_ids))
    )
    return {row.entity_id: row.metadata_id for row in connection.execute(query)}


class _Cursor:
    """The states of one entity: keyset pages, so nothing stays open in the database."""

    def __init__(
        self,
        recorder: Recorder,
        metadata_id: int,
        slot: int,
        parse: Parser,
        start: float,
        end: float,
    ) -> None:
        self._connect = recorder.connect
        self._units = recorder.units
        self._slot = slot
        self._parse = parse
        self._key: dict[str, Any] = {
            "metadata_id": metadata_id,
            "after_ts": start,
            "after_id": -1,
            "end": end,
            "size": recorder.first_page,
        }
        self._entries: list[Entry] = []
        self._finished = False

    def fill(self) -> None:
        """Fetch the next page when the last one is used up."""
        if self._entries or self._finished:
            return
        with self._connect() as connection:
            most = _CACHED_PAGE if connection.dialect.name == "sqlite" else _LARGEST_PAGE
            # The driver's own rows: a wrapper around each takes longer than what is done with it.
            rows = connection.execute(_PAGE, self._key).cursor.fetchall()
            factors = self._units.factors(connection, self._parse, set(map(_ATTRIBUTES_ID, rows)))
        self._finished = len(rows) < (size := self._key["size"])
        if rows:
            self._key["after_ts"], self._key["after_id"], *_ = rows[-1]
            self._key["size"] = min(size * 4, most, _LARGEST_PAGE)
        self._entries = self._parsed(rows, factors)

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

    def _parsed(self, rows: Sequence[Any], factors: Mapping[int | None, float]) -> list[Entry]:
        slot, parse = self._slot, self._parse
        one_unit = len(set(factors.values())) <= 1
        if one_unit and (parse is number or isinstance(parse, Quantity)):
            # Nearly every page holds numbers of one unit only; then no call per state is needed.
            try:
                values = list(map(float, map(_STATE, rows)))
            except (TypeError, ValueError):
                pass
            else:
                if math.isfinite(sum(values)):
                    by = next(iter(factors.values()), 1)
                    if by != 1:
                        values = [value * by for value in values]
                    return list(zip(map(_MOMENT, rows), repeat(slot), values, strict=False))
        return [
            (ts, slot, _scaled(parse(state), factors[attributes]))
            for ts, _, state, attributes in rows
        ]
