"""What energy costs over periods of any length, split by plug, tariff period and tier."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from ..engine.costs.costing import CostSum, cost_sums, price_point, windows
from ..engine.costs.terms import read_terms
from ..engine.tariff.energy import CONSUMPTION, MWH_PER_KWH
from ..engine.times import HALF_HOUR, boundaries, ceil_to, day_of, day_start
from ..ledger.series import PlugSeries
from .amounts import NOTHING, CostPeriod, CostTotal, RunningCosts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..engine.tariff.pricing import Amount
    from ..ledger.series import Series
    from .amounts import CostAggregation, CostSplit


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
    totals: dict[tuple[int, str | None, str | None, int | None], CostTotal] = {}
    for one in _sums(connection, series, edges):
        key = (
            one.place,
            one.plug_id if "plug" in by else None,
            one.period if "period" in by else None,
            one.tier if "tier" in by else None,
        )
        part = CostTotal(one.kwh, one.cost, one.unpriced_kwh)
        totals[key] = _plus(totals.get(key, NOTHING), part)
    return [
        CostPeriod(
            *_rounded(total),
            datetime.fromtimestamp(edges[place], zone),
            datetime.fromtimestamp(edges[place + 1], zone),
            plug_id,
            period,
            tier,
        )
        for (place, plug_id, period, tier), total in sorted(totals.items(), key=itemgetter(0))
        if total.kwh
    ]


def read_running(connection: Connection, metering_point: str, now: float) -> RunningCosts | None:
    """Return what a metering point's consumption costs in the running day and month.

    None for one without a contract.
    """
    terms = read_terms(connection, [metering_point]).get(metering_point)
    if terms is None:
        return None
    zone, today = terms.zone, day_of(now, terms.zone)
    month = today.replace(day=1)
    last_month = day_start((month - timedelta(days=1)).replace(day=1), zone)
    month_start, today_start = day_start(month, zone), day_start(today, zone)
    yesterday = day_start(today - timedelta(days=1), zone)
    edges = sorted({last_month, yesterday, month_start, today_start, now})
    priced = price_point(connection, terms, edges)
    parts = [
        (edges[part.place], part.device, _total(amount))
        for part, amount in priced.sums.items()
        if part.role == CONSUMPTION
    ]

    def whole(start: float, until: float) -> CostTotal:
        return _sum(total for begin, _, total in parts if start <= begin < until)

    plugs = {plug_id for begin, plug_id, _ in parts if begin >= today_start}
    return RunningCosts(
        midnight=datetime.fromtimestamp(today_start, zone),
        month_start=datetime.fromtimestamp(month_start, zone),
        today=whole(today_start, now),
        yesterday=whole(yesterday, today_start),
        month=whole(month_start, now),
        last_month=whole(last_month, month_start),
        plugs_today={
            plug_id: _sum(
                total for begin, owner, total in parts if owner == plug_id and begin >= today_start
            )
            for plug_id in plugs
        },
        currency=terms.currency,
        missing_colours=priced.missing_colours,
    )


def _sums(connection: Connection, series: Series, edges: Sequence[float]) -> Iterator[CostSum]:
    if isinstance(series, PlugSeries):
        for found, _ in cost_sums(lambda: nullcontext(connection), [series.plug_id], edges):
            yield from (one for one in found if one.role == CONSUMPTION)
        return
    terms = read_terms(connection, [series.metering_point]).get(series.metering_point)
    if terms is None:
        return
    for first, some in windows(edges):
        for part, amount in price_point(connection, terms, some, past=True).sums.items():
            if part.role == series.role.value:
                yield CostSum(
                    first + part.place,
                    part.device,
                    part.role,
                    part.period,
                    part.tier,
                    *_rounded(_total(amount)),
                )


def _edges(
    aggregation: CostAggregation, stretch: tuple[float, float], zone: ZoneInfo
) -> Sequence[float]:
    start, end = stretch
    if start >= end:
        return []
    if aggregation == "half_hourly":
        first, last = (ceil_to(moment, HALF_HOUR) for moment in stretch)
        return range(first, last + 1, HALF_HOUR)
    # A period belongs to the range that it begins in.
    return [edge for edge in boundaries(aggregation, start, end, zone) if edge >= start]


def _total(amount: Amount) -> CostTotal:
    return CostTotal(amount.mwh / MWH_PER_KWH, amount.cost, amount.unpriced_mwh / MWH_PER_KWH)


def _sum(totals: Iterable[CostTotal]) -> CostTotal:
    whole = NOTHING
    for total in totals:
        whole = _plus(whole, total)
    return CostTotal(*_rounded(whole))


def _plus(one: CostTotal, other: CostTotal) -> CostTotal:
    costs = [cost for cost in (one.cost, other.cost) if cost is not None]
    return CostTotal(
        one.kwh + other.kwh, sum(costs) if costs else None, one.unpriced_kwh + other.unpriced_kwh
    )


def _rounded(total: CostTotal) -> tuple[float, float | None, float]:
    return (
        round(total.kwh, 9),
        None if total.cost is None else round(total.cost, 8),
        round(total.unpriced_kwh, 9),
    )
