"""Tables of our own in the recorder's database: how they are made, written and read."""

from __future__ import annotations

from ..engine.database.own_tables import LONG_TEXT, TABLE_OPTIONS
from .each import write_each
from .held import Held
from .migration import NewerFormatError
from .outcome import end_like, ignorable, succeeded
from .reading import async_read, async_read_by, async_read_recorder
from .schema import Schema
from .turns import queue_in_turn
from .unavailable import DatabaseUnavailableError
from .work import UndoneError, async_work_within, close_database, open_database, queue_work
from .write_ahead import WriteAhead

__all__ = [
    "LONG_TEXT",
    "TABLE_OPTIONS",
    "DatabaseUnavailableError",
    "Held",
    "NewerFormatError",
    "Schema",
    "UndoneError",
    "WriteAhead",
    "async_read",
    "async_read_by",
    "async_read_recorder",
    "async_work_within",
    "close_database",
    "end_like",
    "ignorable",
    "open_database",
    "queue_in_turn",
    "queue_work",
    "succeeded",
    "write_each",
]
