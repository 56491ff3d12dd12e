"""The cost of a metering point's consumption in Home Assistant's long-term statistics, hourly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import callback
from sqlalchemy import func, select

from ..const import DOMAIN, PlugRole
from ..engine.times import HOUR, hour_of
from ..ledger.closing import closed_until, read_counters
from ..ledger.series import PointSeries
from ..statistics import RunningSum
from .state import read_pricing, write_pricing
from .tables import costs_table

if TYPE_CHECKING:
    from homeassistant.components.recorder.models import StatisticMetaData
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

# Money as whole hundred-millionths, so that sums come out the same each time.
_PARTS: Final = 100_000_000


def cost_statistic_id(metering_point: str) -> str:
    """Return the id of the long-term statistics of a metering point's cost, by its slug."""
    return f"{DOMAIN}:cost_{metering_point}"


@dataclass(frozen=True, slots=True)
class CostChange:
    """Closed hours of a metering point (its slug) cost something else from `first_ts` on."""

    metering_point: str
    first_ts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CostPlan:
    """What the statistics lack or have otherwise: sums by the UTC second of the hour, ascending.

    Once there is nothing, `change` tells which hours that had been written before have changed.
    """

    sums: list[tuple[int, float]]
    change: CostChange | None = None


def plan_cost_statistics(connection: Connection, metering_point: str, now: float) -> CostPlan:
    """Find which closed hours are to be written, and settle what is found written."""
    pricing = read_pricing(connection, metering_point)
    series = PointSeries(metering_point, PlugRole.CONSUMPTION)
    until = closed_until(connection, series, read_counters(connection), now, HOUR)
    if pricing is None or until is None or pricing.dirty_from_ts is not None:
        return CostPlan(sums=[])
    start = pricing.statistics_from_ts
    if start is not None and start < until:
        running_sum = RunningSum(
            statistic_id=cost_statistic_id(metering_point),
            unit="",
            unit_class=None,
            parts_per_unit=_PARTS,
            hours=partial(_hours, metering_point),
            first_hour=partial(_first_hour, metering_point),
            closed_until=lambda _: until,
        )
        if running_sum.sum_before(connection, start) is None:
            start = min(running_sum.first_hour(connection) or until, until)
        sums, changed = running_sum.compare(connection, start, until, pricing.written_until_ts or 0)
        if changed is not None:
            pricing.changed_from_ts = min(changed, pricing.changed_from_ts or changed)
        if not sums:
            pricing.statistics_from_ts = until
            pricing.written_until_ts = max(until, pricing.written_until_ts or until)
        write_pricing(connection, pricing)
        if sums:
            return CostPlan(sums=sums)
    if pricing.changed_from_ts is None:
        return CostPlan(sums=[])
    return CostPlan(sums=[], change=CostChange(metering_point, pricing.changed_from_ts))


def forget_cost_change(connection: Connection, change: CostChange) -> None:
    """Note that a change has been announced."""
    pricing = read_pricing(connection, change.metering_point)
    if pricing is not None and pricing.changed_from_ts == change.first_ts:
        pricing.changed_from_ts = None
        write_pricing(connection, pricing)


@callback
def write_cost_statistics(
    hass: HomeAssistant, metering_point: str, name: str, plan: CostPlan
) -> None:
    """Queue the hours of a plan for the recorder, which stores them in one transaction."""
    metadata: dict[str, Any] = {
        "source": DOMAIN,
        "statistic_id": cost_statistic_id(metering_point),
        "name": name,
        "has_sum": True,
        "mean_type": StatisticMeanType.NONE,
        "unit_of_measurement": hass.config.currency,
    }
    if hasattr(StatisticsMeta, "unit_class"):
        # Older versions store nothing where they meet a key that they do not know.
        metadata["unit_class"] = None
    rows: list[StatisticData] = [
        {"start": datetime.fromtimestamp(hour, UTC), "state": money, "sum": money}
        for hour, money in plan.sums
    ]
    async_add_external_statistics(hass, cast("StatisticMetaData", metadata), rows)


def _first_hour(metering_point: str, connection: Connection) -> int | None:
    first = connection.execute(
        select(func.min(costs_table.c.start_ts)).where(
            costs_table.c.metering_point == metering_point,
            costs_table.c.role == PlugRole.CONSUMPTION.value,
            costs_table.c.cost.is_not(None),
        )
    ).scalar()
    return None if first is None else hour_of(first)


def _hours(metering_point: str, connection: Connection, start: int, end: int) -> dict[int, int]:
    columns = costs_table.c
    hour = (columns.start_ts - columns.start_ts % HOUR).label("hour")
    rows = connection.execute(
        select(hour, func.sum(columns.cost))
        .where(
            columns.metering_point == metering_point,
            columns.role == PlugRole.CONSUMPTION.value,
            columns.start_ts >= start,
            columns.start_ts < end,
            columns.cost.is_not(None),
        )
        .group_by(hour)
    )
    return {int(begin): _to_parts(cost) for begin, cost in rows}


def _to_parts(money: float) -> int:
    return round(money * _PARTS)
