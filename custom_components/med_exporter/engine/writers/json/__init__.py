"""JSON."""

from __future__ import annotations

from ..format import Format, Package

_FILE = Package(".json", "application/json", compressible=True)

FORMAT = Format(
    id="json",
    name="JSON",
    description="JavaScript Object Notation",
    folder=__name__,
    single=_FILE,
    several=_FILE,
    options=frozenset({"timezone", "decimal_places"}),
)
