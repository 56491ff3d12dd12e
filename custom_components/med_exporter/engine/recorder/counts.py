"""How much the recorder holds of entities and statistics: counted once, then only what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, case, func, select

from ..database.recorder_tables import HOURS, HOURS_META, STATES, STATES_META
from ..lazy_dataclass import dataclass
from ..times import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnClause, Connection


# States may be written a little after younger ones, in seconds.
_SETTLED: Final = 60


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


class _Counted(NamedTuple):
    """What was held when it was counted, and how many of it until a moment that is settled."""

    held: Held
    settled: int
    until: float


class _Kind:
    """A table with rows of many series in order of time, and the table of their names."""

    def __init__(
        self,
        number: ColumnClause[int],
        at: ColumnClause[float],
        key: ColumnClause[int],
        name: ColumnClause[str],
    ) -> None:
        # Each is one step in the index; least and greatest would be a walk through all of it.
        own = select(at).where(number == key).correlate(key.table).limit(1)
        first, last = (own.order_by(order).scalar_subquery() for order in (at, at.desc()))
        self._edges = select(name, key, first, last).where(
            name.in_(bindparam("names", expanding=True))
        )
        settled = func.sum(case((at <= bindparam("until"), 1), else_=0))
        self._all = select(func.count(at), settled).where(number == bindparam("number"))
        self._new = (
            select(number, func.count(at), settled)
            .where(
                number.in_(bindparam("numbers", expanding=True)), at > bindparam("settled_until")
            )
            .group_by(number)
        )
        self._until = float("-inf")
        self._known: dict[str, _Counted] = {}

    def held(self, connection: Connection, names: Iterable[str]) -> dict[str, Held]:
        """Return what is held of some series, by name."""
        rows = connection.execute(self._edges, {"names": list(names)}).all()
        found = {name: Held(0, first, last) for name, _, first, last in rows}
        numbers = {name: number for name, number, _, last in rows if last is not None}
        if not numbers:
            return found
        settled_until = self._until
        newest = max(held.last or 0.0 for held in found.values())
        until = max(settled_until, newest - _SETTLED)
        counted = {
            name: known
            for name in numbers
            if (known := self._known.get(name)) is not None
            and known.until == settled_until
            and _goes_on(known.held, found[name])
        }
        if len(counted) < len(numbers) or any(
            known.held.last != found[name].last for name, known in counted.items()
        ):
            late = [numbers[name] for name in counted if (found[name].last or 0.0) > settled_until]
            new = dict.fromkeys(numbers.values(), (0, 0))
            asked = {"numbers": late, "settled_until": settled_until, "until": until}
            if late:
                for number, *counts in connection.execute(self._new, asked):
                    new[number] = (int(counts[0]), int(counts[1]))
            for name, number in numbers.items():
                if (known := counted.get(name)) is not None:
                    more, settled = (known.settled + one for one in new[number])
                else:
                    every = {"number": number, "until": until}
                    more, settled = map(int, connection.execute(self._all, every).one())
                held = Held(more, found[name].first, found[name].last)
                self._known[name] = _Counted(held, settled, until)
            self._until = until
        return found | {name: self._known[name].held for name in numbers}


def _goes_on(known: Held, now: Held) -> bool:
    """Tell whether rows have come at most. A purge takes the oldest, nobody knows how many."""
    return known.first == now.first and (known.last or 0.0) <= (now.last or 0.0)


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
