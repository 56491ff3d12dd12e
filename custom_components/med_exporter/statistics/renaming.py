"""Give a long-term statistic another id, in the transaction that renames what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import StatisticsMeta
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ..const import DOMAIN
from .tables import sums_table

if TYPE_CHECKING:
    from homeassistant.components.recorder.core import Recorder
    from sqlalchemy.engine import Connection


def rename_sum(recorder: Recorder, connection: Connection, old: str, new: str) -> None:
    """Rename a statistic of our own, and what is noted of it.

    Where statistics of the new id exist already, those of the old one stay, and all that is known
    is still to be written under the new one. To be called in the recorder's thread.
    """
    columns = sums_table.c
    is_taken = connection.execute(
        select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == new)
    ).scalar()
    connection.execute(delete(sums_table).where(columns.statistic_id == new))
    here = columns.statistic_id == old
    if is_taken is None:
        connection.execute(update(sums_table).where(here).values(statistic_id=new))
        # The recorder's own action renames only what it has made itself, and its memory of ids
        # follows no other way.
        recorder.statistics_meta_manager.update_statistic_id(Session(connection), DOMAIN, old, new)
        return
    connection.execute(
        update(sums_table)
        .where(here)
        .values(statistic_id=new, dirty_from_ts=0, changed_from_ts=None)
    )
