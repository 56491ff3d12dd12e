"""Store many hours of many statistics at once.

Home Assistant's own import looks up each hour before it writes it, which takes the recorder minutes
for a meter that brings years. Only hours are written here, and only of statistics that Home
Assistant has made by its import: what describes them stays its own.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import batched
from typing import TYPE_CHECKING, Final

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.util import dt as dt_util
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from sqlalchemy.engine import Connection

_ID = select(StatisticsMeta.id).where(
    StatisticsMeta.statistic_id == bindparam("statistic_id"), StatisticsMeta.has_sum.is_(True)
)
# In the order in which they stand in the table, and in what SQLAlchemy makes of them.
_COLUMNS: Final = ("created_ts", "metadata_id", "start_ts", "state", "sum")
_INSERT = insert(Statistics)
_OF_SQLITE: Final = str(_INSERT.compile(dialect=SQLiteDialect(), column_keys=_COLUMNS))
# The table, since changes of many objects would go by their primary keys.
_UPDATE = (
    update(Statistics.__table__)  # type: ignore[arg-type]
    .where(Statistics.metadata_id == bindparam("of"), Statistics.start_ts == bindparam("at"))
    .values(state=bindparam("amount"), sum=bindparam("amount"))
)
# Rows in memory at a time, as the database is given them.
_ROWS_AT_ONCE: Final = 1000


class BulkSums:
    """Gathers the hours of many sums, and stores them in the order of time.

    The database then goes through its index by time once, and adds to the end of it, where each
    sum by itself would put its hours in between those of the sums before.

    Args:
        connection: with a transaction of which what is stored becomes a part.
        least: how many hours of a sum are worth it; fewer are left to Home Assistant's import.

    """

    def __init__(self, connection: Connection, least: int = 1) -> None:
        self._connection = connection
        self.least = least
        # Id of the statistic and sum in turn, by hour: a row of its own for each would be work for
        # Python's collection of garbage.
        self._new: defaultdict[int, list[float]] = defaultdict(list)
        self._gathered = set[str]()
        self.count = 0
        """How many hours were taken."""

    def __contains__(self, statistic_id: str) -> bool:
        """Tell whether hours of a sum are gathered that are not stored yet."""
        return statistic_id in self._gathered

    def take(
        self, statistic_id: str, rows: Sequence[tuple[int, float]], stored: Container[int]
    ) -> bool:
        """Take some hours of a sum, and return whether Home Assistant knows it as one.

        Nothing is taken of one that it does not know. Raises IntegrityError or DataError where the
        database refuses an hour: the transaction is to be undone then.

        Args:
            statistic_id: of the sum.
            rows: the hours, by the UTC second at which each begins, and the sum at its end.
            stored: which of these hours stand in the statistics already.

        """
        connection = self._connection
        metadata_id = connection.execute(_ID, {"statistic_id": statistic_id}).scalar()
        if metadata_id is None:
            return False
        changed = [
            {"of": metadata_id, "at": float(hour), "amount": amount}
            for hour, amount in rows
            if hour in stored
        ]
        if changed:
            connection.execute(_UPDATE, changed)
        if len(changed) < len(rows):
            self._gathered.add(statistic_id)
            for hour, amount in rows:
                if hour not in stored:
                    self._new[hour] += (metadata_id, amount)
        self.count += len(rows)
        return True

    def store(self) -> None:
        """Store what was gathered. Raises as `take` does."""
        connection = self._connection
        # In whole seconds, which take the database half the bytes.
        now = float(int(dt_util.utcnow().timestamp()))
        for rows in batched(self._rows(now), _ROWS_AT_ONCE, strict=False):
            if connection.dialect.name == "sqlite":
                # As it takes them: SQLAlchemy would be longer about a row than SQLite is.
                connection.exec_driver_sql(_OF_SQLITE, list(rows))
            else:
                connection.execute(_INSERT, [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        self._new.clear()
        self._gathered.clear()

    def _rows(self, now: float) -> Iterator[tuple[float, ...]]:
        """Yield rows of `_COLUMNS`."""
        for hour in sorted(self._new):
            start, sums = float(hour), self._new[hour]
            for metadata_id, amount in zip(sums[::2], sums[1::2], strict=True):
                yield now, metadata_id, start, amount, amount
