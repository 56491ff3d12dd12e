"""Each user's share of the history: who makes files by the thousand pushes out only his own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, func, select

from ..engine.database.history_tables import exports_table
from .records import ExportKind

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MOST_FILES: Final = 10_000
"""Of one user; a file every hour of the year is less."""


def remove_beyond_shares(connection: Connection) -> int:
    """Delete the oldest records of each user who has more than his share; return how many."""
    table, removed = exports_table, 0
    is_file = table.c.kind == ExportKind.FILE.value
    busy = (
        select(table.c.user_id)
        .where(is_file, table.c.user_id.is_not(None))
        .group_by(table.c.user_id)
        .having(func.count() > MOST_FILES)
    )
    for user_id in connection.execute(busy).scalars().all():
        own = and_(is_file, table.c.user_id == user_id)
        newest = select(table.c.created_ts).where(own).order_by(table.c.created_ts.desc())
        oldest_kept = connection.execute(newest.offset(MOST_FILES - 1).limit(1)).scalar()
        removed += connection.execute(
            delete(table).where(own, table.c.created_ts < oldest_kept)
        ).rowcount
    return removed
