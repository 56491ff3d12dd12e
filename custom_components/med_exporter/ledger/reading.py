"""Read closed periods: half-hours from the ledger's table, hours and longer from statistics."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import func, select

from ..engine.periods import boundaries
from .books import counting_towards
from .closing import closed_until
from .half_hours import HALF_HOUR, HOUR, to_kwh, to_mwh
from .tables import accounts_table, half_hours_table, series_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from .series import Series

HOURLY = "hourly"


@dataclass(frozen=True, slots=True)
class EnergyPeriod:
    """The energy of one half-hour, hour, day or month.

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


def read_half_hours(
    connection: Connection, series: Series, start: float, end: float, now: float, zone: ZoneInfo
) -> list[EnergyPeriod]:
    """Return the half-hours that begin in [start, end) and that anything is known of."""
    columns = half_hours_table.c
    accounts = connection.execute(select(accounts_table)).all()
    closed = closed_until(connection, series, accounts, now, HALF_HOUR) or 0
    rows = connection.execute(
        select(columns.start_ts, func.sum(columns.kwh), func.sum(columns.filled_kwh))
        .where(counting_towards(series), columns.start_ts >= start, columns.start_ts < end)
        .group_by(columns.start_ts)
        .order_by(columns.start_ts)
    )
    return [
        EnergyPeriod(
            datetime.fromtimestamp(begin, zone),
            datetime.fromtimestamp(begin + HALF_HOUR, zone),
            round(kwh, 6),
            round(filled_kwh, 6),
            begin + HALF_HOUR <= closed,
        )
        for begin, kwh, filled_kwh in rows
    ]


def read_periods(
    connection: Connection,
    series: Series,
    aggregation: str,
    stretch: tuple[float, float],
    zone: ZoneInfo,
) -> list[EnergyPeriod]:
    """Return the periods that begin in a stretch and that anything is known of.

    Args:
        connection: to the recorder's database.
        series: whose energy.
        aggregation: `hourly`, `daily`, `weekly` or `monthly`.
        stretch: start and end (excluded), in UTC seconds.
        zone: the time zone of days, weeks and months. Hours are those of UTC, as in the long-term
            statistics.

    """
    edges = _edges(aggregation, stretch, zone)
    if len(edges) < 2:
        return []
    sums = _sums(connection, series, edges[0], edges[-1])
    filled = _filled(connection, series, edges[0], edges[-1])
    closed = written_until(connection, series) or 0
    energies: dict[int, tuple[int, int]] = {}
    before = sums[0][1] if sums and sums[0][0] < edges[0] else 0
    for begin, total in sums:
        if begin < edges[0]:
            continue
        period = bisect_right(edges, begin) - 1
        kwh, filled_kwh = energies.get(period, (0, 0))
        energies[period] = (kwh + total - before, filled_kwh + filled.get(begin, 0))
        before = total
    return [
        EnergyPeriod(
            datetime.fromtimestamp(edges[period], zone),
            datetime.fromtimestamp(edges[period + 1], zone),
            to_kwh(kwh),
            to_kwh(filled_kwh),
            edges[period + 1] <= closed,
        )
        for period, (kwh, filled_kwh) in energies.items()
    ]


def written_until(connection: Connection, series: Series) -> int | None:
    """Return the end of the last hour that stands in the long-term statistics."""
    columns = series_table.c
    return connection.execute(
        select(columns.written_until_ts).where(columns.statistic_id == series.statistic_id)
    ).scalar()


def stretches(connection: Connection, many: Iterable[Series]) -> dict[Series, tuple[int, int]]:
    """Return the begin of the first and the end of the last hour written; not what has none."""
    found: dict[Series, tuple[int, int]] = {}
    for series in many:
        first = connection.execute(
            select(func.min(Statistics.start_ts))
            .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
            .where(StatisticsMeta.statistic_id == series.statistic_id)
        ).scalar()
        until = written_until(connection, series)
        if first is not None and until is not None:
            found[series] = (int(first), until)
    return found


def is_under_repair(connection: Connection, series: Series) -> bool:
    """Tell whether hours that were written before are still to be written anew."""
    columns = series_table.c
    row = connection.execute(
        select(columns.dirty_from_ts, columns.written_until_ts).where(
            columns.statistic_id == series.statistic_id
        )
    ).first()
    return (
        row is not None
        and row.written_until_ts is not None
        and row.dirty_from_ts < row.written_until_ts
    )


def posted_until(connection: Connection, plug_ids: Iterable[str]) -> dict[str, float]:
    """Return when each plug's counter was last posted, in UTC seconds."""
    columns = accounts_table.c
    rows = connection.execute(
        select(columns.plug_id, columns.posted_ts).where(columns.plug_id.in_(list(plug_ids)))
    )
    return {row.plug_id: row.posted_ts for row in rows}


def backfilled(connection: Connection, plug_ids: Iterable[str]) -> set[str]:
    """Return the plugs whose own statistics have filled what lies before their first posting."""
    columns = accounts_table.c
    rows = connection.execute(
        select(columns.plug_id).where(columns.plug_id.in_(list(plug_ids)), columns.backfilled)
    )
    return {row.plug_id for row in rows}


def _edges(
    aggregation: str, stretch: tuple[float, float], zone: ZoneInfo
) -> list[int] | list[float]:
    start, end = stretch
    if start >= end:
        return []
    if aggregation == HOURLY:
        return list(range(_full_hour(start), _full_hour(end) + 1, HOUR))
    # A period belongs to the range that it begins in.
    return [edge for edge in boundaries(aggregation, start, end, zone) if edge >= start]


def _full_hour(moment: float) -> int:
    """Return the first full hour at or after a moment."""
    return -int(-moment // HOUR) * HOUR


def _sums(
    connection: Connection, series: Series, start: float, end: float
) -> list[tuple[int, int]]:
    """Return hours and their sums in mWh, ascending, led by the last one before the range."""
    statement = (
        select(Statistics.start_ts, Statistics.sum)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(StatisticsMeta.statistic_id == series.statistic_id)
    )
    before = connection.execute(
        statement.where(Statistics.start_ts < start).order_by(Statistics.start_ts.desc()).limit(1)
    ).all()
    inside = connection.execute(
        statement.where(Statistics.start_ts >= start, Statistics.start_ts < end).order_by(
            Statistics.start_ts
        )
    )
    return [(int(begin), to_mwh(kwh or 0)) for begin, kwh in (*before, *inside)]


def _filled(connection: Connection, series: Series, start: float, end: float) -> dict[int, int]:
    columns = half_hours_table.c
    hour = (columns.start_ts - columns.start_ts % HOUR).label("hour")
    rows = connection.execute(
        select(hour, func.sum(columns.filled_kwh))
        .where(
            counting_towards(series),
            columns.start_ts >= start,
            columns.start_ts < end,
            columns.filled_kwh > 0,
        )
        .group_by(hour)
    )
    return {int(begin): to_mwh(kwh) for begin, kwh in rows}
