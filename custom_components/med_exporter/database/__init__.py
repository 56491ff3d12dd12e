"""Tables of our own in the recorder's database: how they are made, written and read."""

from __future__ import annotations

from .access import (
    DatabaseUnavailableError,
    async_read,
    close_database,
    open_database,
    queue_work,
)
from .schema import LONG_TEXT, TABLE_OPTIONS, Schema

__all__ = [
    "LONG_TEXT",
    "TABLE_OPTIONS",
    "DatabaseUnavailableError",
    "Schema",
    "async_read",
    "close_database",
    "open_database",
    "queue_work",
]
