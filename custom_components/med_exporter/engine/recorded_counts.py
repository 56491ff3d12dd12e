"""How much the recorder holds of entities and statistics: counted once, then only what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from .recorder_tables import HOURS, HOURS_META, STATES, STATES_META
from .times import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnClause, Connection


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one entity or statistic.

    Attributes:
        count: how many states, or hours.
        first: UTC seconds of the oldest, None without any.
        last: UTC seconds of the newest; of statistics when its hour ends.

    """

    count: int = 0
    first: float | None = None
    last: float | None = None


class _Kind:
    """A table with rows of many series in order of time, and the table of their names."""

    def __init__(
        self,
        number: ColumnClause[int],
        at: ColumnClause[float],
        key: ColumnClause[int],
        name: ColumnClause[str],
    ) -> None:
        own = number == bindparam("number")
        self._numbers = select(name, key)
        self._name = name
        # Apart, each is one step in the index; together they are a walk through all of it.
        self._first, self._last = (select(edge(at)).where(own) for edge in (func.min, func.max))
        self._count = select(func.count(at)).where(own, at > bindparam("after"))
        self._known: dict[str, Held] = {}

    def held(self, connection: Connection, names: Iterable[str]) -> dict[str, Held]:
        """Return what is held of some series, by name."""
        query = self._numbers.where(self._name.in_(list(names)))
        return {name: self._held(connection, name, key) for name, key in connection.execute(query)}

    def _held(self, connection: Connection, name: str, number: int) -> Held:
        first = connection.execute(self._first, {"number": number}).scalar()
        last = connection.execute(self._last, {"number": number}).scalar()
        if first is None or last is None:
            return Held()
        known = self._known.get(name, Held())
        # A purge takes the oldest, and nobody knows how many.
        if known.first != first or known.last is None or known.last > last:
            known = Held(0, first, float("-inf"))
        if known.last != last:
            counted = {"number": number, "after": known.last}
            more = int(connection.execute(self._count, counted).scalar() or 0)
            known = self._known[name] = Held(known.count + more, first, last)
        return known


class RecordedCounts:
    """Counts of one recorder's database, which are kept between calls."""

    def __init__(self) -> None:
        rows, names = STATES.c, STATES_META.c
        self._states = _Kind(
            rows.metadata_id, rows.last_updated_ts, names.metadata_id, names.entity_id
        )
        rows, names = HOURS.c, HOURS_META.c
        self._hours = _Kind(rows.metadata_id, rows.start_ts, names.id, names.statistic_id)

    def states(self, connection: Connection, entity_ids: Iterable[str]) -> dict[str, Held]:
        """Return what is held of the states of entities; those never recorded are absent."""
        return self._states.held(connection, entity_ids)

    def hours(self, connection: Connection, statistic_ids: Iterable[str]) -> dict[str, Held]:
        """Return what is held of the hours of statistics; unknown ones are absent."""
        return {
            name: held if held.last is None else Held(held.count, held.first, held.last + HOUR)
            for name, held in self._hours.held(connection, statistic_ids).items()
        }
