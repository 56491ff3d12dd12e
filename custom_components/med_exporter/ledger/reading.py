"""Read closed periods: from quarter-hours, and from statistics what is older than these."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import func, select

from ..engine import ledger as held
from ..engine.energy import to_kwh, to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import counters_table
from ..engine.times import HOUR, QUARTER, boundaries, ceil_to, hour_of
from ..statistics import written_until
from .closing import accounts_of, closed_until, read_counters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from .closing import Clock
    from .series import Series

HOURLY = "hourly"
HALF_HOURLY = "half_hourly"


@dataclass(frozen=True, slots=True)
class EnergyPeriod:
    """The energy of one half-hour, hour, day, week or month.

    Attributes:
        start: when it begins, in the installation's time zone.
        end: when it ends, and the next one begins.
        kwh: what was used or produced in it; so far, where it is not closed.
        filled_kwh: the part of it that was spread over the time it came from, since nobody read
            the plug then. 0 for what is older than 400 days.
        closed: whether it is over and all of it stands in the ledger.

    """

    start: datetime
    end: datetime
    kwh: float
    filled_kwh: float
    closed: bool


def read_periods(
    connection: Connection,
    series: Series,
    aggregation: str,
    stretch: tuple[float, float],
    clock: Clock,
    zone: ZoneInfo,
) -> list[EnergyPeriod]:
    """Return the periods that begin in a stretch and that anything is known of.

    Args:
        connection: to the recorder's database.
        series: whose energy.
        aggregation: `half_hourly` (of the last 400 days), `hourly`, `daily`, `weekly` or `monthly`.
        stretch: start and end (excluded), in UTC seconds.
        clock: as of now.
        zone: the time zone of all but hours, which are those of UTC, as in the long-term
            statistics.

    """
    edges = _edges(aggregation, stretch, zone)
    if len(edges) < 2:
        return []
    accounts = accounts_of(connection, series)
    sums = held.sums_between(connection, accounts, edges)
    if aggregation == HALF_HOURLY:
        closed = closed_until(connection, series, read_counters(connection), clock, QUARTER)
    else:
        closed = written_until(connection, series.statistic_id)
        known = held.known_range(connection, accounts)
        older = edges[-1] if known is None else min(hour_of(known[0]), edges[-1])
        for place, mwh in _from_statistics(connection, series, edges, older).items():
            standing = sums.get(place, held.EnergySum())
            sums[place] = standing._replace(mwh=standing.mwh + mwh)
    return [
        EnergyPeriod(
            datetime.fromtimestamp(edges[place], zone),
            datetime.fromtimestamp(edges[place + 1], zone),
            to_kwh(one.mwh),
            to_kwh(one.filled),
            edges[place + 1] <= (closed or 0),
        )
        for place, one in sorted(sums.items())
    ]


def stretches(connection: Connection, many: Iterable[Series]) -> dict[Series, tuple[int, int]]:
    """Return the begin of the first and the end of the last hour written; not what has none."""
    found: dict[Series, tuple[int, int]] = {}
    for series in many:
        first = connection.execute(
            select(func.min(Statistics.start_ts))
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(StatisticsMeta.statistic_id == series.statistic_id)
        ).scalar()
        until = written_until(connection, series.statistic_id)
        if first is not None and until is not None:
            found[series] = (int(first), until)
    return found


def posted_until(connection: Connection, plug_ids: Iterable[str]) -> dict[str, float]:
    """Return when each plug's counter was last posted, in UTC seconds."""
    columns = counters_table.c
    rows = connection.execute(
        select(columns.plug_id, columns.posted_ts).where(columns.plug_id.in_(list(plug_ids)))
    )
    return {row.plug_id: row.posted_ts for row in rows}


def backfilled(connection: Connection, plug_ids: Iterable[str]) -> set[str]:
    """Return the plugs whose own statistics have filled what lies before their first posting."""
    columns = counters_table.c
    rows = connection.execute(
        select(columns.plug_id).where(columns.plug_id.in_(list(plug_ids)), columns.backfilled)
    )
    return {row.plug_id for row in rows}


def _edges(aggregation: str, stretch: tuple[float, float], zone: ZoneInfo) -> Sequence[int]:
    start, end = stretch
    if start >= end:
        return []
    if aggregation == HOURLY:
        return range(ceil_to(start, HOUR), ceil_to(end, HOUR) + 1, HOUR)
    # A period belongs to the range that it begins in.
    return [edge for edge in boundaries(aggregation, start, end, zone) if edge >= start]


def _from_statistics(
    connection: Connection, series: Series, edges: Sequence[int], end: int
) -> dict[int, int]:
    """Return mWh by period, of the hours that begin before `end`."""
    found: dict[int, int] = {}
    if end <= edges[0]:
        return found
    statement = (
        select(Statistics.start_ts, Statistics.sum)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(StatisticsMeta.statistic_id == series.statistic_id)
    )
    before = connection.execute(
        statement.where(Statistics.start_ts < edges[0])
        .order_by(Statistics.start_ts.desc())
        .limit(1)
    ).all()
    inside = connection.execute(
        statement.where(Statistics.start_ts >= edges[0], Statistics.start_ts < end).order_by(
            Statistics.start_ts
        )
    ).all()
    sums = [(edges[0], 0 if not before else to_mwh(before[0].sum or 0))]
    sums += [(int(begin), to_mwh(kwh or 0)) for begin, kwh in inside]
    for (_, total), (begin, following) in pairwise(sums):
        place = bisect_right(edges, begin) - 1
        found[place] = found.get(place, 0) + following - total
    return found
