"""Store many hours of many statistics at once.

Home Assistant's own import looks up each hour before it writes it, which takes the recorder minutes
for a meter that brings years. Only hours are written here, and only of statistics that Home
Assistant has made by its import: what describes them stays its own.
"""

from __future__ import annotations

from itertools import batched, compress
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.util import dt as dt_util
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

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
    """Gathers hours of many sums, and stores them one sum after the other.

    All hours of a sum go to one place of the database's index by sum then, and those of all sums
    to one part of that by time.

    Args:
        connection: with a transaction of which what is stored becomes a part.
        least: how many hours of a sum are worth it; fewer are left to Home Assistant's import.

    """

    def __init__(self, connection: Connection, least: int = 1) -> None:
        self._connection = connection
        self.least = least
        # Id of the statistic, hours and sums: a row of its own for each would be work for
        # Python's collection of garbage.
        self._new: list[tuple[int, Sequence[int], Sequence[float]]] = []
        self._gathered = set[str]()
        self.count = 0
        """How many hours were taken."""

    def __contains__(self, statistic_id: str) -> bool:
        """Tell whether hours of a sum are gathered that are not stored yet."""
        return statistic_id in self._gathered

    def take(
        self,
        statistic_id: str,
        hours: Sequence[int],
        sums: Sequence[float],
        stored: Collection[int],
    ) -> bool:
        """Take some hours of a sum, and return whether Home Assistant knows it as one.

        Nothing is taken of one that it does not know. Raises IntegrityError or DataError where the
        database refuses an hour: the transaction is to be undone then.

        Args:
            statistic_id: of the sum.
            hours: the UTC seconds at which they begin.
            sums: at their ends.
            stored: which of these hours stand in the statistics already.

        """
        connection = self._connection
        metadata_id = connection.execute(_ID, {"statistic_id": statistic_id}).scalar()
        if metadata_id is None:
            return False
        self.count += len(hours)
        new = [hour not in stored for hour in hours] if stored else None
        if new is not None:
            changed = [
                {"of": metadata_id, "at": float(hour), "amount": amount}
                for hour, amount, is_new in zip(hours, sums, new, strict=True)
                if not is_new
            ]
            if changed:
                connection.execute(_UPDATE, changed)
            hours, sums = list(compress(hours, new)), list(compress(sums, new))
        if hours:
            self._gathered.add(statistic_id)
            self._new.append((metadata_id, hours, sums))
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
        """Yield rows of `_COLUMNS`, in the order of the index by sum."""
        for metadata_id, hours, sums in sorted(self._new, key=itemgetter(0)):
            for hour, amount in zip(hours, sums, strict=True):
                yield now, metadata_id, float(hour), amount, amount
