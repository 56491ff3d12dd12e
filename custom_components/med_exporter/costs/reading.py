"""Read what energy cost: over periods of any length, split by plug, tariff period and tier."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import case, func, select

from ..const import PlugRole
from ..engine.times import HALF_HOUR, boundaries, day_of, day_start
from ..ledger.series import PlugSeries
from .tables import costs_table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from ..ledger.series import Series

type CostAggregation = Literal["half_hourly", "hourly", "daily", "weekly", "monthly"]
type CostSplit = Literal["plug", "period", "tier"]

AGGREGATIONS: Final = ("half_hourly", "hourly", "daily", "weekly", "monthly")
SPLITS: Final = ("plug", "period", "tier")


@dataclass(frozen=True, slots=True)
class CostTotal:
    """Energy and what it cost.

    `cost` is that of the priced energy alone, and None where none of it is priced; `unpriced_kwh`
    of `kwh` has no known price.
    """

    kwh: float
    cost: float | None
    unpriced_kwh: float


@dataclass(frozen=True, slots=True)
class CostPeriod(CostTotal):
    """What the energy of one period cost, or the part of it that a split asks for.

    Attributes:
        start: when the period begins, in the installation's time zone.
        end: when it ends, and the next one begins.
        plug_id: None where plugs are not told apart.
        period: the tariff period; None where they are not told apart, "" for a contract without.
        tier: 1 for the first; None where they are not told apart, 0 for a contract without.

    """

    start: datetime
    end: datetime
    plug_id: str | None = None
    period: str | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True)
class RunningCosts:
    """What a metering point's consumption has cost so far, and in the day and month before.

    `midnight` and `month_start` are when the running day and month began; `plugs_today` goes by
    plug id.
    """

    midnight: datetime
    month_start: datetime
    today: CostTotal
    yesterday: CostTotal
    month: CostTotal
    last_month: CostTotal
    plugs_today: dict[str, CostTotal]


def read_costs(
    connection: Connection,
    series: Series,
    stretch: tuple[float, float],
    zone: ZoneInfo,
    aggregation: CostAggregation,
    by: Collection[CostSplit],
) -> list[CostPeriod]:
    """Return the periods that begin in a stretch and that have energy, ascending by time.

    Args:
        connection: to the recorder's database.
        series: a metering point's consumption or production, or a plug's consumption.
        stretch: start and end (excluded), in UTC seconds.
        zone: the time zone of hours, days, weeks and months.
        aggregation: how long a period is.
        by: what to tell apart within a period.

    """
    edges = _edges(aggregation, stretch, zone)
    if len(edges) < 2:
        return []
    columns = costs_table.c
    names: dict[CostSplit, ColumnElement[str] | ColumnElement[int]] = {
        "plug": columns.plug_id,
        "period": columns.period,
        "tier": columns.tier,
    }
    split = [name for name in names if name in by]
    told_apart = [names[name] for name in split]
    rows = connection.execute(
        select(columns.start_ts, *_SUMS, *told_apart)
        .where(_of(series), columns.start_ts >= edges[0], columns.start_ts < edges[-1])
        .group_by(columns.start_ts, *told_apart)
        .order_by(columns.start_ts, *told_apart)
    )
    totals: dict[tuple[int, tuple[str | int, ...]], CostTotal] = {}
    for start_ts, kwh, cost, unpriced, *parts in rows:
        key = (bisect_right(edges, start_ts) - 1, tuple(parts))
        totals[key] = _plus(totals.get(key, _NOTHING), CostTotal(kwh, cost, unpriced))
    periods: list[CostPeriod] = []
    for (index, told), total in sorted(totals.items(), key=itemgetter(0)):
        values = dict(zip(split, told, strict=True))
        plug, period, tier = values.get("plug"), values.get("period"), values.get("tier")
        rounded = _rounded(total)
        periods.append(
            CostPeriod(
                rounded.kwh,
                rounded.cost,
                rounded.unpriced_kwh,
                datetime.fromtimestamp(edges[index], zone),
                datetime.fromtimestamp(edges[index + 1], zone),
                None if plug is None else str(plug),
                None if period is None else str(period),
                None if tier is None else int(tier),
            )
        )
    return periods


def read_running(
    connection: Connection, metering_point: str, now: float, zone: ZoneInfo
) -> RunningCosts:
    """Return what a metering point's consumption costs in the running day and month."""
    today = day_of(now, zone)
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    midnight = day_start(today, zone)
    yesterday = day_start(today - timedelta(days=1), zone)
    month_start, end = day_start(month, zone), now + HALF_HOUR
    here = metering_point

    def whole(start: float, until: float) -> CostTotal:
        total = _NOTHING
        for part in _by_plug(connection, here, start, until).values():
            total = _plus(total, part)
        return _rounded(total)

    plugs = _by_plug(connection, here, midnight, end)
    return RunningCosts(
        midnight=datetime.fromtimestamp(midnight, zone),
        month_start=datetime.fromtimestamp(month_start, zone),
        today=whole(midnight, end),
        yesterday=whole(yesterday, midnight),
        month=whole(month_start, end),
        last_month=whole(day_start(last_month, zone), month_start),
        plugs_today={plug_id: _rounded(total) for plug_id, total in plugs.items()},
    )


def total_cost(connection: Connection, metering_point: str, since: float) -> CostTotal:
    """Return what a metering point's consumption has cost since a moment (UTC seconds)."""
    total = _NOTHING
    for part in _by_plug(connection, metering_point, since, None).values():
        total = _plus(total, part)
    return _rounded(total)


_NOTHING: Final = CostTotal(0.0, None, 0.0)
_SUMS: Final = (
    func.sum(costs_table.c.kwh),
    func.sum(costs_table.c.cost),
    func.sum(case((costs_table.c.cost.is_(None), costs_table.c.kwh), else_=0.0)),
)


def _by_plug(
    connection: Connection, metering_point: str, start: float, end: float | None
) -> dict[str, CostTotal]:
    columns = costs_table.c
    statement = (
        select(columns.plug_id, *_SUMS)
        .where(
            columns.metering_point == metering_point,
            columns.role == PlugRole.CONSUMPTION.value,
            columns.start_ts >= start,
        )
        .group_by(columns.plug_id)
    )
    if end is not None:
        statement = statement.where(columns.start_ts < end)
    return {plug_id: CostTotal(*total) for plug_id, *total in connection.execute(statement)}


def _of(series: Series) -> ColumnElement[bool]:
    columns = costs_table.c
    if isinstance(series, PlugSeries):
        return (columns.plug_id == series.plug_id) & (columns.role == PlugRole.CONSUMPTION.value)
    return (columns.metering_point == series.metering_point) & (columns.role == series.role.value)


def _edges(
    aggregation: CostAggregation, stretch: tuple[float, float], zone: ZoneInfo
) -> Sequence[float]:
    start, end = stretch
    if start >= end:
        return []
    if aggregation == "half_hourly":
        first, last = (-int(-moment // HALF_HOUR) * HALF_HOUR for moment in stretch)
        return range(first, last + 1, HALF_HOUR)
    # A period belongs to the range that it begins in.
    return [edge for edge in boundaries(aggregation, start, end, zone) if edge >= start]


def _plus(one: CostTotal, other: CostTotal) -> CostTotal:
    costs = [cost for cost in (one.cost, other.cost) if cost is not None]
    return CostTotal(
        one.kwh + other.kwh, sum(costs) if costs else None, one.unpriced_kwh + other.unpriced_kwh
    )


def _rounded(total: CostTotal) -> CostTotal:
    return CostTotal(
        round(total.kwh, 6),
        None if total.cost is None else round(total.cost, 8),
        round(total.unpriced_kwh, 6),
    )
