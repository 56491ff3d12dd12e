"""Tables of our own in the recorder's database: how they are made, written and read."""

from __future__ import annotations

from ..engine.database.own_tables import LONG_TEXT, TABLE_OPTIONS
from .access import (
    DatabaseUnavailableError,
    async_read,
    async_read_by,
    async_read_recorder,
    async_work_within,
    close_database,
    open_database,
    queue_work,
)
from .each import write_each
from .migration import NewerFormatError
from .schema import Schema

__all__ = [
    "LONG_TEXT",
    "TABLE_OPTIONS",
    "DatabaseUnavailableError",
    "NewerFormatError",
    "Schema",
    "async_read",
    "async_read_by",
    "async_read_recorder",
    "async_work_within",
    "close_database",
    "open_database",
    "queue_work",
    "write_each",
]
