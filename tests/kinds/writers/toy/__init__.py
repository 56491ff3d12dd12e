"""A format that nobody needs: a table as lines with bars."""

from __future__ import annotations

from ..format import Format, Package

_FILE = Package(".toy", "text/x-toy", compressible=True)

FORMAT = Format(
    id="toy",
    name="Toy",
    description="Lines with bars",
    folder=__name__,
    single=_FILE,
    several=_FILE,
    options=frozenset({"timezone", "locale"}),
)
