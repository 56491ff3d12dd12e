"""PDF."""

from __future__ import annotations

from ..format import Format, Package

_FILE = Package(".pdf", "application/pdf")

FORMAT = Format(
    id="pdf",
    name="PDF",
    description="Portable Document Format, laid out for reading",
    folder=__name__,
    single=_FILE,
    several=_FILE,
    options=frozenset({"timezone", "decimal_places", "locale"}),
    document=True,
    charts=True,
    on_pages=True,
)
