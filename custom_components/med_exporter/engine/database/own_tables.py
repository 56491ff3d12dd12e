"""What all tables of the integration's own in the recorder's database have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import TableClause
    from sqlalchemy.engine import Connection

# TEXT ends at 64 KB on MySQL and MariaDB.
LONG_TEXT: Final = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
# SQLite counts up by itself only for a column declared INTEGER.
ROW_ID: Final = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_unicode_ci",
}

versions_table: Final = Table(
    "med_exporter_schema",
    MetaData(),
    Column("component", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_ts", Double, nullable=False),
    **TABLE_OPTIONS,
)
"""Which version each component's tables have."""


def exists(connection: Connection, table: TableClause) -> bool:
    """Tell whether a table, the integration's own or the recorder's, is in this database."""
    return inspect(connection).has_table(table.name)


def stored_version(connection: Connection, component: str) -> int | None:
    """Return the version of a component's tables in this database, None where none is noted."""
    if not exists(connection, versions_table):
        return None
    here = versions_table.c.component == component
    return connection.execute(select(versions_table.c.version).where(here)).scalar()
