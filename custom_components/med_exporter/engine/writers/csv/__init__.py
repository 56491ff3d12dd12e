"""CSV."""

from __future__ import annotations

from ..format import Format, Package

FORMAT = Format(
    id="csv",
    name="CSV",
    description="Comma-separated values",
    folder=__name__,
    single=Package(".csv", "text/csv", compressible=True),
    several=Package(".zip", "application/zip"),
    options=frozenset(
        {
            "include_headers",
            "timezone",
            "decimal_places",
            "locale",
            "delimiter",
            "machine_names",
        }
    ),
)
