"""The table of exports, as a part of the recorder's database that is ours."""

from __future__ import annotations

from typing import Final

from ..database import Schema
from ..engine.database.history_tables import metadata

SCHEMA: Final = Schema("history", 1, metadata)
