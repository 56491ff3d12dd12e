"""Give a long-term statistic another id, in the transaction that renames what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ..const import DOMAIN
from .bulk import BulkSums
from .tables import sums_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.components.recorder.core import Recorder
    from sqlalchemy.engine import Connection


def has_added(connection: Connection, statistic_ids: Iterable[str]) -> bool:
    """Tell whether statistics of any of some ids stand at anything but 0."""
    added = (
        select(Statistics.id)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(StatisticsMeta.statistic_id.in_([*statistic_ids]), Statistics.sum != 0)
    )
    return connection.execute(added.limit(1)).first() is not None


def rename_sum(recorder: Recorder, connection: Connection, old: str, new: str) -> bool:
    """Rename a statistic of our own, and what is noted of it.

    Where statistics of the new id exist already, those of the old one are added to them, and all
    that is known is still to be written. Returns whether those of the old one are to be cleared
    then. To be called in the recorder's thread.
    """
    columns = sums_table.c
    before, there = _sums(connection, old), _sums(connection, new)
    connection.execute(delete(sums_table).where(columns.statistic_id == new))
    here = columns.statistic_id == old
    if there is None:
        connection.execute(update(sums_table).where(here).values(statistic_id=new))
        # The recorder's own action renames only what it has made itself, and its memory of ids
        # follows no other way.
        recorder.statistics_meta_manager.update_statistic_id(Session(connection), DOMAIN, old, new)
        return False
    connection.execute(
        update(sums_table)
        .where(here)
        .values(statistic_id=new, dirty_from_ts=0, changed_from_ts=None)
    )
    if before:
        both = BulkSums(connection)
        hours, sums = _added(before, there)
        both.take(new, hours, sums, there)
        both.store()
    return before is not None


def _sums(connection: Connection, statistic_id: str) -> dict[int, float] | None:
    """Return the sums of a statistic by hour, oldest first; None where there is none."""
    metadata_id = connection.execute(
        select(StatisticsMeta.id).where(StatisticsMeta.statistic_id == statistic_id)
    ).scalar()
    if metadata_id is None:
        return None
    rows = connection.execute(
        select(Statistics.start_ts, Statistics.sum)
        .where(Statistics.metadata_id == metadata_id)
        .order_by(Statistics.start_ts)
    )
    return {int(hour): total or 0.0 for hour, total in rows}


def _added(one: dict[int, float], other: dict[int, float]) -> tuple[list[int], list[float]]:
    """Return the hours of two running sums, and what these are together."""
    total = beside = 0.0
    hours, sums = sorted(one.keys() | other.keys()), []
    for hour in hours:
        total, beside = one.get(hour, total), other.get(hour, beside)
        sums.append(total + beside)
    return hours, sums
