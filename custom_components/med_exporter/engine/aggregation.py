"""How the readings of a period become one row, as SQL over the spool's tables.

A reading counts in every period in which its values hold, so a level that lasts for hours is known
in each of them. An amount belongs wholly to the period of its reading's timestamp; the energy of a
gap has been parted into readings of its own before (`filling.py`), each of which counts as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import FIELDS, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .fields import Field

_SECONDS = "(min(reading.until, period.end) - max(reading.timestamp, period.start))"
"""For how long the values of a reading hold within a period."""

_OWN = "reading.measured AND period.id = reading.first_period"
"""Whether a reading was made in the period."""

_LASTING = {
    # Where all that is known lasted no time at all, the plain average is what is left.
    Function.AVERAGE: (
        f"coalesce(sum(reading.{{field}} * {_SECONDS})"
        f" / nullif(sum(CASE WHEN reading.{{field}} IS NOT NULL THEN {_SECONDS} END), 0),"
        " avg(reading.{field}))"
    ),
    Function.MIN: "min(reading.{field})",
    Function.MAX: "max(reading.{field})",
    # Ids ascend with time within a device.
    Function.FIRST: "min(CASE WHEN reading.{field} IS NOT NULL THEN reading.id END)",
    Function.LAST: "max(CASE WHEN reading.{field} IS NOT NULL THEN reading.id END)",
    Function.SUM: f"sum(CASE WHEN {_OWN} THEN reading.{{field}} END)",
    Function.COUNT: f"count(CASE WHEN {_OWN} THEN reading.{{field}} END)",
}
_MOMENTARY = {
    Function.AVERAGE: f"avg(CASE WHEN {_OWN} THEN reading.{{field}} END)",
    Function.MIN: f"min(CASE WHEN {_OWN} THEN reading.{{field}} END)",
    Function.MAX: f"max(CASE WHEN {_OWN} THEN reading.{{field}} END)",
    Function.FIRST: f"min(CASE WHEN {_OWN} AND reading.{{field}} IS NOT NULL THEN reading.id END)",
    Function.LAST: f"max(CASE WHEN {_OWN} AND reading.{{field}} IS NOT NULL THEN reading.id END)",
    # A value that only lasts into the period adds 0, which tells it from one that is not known.
    Function.SUM: "sum(reading.{field} * (period.id = reading.first_period))",
    Function.COUNT: f"count(CASE WHEN {_OWN} THEN reading.{{field}} END)",
    Function.ANY: "max(reading.{field} AND period.id = reading.first_period)",
}
_BY_ID = (Function.FIRST, Function.LAST)
_OF_ID = "(SELECT reading.{field} FROM reading WHERE reading.id = grouped_{field})"


def function_of(field: Field, asked: Mapping[str, str]) -> Function:
    """Return the function that makes a field's value of a period.

    Args:
        field: one that has a default function.
        asked: field name → function, where not the default.

    """
    if field.function is None:
        raise ValueError(field.name)
    return Function(asked.get(field.name, field.function))


def expressions(fields: Iterable[str], asked: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the columns of the grouping query, and of the query around it that gives the values.

    Args:
        fields: names of value fields.
        asked: field name → function, where not the default.

    """
    inner, outer = [], []
    for name in fields:
        field = FIELDS[name]
        function = function_of(field, asked)
        grouping = (_LASTING if field.lasts else _MOMENTARY)[function]
        inner.append(f"{grouping.format(field=name)} AS grouped_{name}")
        outer.append((_OF_ID if function in _BY_ID else "grouped_{field}").format(field=name))
    return inner, outer
