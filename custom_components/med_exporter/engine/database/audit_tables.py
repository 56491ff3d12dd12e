"""The audit log in the recorder's database: described once for all who use it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Double, Index, MetaData, String, Table

from .own_tables import LONG_TEXT, ROW_ID, TABLE_OPTIONS

metadata: Final = MetaData()

audit_table: Final = Table(
    "med_exporter_audit",
    metadata,
    Column("row_id", ROW_ID, primary_key=True, autoincrement=True),
    Column("time_ts", Double, nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("user_id", String(36)),
    Column("user_name", String(255)),
    Column("address", String(64)),
    Column("subject", String(255)),
    Column("details", LONG_TEXT, nullable=False),
    Index("ix_med_exporter_audit_time_ts", "time_ts"),
    **TABLE_OPTIONS,
)
"""The events: `time_ts` in UTC seconds, `details` a JSON object, the rest as in `AuditEvent`."""
