"""What the states of entities are as values: numbers in the unit of a field, on and off."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import BigInteger, bindparam, select

from ..database.recorder_tables import ATTRIBUTES
from ..lazy_dataclass import dataclass
from .units import factor

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..database.connections import Connect

    type Parser = Callable[[str | None], float | None]


NOT_KNOWN = ("unavailable", "unknown", "")
"""States that say nothing; the empty one is written when an entity is removed."""

_SWITCHED: dict[str | None, float] = {"on": 1.0, "off": 0.0}
_MOST_UNITS = 10_000
"""Ids of attributes that are remembered."""

_MOST_VALUES = 10_000
"""Of one unit that are remembered."""

_ATTRIBUTES_OF = select(ATTRIBUTES.c.shared_attrs).where(
    ATTRIBUTES.c.attributes_id == bindparam("id", type_=BigInteger)
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


class ValuesOf(dict[str | None, float | None]):
    """The values of states in a field's own unit, each of which is read once.

    Args:
        parse: reads them.
        by: factor from their unit to that of the field.

    """

    def __init__(self, parse: Parser, by: float) -> None:
        super().__init__()
        self._parse = number if isinstance(parse, Quantity) else parse
        self._by = by

    def __missing__(self, state: str | None) -> float | None:
        """Read a state for the first time."""
        value = self._parse(state)
        if value is not None and self._by != 1:
            value *= self._by
        self[state] = value
        return value

    def forget(self) -> None:
        """Forget all when there are many."""
        if len(self) > _MOST_VALUES:
            self.clear()


class Units:
    """What makes states values of their field's own unit, by the id of their attributes.

    Args:
        connect: opens a connection to the recorder's database for a moment.

    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._units: dict[int, str | None] = {}
        self._values: dict[tuple[Parser, float], ValuesOf] = {}

    def values(self, parse: Parser, attributes: int | None) -> ValuesOf:
        """Return the values of states with these attributes."""
        by = 1.0
        if isinstance(parse, Quantity):
            by = factor(parse.field, None if attributes is None else self._unit(attributes))
        values = self._values.get((parse, by))
        if values is None:
            values = self._values[parse, by] = ValuesOf(parse, by)
        return values

    def forget(self) -> None:
        """Keep what is remembered small; now and then."""
        for values in self._values.values():
            values.forget()
        if len(self._units) > _MOST_UNITS:
            self._units.clear()

    def _unit(self, attributes: int) -> str | None:
        if attributes not in self._units:
            with self._connect() as connection:
                text = connection.execute(_ATTRIBUTES_OF, {"id": attributes}).scalar()
            self._units[attributes] = _unit(text)
        return self._units[attributes]


def _unit(attributes: str | None) -> str | None:
    try:
        unit = orjson.loads(attributes or "{}").get("unit_of_measurement")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return unit if isinstance(unit, str) else None


def on_off(state: str | None) -> float | None:
    """Read the state of a switch or binary sensor as 1 (on) or 0 (off)."""
    return _SWITCHED.get(state)
