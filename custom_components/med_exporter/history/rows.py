"""Records of exports as rows of the table, on any of the recorder's databases."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, insert, select, update

from ..engine.database.history_tables import exports_table
from .records import ExportKind, ExportRecord, ExportStatus

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Row

_TIME_COLUMNS: Final = {
    "created_at": "created_ts",
    "started_at": "started_ts",
    "completed_at": "completed_ts",
    "expires_at": "expires_ts",
}
_JSON_COLUMNS: Final = ("request", "warnings")


def is_one_of(
    column: ColumnElement[Any], statuses: Collection[ExportStatus]
) -> ColumnElement[bool]:
    """Return the condition that a status is among some."""
    # Not every database driver takes a subclass of str.
    return column.in_([status.value for status in statuses])


def upsert(connection: Connection, record: ExportRecord) -> None:
    """Write a record, over an earlier one of the same id."""
    values = _row_values(record)
    here = exports_table.c.id == record.id
    if connection.execute(select(exports_table.c.row_id).where(here)).first() is None:
        connection.execute(insert(exports_table).values(**values))
    else:
        connection.execute(update(exports_table).where(here).values(**values))


def _row_values(record: ExportRecord) -> dict[str, Any]:
    """Return the row of a record, made so that no database refuses it."""
    values: dict[str, Any] = {}
    for name in (item.name for item in fields(record)):
        value = getattr(record, name)
        if name in _TIME_COLUMNS:
            values[_TIME_COLUMNS[name]] = None if value is None else value.timestamp()
        elif name in _JSON_COLUMNS:
            # Escaped, so that what is no valid Unicode can be stored too.
            values[name] = None if value is None else json.dumps(value, default=str)
        elif isinstance(value, str):
            length = exports_table.c[name].type.length  # type: ignore[attr-defined]
            values[name] = _storable(value)[:length]
        else:
            values[name] = value
    return values


def _storable(text: str) -> str:
    """Replace lone surrogates, which no database takes, and NUL, which PostgreSQL refuses."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")


def record_from_row(row: Row[Any]) -> ExportRecord:
    """Return the record that a row holds."""
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001
    del values["row_id"]
    for name, column in _TIME_COLUMNS.items():
        stamp = values.pop(column)
        values[name] = None if stamp is None else datetime.fromtimestamp(stamp, UTC)
    for name in _JSON_COLUMNS:
        values[name] = None if values[name] is None else json.loads(values[name])
    values["warnings"] = values["warnings"] or []
    values["kind"] = ExportKind(values["kind"])
    values["status"] = ExportStatus(values["status"])
    return ExportRecord(**values)
