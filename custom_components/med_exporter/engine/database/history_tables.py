"""The history of pushes and files in the recorder's database: described once for all who use it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table

from .own_tables import LONG_TEXT, ROW_ID, TABLE_OPTIONS

metadata: Final = MetaData()

exports_table: Final = Table(
    "med_exporter_exports",
    metadata,
    Column("row_id", ROW_ID, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("trigger", String(32), nullable=False),
    Column("created_ts", Double, nullable=False),
    Column("started_ts", Double),
    Column("completed_ts", Double),
    Column("expires_ts", Double),
    Column("user_id", String(36)),
    Column("export_type", String(32)),
    Column("format", String(16)),
    Column("destination_id", String(36)),
    Column("destination", String(32)),
    Column("destination_name", String(255)),
    Column("records", BigInteger),
    Column("size", BigInteger),
    Column("error_code", String(64)),
    Column("error_message", LONG_TEXT),
    Column("path", LONG_TEXT),
    Column("request", LONG_TEXT),
    Column("warnings", LONG_TEXT),
    Column("downloads", Integer, nullable=False),
    Index("ix_med_exporter_exports_created_ts", "created_ts"),
    Index("ix_med_exporter_exports_destination_id_created_ts", "destination_id", "created_ts"),
    **TABLE_OPTIONS,
)
"""Pushes and files; moments in UTC seconds, `request` and `warnings` as JSON."""
