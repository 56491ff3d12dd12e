"""The table of the audit log, as a part of the recorder's database that is ours."""

from __future__ import annotations

from typing import Final

from ..database import Schema
from ..engine.database.audit_tables import metadata

SCHEMA: Final = Schema("audit", 1, metadata)
