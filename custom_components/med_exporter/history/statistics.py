"""What file exports add up to."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ..engine.database.history_tables import exports_table
from ..engine.lazy_dataclass import dataclass
from .records import ExportKind

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class FileStatistics:
    """How many file exports the history has, and of which kind.

    `since` counts those created at or after the time that was asked for, `size` is in bytes.
    """

    total: int = 0
    since: int = 0
    size: int = 0
    export_types: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)


def read_file_statistics(
    connection: Connection, user_id: str | None, since: float
) -> FileStatistics:
    """Add up the file exports of a user, or of all users for None.

    `since` is in UTC seconds. The most frequent type and format come first.
    """
    columns = exports_table.c
    chosen = [columns.kind == ExportKind.FILE.value]
    if user_id is not None:
        chosen.append(columns.user_id == user_id)

    def count_by(name: str) -> dict[str, int]:
        column, number = columns[name], func.count()
        rows = connection.execute(
            select(column, number)
            .where(*chosen, column.is_not(None))
            .group_by(column)
            .order_by(number.desc(), column)
        )
        return {key: int(count) for key, count in rows}

    total, size = connection.execute(
        select(func.count(), func.coalesce(func.sum(columns.size), 0)).where(*chosen)
    ).one()
    recent = select(func.count()).where(*chosen, columns.created_ts >= since)
    return FileStatistics(
        total=int(total),
        since=connection.execute(recent).scalar_one(),
        size=int(size),
        export_types=count_by("export_type"),
        formats=count_by("format"),
    )
