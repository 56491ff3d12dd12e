"""What stands in the recorder's SQLite file of a Home Assistant, looked at from outside."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


def ask(database: Path, question: str) -> list[tuple[Any, ...]]:
    """Return the rows of a question; none while there is no such table."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return connection.execute(question).fetchall()
        except sqlite3.OperationalError as err:
            if "no such table" not in str(err):
                raise
            return []


def kept(database: Path) -> int:
    """Return the bytes of what a database holds, without what is free in it."""
    pages, free, size = (
        ask(database, f"PRAGMA {name}")[0][0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def is_written(database: Path, plugs: int) -> bool:
    """Tell whether the sums of all plugs are in the long-term statistics, up to the last hour."""
    dirty = [row[0] for row in ask(database, "SELECT dirty_from_ts FROM med_exporter_sums")]
    return len(dirty) > plugs and min(dirty) >= time.time() // 3600 * 3600 - 3600


class Lateness:
    """How long ago the probe's latest recorded state was set, at most, in seconds."""

    def __init__(self) -> None:
        self.worst = 0.0


@asynccontextmanager
async def watched_states(database: Path) -> AsyncGenerator[Lateness]:
    """Look all the while how long a state, set every second, takes to be recorded."""
    late = Lateness()
    newest = (
        "SELECT MAX(last_updated_ts) FROM states WHERE metadata_id ="
        " (SELECT metadata_id FROM states_meta WHERE entity_id = 'sensor.second')"
    )

    async def watch() -> None:
        while True:
            asked = time.time()
            ((at,),) = await asyncio.to_thread(ask, database, newest) or [(None,)]
            # The next one is set a second after it.
            late.worst = max(late.worst, asked - (at or asked) - 1)
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    try:
        yield late
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
