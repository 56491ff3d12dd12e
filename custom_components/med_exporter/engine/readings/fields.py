"""The fields of a reading: their kinds, precision and place in aggregation."""

from __future__ import annotations

from enum import StrEnum

from ..lazy_dataclass import dataclass


class Kind(StrEnum):
    """How a value is to be understood, whatever the file's format."""

    TIME = "time"
    """Seconds since 1970 in UTC."""
    TEXT = "text"
    NUMBER = "number"
    """A level, such as power: each value is rounded by itself."""
    AMOUNT = "amount"
    """A share of a total, such as energy: rounded so that the shares still add up."""
    FLAG = "flag"


class Function(StrEnum):
    """How the readings of a period become one value; unknown values are passed over."""

    AVERAGE = "average"
    """Of a level weighted by the time for which each value held, else of the readings."""
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    FIRST = "first"
    LAST = "last"
    COUNT = "count"
    """How many readings of the period know the value."""
    ANY = "any"
    """Whether it is so of any reading whose amounts belong to the period."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a reading.

    Attributes:
        name: as in requests and files.
        kind: of a raw value.
        decimals: digits after the point when the user asks for none in particular.
        function: default for a period; None for a field that names the row.
        for_programs: whether people read it on a page only when they ask for it.

    """

    name: str
    kind: Kind
    decimals: int = 0
    function: Function | None = None
    for_programs: bool = False

    @property
    def lasts(self) -> bool:
        """Tell whether a value holds until the next reading, and does not belong to one moment."""
        return self.function in (Function.AVERAGE, Function.LAST)

    def of_period(self, function: Function) -> tuple[Kind, int]:
        """Return kind and decimals of what a function makes of the field."""
        if function is Function.COUNT:
            return Kind.NUMBER, 0
        if self.kind is Kind.FLAG:
            if function is Function.AVERAGE:
                return Kind.NUMBER, 4
            return (Kind.NUMBER, 0) if function is Function.SUM else (Kind.FLAG, 0)
        if self.kind is Kind.AMOUNT and function is not Function.SUM:
            return Kind.NUMBER, self.decimals
        return self.kind, self.decimals


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("timestamp", Kind.TIME),
        Field("device_id", Kind.TEXT, for_programs=True),
        Field("device_ip", Kind.TEXT, for_programs=True),
        Field("device_name", Kind.TEXT),
        Field("power_w", Kind.NUMBER, 2, Function.AVERAGE),
        # A plug counts in Wh or finer; six digits keep a single poll of a small load.
        Field("energy_kwh", Kind.AMOUNT, 6, Function.SUM),
        Field("energy_total_kwh", Kind.NUMBER, 6, Function.LAST),
        Field("voltage", Kind.NUMBER, 2, Function.AVERAGE),
        Field("current", Kind.NUMBER, 3, Function.AVERAGE),
        Field("cost", Kind.AMOUNT, 6, Function.SUM),
        Field("is_on", Kind.FLAG, 0, Function.AVERAGE),
        Field("filled", Kind.FLAG, 0, Function.ANY),
        Field("from_statistics", Kind.FLAG, 0, Function.ANY),
    )
}
"""Every field of a reading, in the order of the documentation."""

ENTITY_FIELDS = ("power_w", "voltage", "current", "energy_total_kwh", "is_on")
"""The fields that an entity's states give."""

MAX_DECIMALS = 10
