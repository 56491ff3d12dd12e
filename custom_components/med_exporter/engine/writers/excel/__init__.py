"""Excel."""

from __future__ import annotations

from ..format import Format, Package

_FILE = Package(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")

FORMAT = Format(
    id="excel",
    name="Excel",
    description="Microsoft Excel workbook",
    folder=__name__,
    single=_FILE,
    several=_FILE,
    options=frozenset({"timezone", "decimal_places", "locale"}),
    document=True,
)
