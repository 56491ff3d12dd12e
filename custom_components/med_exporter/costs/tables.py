"""The tables of costs, as a part of the recorder's database that is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from ..database import Schema
from ..engine.cost_tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_COMPUTED: Final = ("med_exporter_costs", "med_exporter_pricings")
"""Tables of the first version, which kept what can be computed."""


def drop_computed(connection: Connection) -> bool:
    """Drop the tables of the first version."""
    inspector = inspect(connection)
    for name in _COMPUTED:
        if inspector.has_table(name):
            connection.execute(text(f"DROP TABLE {name}"))
    return True


SCHEMA: Final = Schema("costs", 2, metadata, migrations={1: drop_computed})
