"""Store many hours of a statistic at once.

Home Assistant's own import looks up each hour before it writes it, which takes the recorder minutes
for a meter that brings years. Only hours are written here, and only of statistics that Home
Assistant has made by its import: what describes them stays its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.util import dt as dt_util
from sqlalchemy import bindparam, insert, select, update

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from sqlalchemy.engine import Connection

_ID = select(StatisticsMeta.id).where(
    StatisticsMeta.statistic_id == bindparam("statistic_id"), StatisticsMeta.has_sum.is_(True)
)
_INSERT = insert(Statistics)
# The table, since changes of many objects would go by their primary keys.
_UPDATE = (
    update(Statistics.__table__)  # type: ignore[arg-type]
    .where(Statistics.metadata_id == bindparam("of"), Statistics.start_ts == bindparam("at"))
    .values(state=bindparam("amount"), sum=bindparam("amount"))
)


def store_sums(
    connection: Connection,
    statistic_id: str,
    rows: Sequence[tuple[int, float]],
    stored: Container[int],
) -> bool:
    """Store the sums of some hours, and return whether Home Assistant knows the statistic as a sum.

    Nothing is stored of one that it does not know. Raises IntegrityError or DataError where the
    database refuses an hour: the transaction is to be undone then.

    Args:
        connection: with a transaction of which this becomes a part.
        statistic_id: of the sum.
        rows: the hours, ascending, by the UTC second at which each begins, and the sum at its end.
        stored: which of these hours stand in the statistics already.

    """
    metadata_id = connection.execute(_ID, {"statistic_id": statistic_id}).scalar()
    if metadata_id is None:
        return False
    now = dt_util.utcnow().timestamp()
    new = [
        {
            "metadata_id": metadata_id,
            "created_ts": now,
            "start_ts": float(hour),
            "state": amount,
            "sum": amount,
        }
        for hour, amount in rows
        if hour not in stored
    ]
    changed = [
        {"of": metadata_id, "at": float(hour), "amount": amount}
        for hour, amount in rows
        if hour in stored
    ]
    if new:
        connection.execute(_INSERT, new)
    if changed:
        connection.execute(_UPDATE, changed)
    return True
