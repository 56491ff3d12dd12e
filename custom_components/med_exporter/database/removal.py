"""The end of the tables: all of them go when nobody needs them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import MetaData, Table, inspect

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

PREFIX: Final = "med_exporter_"
"""What the names of all tables of this integration begin with."""


def drop_tables(connection: Connection) -> int:
    """Drop every table of this integration, of whatever version, and return how many these were."""
    names = [name for name in inspect(connection).get_table_names() if name.startswith(PREFIX)]
    for name in names:
        Table(name, MetaData()).drop(connection)
    return len(names)
