"""What is written in large parts reaches SQLite's file beside the recorder's thread.

SQLite writes changed pages to a log, and whoever commits copies them to the file where the log has
a thousand: after each of many large parts the same pages again, while the recorder waits for the
disk. Here the log may grow for a while, and another thread copies it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..const import LOGGER
from .work import queue_work

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

# How long the log is when it is copied, in bytes: a few parts.
_LONG: Final = 64 * 2**20
# With so many pages whoever commits copies them: as SQLite has it, and where another thread copies
# them but has not.
_USUAL: Final = 1_000
_TOO_MANY: Final = 32_000


class WriteAhead:
    """Lets the log of the recorder's database grow while large parts are written.

    Where there is no such log, as in other databases, nothing happens.

    Args:
        hass: whose recorder.

    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._database: Path | None = None

    def let_grow(self, connection: Connection) -> None:
        """Let the log grow from now on. To be called in the recorder's thread, with each part."""
        if connection.dialect.name != "sqlite":
            return
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
            return
        _copied_from(connection, _TOO_MANY)
        if self._database is None:
            *_, file = connection.exec_driver_sql("PRAGMA database_list").first() or ("",)
            self._database = Path(file)

    async def async_copy(self, *, is_last: bool = False) -> None:
        """Copy the log where it is long, or is not going to grow any more; wait for that."""
        if self._database is not None:
            least = 1 if is_last else _LONG
            await self._hass.async_add_executor_job(_copy, self._database, least)

    def end(self, *, is_cut_off: bool = False) -> None:
        """Let whoever commits copy the log again, as usual.

        Where writing is cut off a part may be queued yet that lets the log grow.
        """
        if self._database is not None or is_cut_off:
            self._database = None
            queue_work(self._hass, None, _copied_as_usual)


def _copied_as_usual(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        _copied_from(connection, _USUAL)


def _copied_from(connection: Connection, pages: int) -> None:
    """Let whoever commits copy the log where it has so many pages."""
    connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {pages}").close()


def _copy(database: Path, least: int) -> None:
    """Copy the log to the file where it has so many bytes, and empty it unless others use it."""
    try:
        if database.with_name(f"{database.name}-wal").stat().st_size < least:
            return
        with closing(sqlite3.connect(database, timeout=0)) as connection:
            # Nobody waits for this, ...
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
            # ... and for what has come meanwhile, not for long.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    except (OSError, sqlite3.Error) as err:
        LOGGER.debug("The log of the database is not copied: %s", err)
