"""What the states of entities are as values: numbers in the unit of a field, on and off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson
from sqlalchemy import BigInteger, bindparam, select

from .recorder_tables import ATTRIBUTES
from .units import factor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    type Parser = Callable[[str | None], float | None]

    type StatePage = tuple[Sequence[float], Sequence[float | None]]
    """Some states of an entity, oldest first: when (UTC seconds), and values."""

NOT_KNOWN = ("unavailable", "unknown", "")
"""States that say nothing; the empty one is written when an entity is removed."""

_SWITCHED: dict[str | None, float] = {"on": 1.0, "off": 0.0}
_MOST_UNITS = 10_000
"""Ids of attributes that are remembered."""

_ATTRIBUTES_OF = select(ATTRIBUTES.c.attributes_id, ATTRIBUTES.c.shared_attrs).where(
    ATTRIBUTES.c.attributes_id.in_(bindparam("ids", expanding=True, type_=BigInteger))
)


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


class AtHand(Protocol):
    """States that need not be asked for; moments in UTC seconds, the start included."""

    def has(self, metadata_id: int, parse: Parser, start: float, end: float) -> bool:
        """Tell whether all states of an entity in a range are at hand."""

    def pages(
        self, metadata_id: int, parse: Parser, start: float, end: float
    ) -> Iterator[StatePage]:
        """Yield the states of an entity in a range, oldest first."""


class Units:
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

    def values(
        self,
        connection: Connection,
        parse: Parser,
        states: Sequence[str | None],
        attributes: Sequence[int | None],
    ) -> list[float | None]:
        """Return the values of states of one entity, in the field's own unit.

        Args:
            connection: to the recorder's database.
            parse: of the entity.
            states: as they are kept.
            attributes: per state the id of its attributes.

        """
        if parse is on_off:
            return list(map(_SWITCHED.get, states))
        factors = self.factors(connection, parse, set(attributes))
        one_unit = len(set(factors.values())) <= 1
        if one_unit and (parse is number or isinstance(parse, Quantity)):
            # Nearly always there are numbers of one unit only; then no call per state is needed.
            try:
                values: list[float | None] = list(map(float, states))  # type: ignore[arg-type]
            except (TypeError, ValueError):
                pass
            else:
                if math.isfinite(sum(values)):  # type: ignore[arg-type]
                    by = next(iter(factors.values()), 1)
                    return values if by == 1 else [value * by for value in values]  # type: ignore[operator]
        return [
            scaled(parse(state), factors[number_])
            for state, number_ in zip(states, attributes, strict=True)
        ]


def _unit(attributes: str | None) -> str | None:
    try:
        unit = orjson.loads(attributes or "{}").get("unit_of_measurement")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return unit if isinstance(unit, str) else None


def scaled(value: float | None, by: float) -> float | None:
    """Return a value in its field's own unit, None for None."""
    return value if value is None or by == 1 else value * by


def on_off(state: str | None) -> float | None:
    """Read the state of a switch or binary sensor as 1 (on) or 0 (off)."""
    return _SWITCHED.get(state)
