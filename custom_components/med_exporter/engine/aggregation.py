"""How the readings of a period become one row, as SQL over the spool's tables.

A reading counts in every period in which its values hold, so a level that lasts for hours is known
in each of them. An amount belongs wholly to the period of its reading's timestamp; the energy of a
gap has been parted into readings of its own before (`filling.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import FIELDS, Function

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = "(min(reading.until, period.end) - max(reading.timestamp, period.start))"
"""For how long the values of a reading hold within a period."""

_INNER = {
    # Where all that is known lasted no time at all, the plain average is what is left.
    Function.AVERAGE: (
        f"coalesce(sum(reading.{{field}} * {_SECONDS})"
        f" / nullif(sum(CASE WHEN reading.{{field}} IS NOT NULL THEN {_SECONDS} END), 0),"
        " avg(reading.{field}))"
    ),
    # A value that only lasts into the period adds 0, which tells it from one that is not known.
    Function.SUM: "sum(reading.{field} * (period.id = reading.first_period))",
    Function.ANY: "max(reading.{field} AND period.id = reading.first_period)",
    # Ids ascend with time within a device.
    Function.LAST: "max(CASE WHEN reading.{field} IS NOT NULL THEN reading.id END)",
}
_OUTER = {
    Function.LAST: "(SELECT reading.{field} FROM reading WHERE reading.id = grouped_{field})",
}


def expressions(fields: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the columns of the grouping query, and of the query around it that gives the values.

    Args:
        fields: names of value fields, each with its default function.

    """
    inner, outer = [], []
    for name in fields:
        function = FIELDS[name].function
        if function is None:
            raise ValueError(name)
        inner.append(f"{_INNER[function].format(field=name)} AS grouped_{name}")
        outer.append(_OUTER.get(function, "grouped_{field}").format(field=name))
    return inner, outer
