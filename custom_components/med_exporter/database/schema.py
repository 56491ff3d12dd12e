"""The integration's own tables in the recorder's database.

The recorder's migrations, purge and repack leave tables alone that they do not know, so rows
there live until this integration removes them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import mysql

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# TEXT ends at 64 KB on MySQL and MariaDB.
LONG_TEXT: Final = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_unicode_ci",
}

_versions: Final = Table(
    "med_exporter_schema",
    MetaData(),
    Column("component", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_ts", Double, nullable=False),
    **TABLE_OPTIONS,
)
"""Which version each component's tables have: one row for each `Schema`."""


class Schema:
    """The tables of one component, and their version.

    Args:
        component: its name in the table of versions.
        version: of the tables as they are described now.
        metadata: the tables.
        needs: another component's schema, whose tables are worked on as well.

    """

    def __init__(
        self, component: str, version: int, metadata: MetaData, *, needs: Schema | None = None
    ) -> None:
        self._component = component
        self._version = version
        self._metadata = metadata
        self._needs = needs

    def exists(self, connection: Connection) -> bool:
        """Tell whether the tables have been made in this database yet."""
        inspector = inspect(connection)
        return all(inspector.has_table(name) for name in self._metadata.tables)

    def create(self, connection: Connection) -> None:
        """Create what is missing and note the version.

        Safe to run before every write: after a corruption the recorder goes on with an empty
        database.
        """
        if self._needs is not None:
            self._needs.create(connection)
        _versions.create(connection, checkfirst=True)
        self._metadata.create_all(connection, checkfirst=True)
        here = _versions.c.component == self._component
        stored = connection.execute(select(_versions.c.version).where(here)).scalar()
        values = {"version": self._version, "changed_ts": time.time()}
        if stored is None:
            connection.execute(insert(_versions).values(component=self._component, **values))
        elif stored < self._version:
            connection.execute(update(_versions).where(here).values(**values))
