"""Compare running sums in Home Assistant's statistics with what they are derived from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import select

from .half_hours import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class StoredSums:
    """The hourly running sums of one statistic.

    Attributes:
        statistic_id: of the statistic.
        to_parts: turns a stored sum into a whole number of parts, in which sums are exact.
        from_parts: turns it back.

    """

    statistic_id: str
    to_parts: Callable[[float], int]
    from_parts: Callable[[int], float]

    def compare(
        self,
        connection: Connection,
        hours: Callable[[int, int], dict[int, int]],
        start: int,
        until: int,
        written_until: int,
    ) -> tuple[list[tuple[int, float]], int | None]:
        """Return what is wrong from some hour on.

        Args:
            connection: to the recorder's database.
            hours: returns the parts that each hour adds, from one moment until before another.
            start: the first hour to look at; all of them, where nothing is stored before it.
            until: the end of the last hour to look at.
            written_until: until when sums have been written before.

        Returns:
            The hours whose stored sum is not right, each with the right one; and the first hour
            written before that had added something else, None where there is none.

        """
        base = self._before(connection, start)
        if base is None:
            # The first hours of all, or statistics that a user has deleted: all of it anew.
            start = 0
        added = hours(start, until)
        if base is None:
            if not added:
                return [], None
            start = min(added)
        stored = self._stored(connection, start, until)
        total = stored_before = base or 0
        wrong: list[tuple[int, float]] = []
        changed: int | None = None
        for hour in range(start, until, HOUR):
            parts = added.get(hour, 0)
            total += parts
            found = stored.get(hour)
            if found != total:
                wrong.append((hour, self.from_parts(total)))
            stored_parts = 0 if found is None else found - stored_before
            if changed is None and hour < written_until and stored_parts != parts:
                changed = hour
            stored_before = stored_before if found is None else found
        return wrong, changed

    def _stored(self, connection: Connection, start: int, end: int) -> dict[int, int]:
        rows = connection.execute(
            select(Statistics.start_ts, Statistics.sum)
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(
                StatisticsMeta.statistic_id == self.statistic_id,
                Statistics.start_ts >= start,
                Statistics.start_ts < end,
            )
        )
        return {int(start_ts): self.to_parts(value or 0.0) for start_ts, value in rows}

    def _before(self, connection: Connection, moment: int) -> int | None:
        value = connection.execute(
            select(Statistics.sum)
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(StatisticsMeta.statistic_id == self.statistic_id, Statistics.start_ts < moment)
            .order_by(Statistics.start_ts.desc())
            .limit(1)
        ).scalar()
        return None if value is None else self.to_parts(value)
