"""Connections to the recorder's database that cannot change it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..errors import ErrorCode, ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

    type Connect = Callable[[], AbstractContextManager[Connection]]
    """Opens a connection for a moment: it is asked for anew for each page of rows."""

_CONNECT_TIMEOUT = 30
"""Seconds."""
_BUSY_TIMEOUT = 60
"""Seconds to wait while somebody else locks a SQLite database."""

_FIRST = {
    "postgresql": (
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        # Where an entity's states seem far apart, it would look for them among those of all.
        "SET random_page_cost = 1.1",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
}
"""What a server is told when a connection to it begins."""
_TIMEOUT_BY_CONNECT_TIMEOUT = {"psycopg2", "psycopg", "pymysql", "mysqldb"}


@contextmanager
def read_only(url: str | URL) -> Iterator[Connect]:
    """Give a way to connect to a database for reading; everything is closed at the end.

    Args:
        url: SQLAlchemy URL of a SQLite file, MariaDB, MySQL or PostgreSQL.

    Raises:
        ExportError: the URL cannot be used, or the driver that it names is not installed.

    """
    try:
        parsed = make_url(url)
        engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _server(parsed)
    except (ImportError, SQLAlchemyError) as err:
        raise ExportError(ErrorCode.DATABASE_ERROR, f"The database cannot be used: {err}") from err
    try:
        yield engine.connect
    finally:
        engine.dispose()


def secrets_of(url: str) -> list[str]:
    """Return the texts that must not be shown: the URL and its password, longest first."""
    try:
        parsed = make_url(url)
    except Exception:  # noqa: BLE001  # a URL that nobody can read is a secret as a whole
        return [url]
    secrets = [url, parsed.render_as_string(hide_password=False)]
    if parsed.password:
        secrets += [str(parsed.password), quote(str(parsed.password), safe="")]
    return sorted({secret for secret in secrets if secret}, key=len, reverse=True)


def _sqlite(url: URL) -> Engine:
    path = url.database or ""
    target = path if path.startswith("file:") else f"file:{quote(path)}"
    target += ("&" if "?" in target else "?") + "mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(target, uri=True, timeout=_BUSY_TIMEOUT, check_same_thread=False)

    return create_engine(
        "sqlite://", creator=connect, isolation_level="AUTOCOMMIT", poolclass=QueuePool
    )


def _server(url: URL) -> Engine:
    arguments = {}
    if url.get_driver_name() in _TIMEOUT_BY_CONNECT_TIMEOUT and "connect_timeout" not in url.query:
        arguments["connect_timeout"] = _CONNECT_TIMEOUT
    # No transaction: a snapshot that is held for minutes would hold up the database's own cleaning.
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True, connect_args=arguments
    )
    statements = _FIRST[url.get_backend_name()]

    @event.listens_for(engine, "connect")
    def _begin(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    return engine
