"""The integration's own tables in the recorder's database.

The recorder's migrations, purge and repack leave tables alone that they do not know, so rows
here live until this integration removes them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
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
from sqlalchemy.dialects import mysql, sqlite

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

SCHEMA_VERSION: Final = 1
SCHEMA_COMPONENT: Final = "history"

metadata: Final = MetaData()

# SQLite counts up by itself only for a column declared INTEGER.
_ROW_ID = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
# TEXT ends at 64 KB on MySQL and MariaDB.
_LONG_TEXT = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_unicode_ci",
}

schema_table: Final = Table(
    "med_exporter_schema",
    metadata,
    Column("component", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_ts", Double, nullable=False),
    **_TABLE_OPTIONS,
)

exports_table: Final = Table(
    "med_exporter_exports",
    metadata,
    Column("row_id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("trigger", String(32), nullable=False),
    Column("created_ts", Double, nullable=False),
    Column("started_ts", Double),
    Column("completed_ts", Double),
    Column("expires_ts", Double),
    Column("user_id", String(36)),
    Column("export_type", String(32)),
    Column("format", String(16)),
    Column("destination_id", String(36)),
    Column("destination", String(32)),
    Column("destination_name", String(255)),
    Column("records", BigInteger),
    Column("size", BigInteger),
    Column("error_code", String(64)),
    Column("error_message", _LONG_TEXT),
    Column("path", _LONG_TEXT),
    Column("request", _LONG_TEXT),
    Column("warnings", _LONG_TEXT),
    Column("downloads", Integer, nullable=False),
    Index("ix_med_exporter_exports_created_ts", "created_ts"),
    Index("ix_med_exporter_exports_destination_id_created_ts", "destination_id", "created_ts"),
    **_TABLE_OPTIONS,
)


def exports_table_exists(connection: Connection) -> bool:
    """Tell whether the table of exports has been made in this database yet."""
    return inspect(connection).has_table(exports_table.name)


def create_tables(connection: Connection) -> None:
    """Create what is missing and note the schema's version.

    Safe to run before every write: after a corruption the recorder goes on with an empty database.
    """
    metadata.create_all(connection, checkfirst=True)
    stored = connection.execute(
        select(schema_table.c.version).where(schema_table.c.component == SCHEMA_COMPONENT)
    ).scalar()
    values = {"version": SCHEMA_VERSION, "changed_ts": time.time()}
    if stored is None:
        connection.execute(insert(schema_table).values(component=SCHEMA_COMPONENT, **values))
    elif stored < SCHEMA_VERSION:
        connection.execute(
            update(schema_table)
            .where(schema_table.c.component == SCHEMA_COMPONENT)
            .values(**values)
        )
