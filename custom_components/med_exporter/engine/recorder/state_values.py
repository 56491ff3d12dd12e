"""What the states of entities are as values: numbers in the unit of a field, on and off."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

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
_MOST_SHAPES = 10_000
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
        only_grows: whether they are of a counter that shows nothing below 0.

    """

    def __init__(self, parse: Parser, by: float, *, only_grows: bool = False) -> None:
        super().__init__()
        self._parse = number if isinstance(parse, Quantity) else parse
        self._by = by
        self._only_grows = only_grows

    def __missing__(self, state: str | None) -> float | None:
        """Read a state for the first time."""
        value = self._parse(state)
        if value is not None and self._only_grows and value < 0:
            # Home Assistant's statistics leave it out.
            value = None
        if value is not None and self._by != 1:
            value *= self._by
        self[state] = value
        return value

    def forget(self) -> None:
        """Forget all when there are many."""
        if len(self) > _MOST_VALUES:
            self.clear()


class Counting(NamedTuple):
    """How a counter counts, as its states describe it.

    `may_fall` is what a `total` may, and a `total_increasing` may not; the former says itself when
    it has begun anew: `last_reset` (UTC seconds), None where it says nothing.
    """

    may_fall: bool = False
    last_reset: float | None = None


_GROWING: Final = Counting()


class Shape(NamedTuple):
    """What attributes say of states."""

    unit: str | None = None
    counting: Counting = _GROWING
    only_grows: bool = False


_NO_SHAPE: Final = Shape()


class Units:
    """What makes states values of their field's own unit, by the id of their attributes.

    Args:
        connect: opens a connection to the recorder's database for a moment.

    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._shapes: dict[int, Shape] = {}
        self._values: dict[tuple[Parser, float, bool], ValuesOf] = {}

    def values(self, parse: Parser, attributes: int | None) -> ValuesOf:
        """Return the values of states with these attributes."""
        by, only_grows = 1.0, False
        if isinstance(parse, Quantity):
            shape = _NO_SHAPE if attributes is None else self._shape(attributes)
            by, only_grows = factor(parse.field, shape.unit), shape.only_grows
        values = self._values.get((parse, by, only_grows))
        if values is None:
            values = ValuesOf(parse, by, only_grows=only_grows)
            self._values[parse, by, only_grows] = values
        return values

    def counting(self, attributes: int | None) -> Counting:
        """Return how what has states with these attributes counts."""
        return _GROWING if attributes is None else self._shape(attributes).counting

    def forget(self) -> None:
        """Keep what is remembered small; now and then."""
        for values in self._values.values():
            values.forget()
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.clear()

    def _shape(self, attributes: int) -> Shape:
        if attributes not in self._shapes:
            with self._connect() as connection:
                text = connection.execute(_ATTRIBUTES_OF, {"id": attributes}).scalar()
            self._shapes[attributes] = _shape(text)
        return self._shapes[attributes]


def _shape(attributes: str | None) -> Shape:
    try:
        told = orjson.loads(attributes or "{}")
        unit, state_class = told.get("unit_of_measurement"), told.get("state_class")
    except (orjson.JSONDecodeError, AttributeError):
        return _NO_SHAPE
    counting = _GROWING
    if state_class == "total":
        counting = Counting(may_fall=True, last_reset=_moment(told.get("last_reset")))
    return Shape(
        unit if isinstance(unit, str) else None, counting, state_class == "total_increasing"
    )


def _moment(told: object) -> float | None:
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    # Without an offset it is in no zone that is known here, and the same one each time.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def on_off(state: str | None) -> float | None:
    """Read the state of a switch or binary sensor as 1 (on) or 0 (off)."""
    return _SWITCHED.get(state)
