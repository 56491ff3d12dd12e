"""What stands behind the check of a formula: what SQLite lets a statement do, and for how long."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ..errors import ErrorCode, ExportError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

DEFAULT_SECONDS: Final = 120.0
_INSTRUCTIONS: Final = 10_000
"""Of SQLite's machine between two looks at the clock: some tens of microseconds."""
_FUNCTIONS: Final = frozenset(
    (
        "abs",
        "avg",
        "coalesce",
        "count",
        "max",
        "min",
        "nullif",
        "sum",
        "formula_date",
        "formula_hour",
        "formula_modulo",
        "formula_round",
    )
)


@contextmanager
def guard(
    connection: sqlite3.Connection,
    tables: Collection[str],
    seconds: float = DEFAULT_SECONDS,
) -> Iterator[None]:
    """Let the connection only read these tables, with a formula's functions, for a limited time.

    Statements that were prepared before are let be. It holds for one connection once at a time.

    Args:
        connection: of the spool; nothing else may use it meanwhile.
        tables: names of those that may be read.
        seconds: for everything within the context.

    Raises:
        ExportError: `FORMULA_TOO_EXPENSIVE`.

    """
    allowed = frozenset(tables)
    end = time.monotonic() + seconds
    late = False

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        # Where no column is read, as in count(*), SQLite gives an empty name.
        if action == sqlite3.SQLITE_READ and first in allowed:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def is_late() -> bool:
        nonlocal late
        late = time.monotonic() > end
        return late

    connection.set_authorizer(authorize)
    connection.set_progress_handler(is_late, _INSTRUCTIONS)
    try:
        yield
    except sqlite3.OperationalError as err:
        if not late:
            raise
        raise ExportError(
            ErrorCode.FORMULA_TOO_EXPENSIVE, f"The custom fields take more than {seconds:g} seconds"
        ) from err
    finally:
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
