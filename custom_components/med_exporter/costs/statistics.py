"""The cost of a metering point's consumption in Home Assistant's long-term statistics, hourly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import callback
from sqlalchemy import select

from ..const import DOMAIN
from ..engine.costing import price_point
from ..engine.energy_source import closed_until, first_known
from ..engine.tariff.energy import CONSUMPTION
from ..engine.times import HOUR, hour_of
from ..statistics import RunningSum
from .terms import read_record

if TYPE_CHECKING:
    from datetime import date

    from homeassistant.components.recorder.models import StatisticMetaData
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from .terms import Record

# Money as whole hundred-millionths, so that sums come out the same each time.
_PARTS: Final = 100_000_000
# Home Assistant takes half a millisecond to store an hour.
_MOST_HOURS: Final = 1000


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
    """What some hours of the statistics lack or have otherwise.

    Attributes:
        record: what was read of the metering point.
        until: the end of these hours.
        is_last: whether no closed hours come after them.
        sums: by the UTC second of the hour, ascending; empty where all are right.
        changed: the first hour that had been written before and adds something else.
        missing_colours: the dates whose Tempo colour would be needed.

    """

    record: Record
    until: int
    is_last: bool
    sums: list[tuple[int, float]]
    changed: int | None
    missing_colours: list[date]
    has_other_unit: bool = False
    """Whether the sums stand there in another currency."""

    @property
    def is_right(self) -> bool:
        """Return whether there is nothing to write."""
        return not self.sums and not self.has_other_unit


def plan_cost_statistics(
    connection: Connection, metering_point: str, since: float | None
) -> CostPlan | None:
    """Compare closed hours with what they cost, about a month and a half of them.

    Args:
        connection: to the recorder's database.
        metering_point: its slug.
        since: hours from here on are compared (UTC seconds), besides those that are marked.

    Returns:
        None where there is nothing to compare.

    """
    record = read_record(connection, metering_point)
    closed = closed_until(connection, metering_point)
    first = first_known(connection, metering_point)
    if record is None or closed is None or first is None:
        return None
    marks = [mark for mark in (since, record.dirty_from_ts) if mark is not None]
    if not marks:
        return None
    start = hour_of(max(min(marks), first))
    missing: set[date] = set()

    def hours(connection: Connection, begin: int, end: int) -> dict[int, int]:
        edges = range(begin, end + 1, HOUR)
        priced = price_point(connection, record.terms, edges, past=True)
        missing.update(priced.missing_colours)
        costs: defaultdict[int, float] = defaultdict(float)
        for part, amount in priced.sums.items():
            if part.role == CONSUMPTION and amount.cost is not None:
                costs[edges[part.place]] += amount.cost
        return {hour: round(cost * _PARTS) for hour, cost in costs.items()}

    statistic_id = cost_statistic_id(metering_point)
    running_sum = RunningSum(
        statistic_id=statistic_id,
        unit=record.terms.currency,
        unit_class=None,
        parts_per_unit=_PARTS,
        hours=hours,
        first_hour=lambda _: hour_of(first),
        closed_until=lambda _: closed,
    )
    if running_sum.sum_before(connection, start) is None:
        start = hour_of(first)
    until = max(start, min(closed, start + _MOST_HOURS * HOUR))
    wrong, changed = running_sum.compare(connection, start, until, record.written_until_ts or 0)
    return CostPlan(
        record=record,
        until=until,
        is_last=until >= closed,
        sums=wrong,
        changed=changed,
        missing_colours=sorted(missing),
        has_other_unit=_unit(connection, statistic_id) not in (None, record.terms.currency),
    )


@callback
def write_cost_statistics(hass: HomeAssistant, name: str, plan: CostPlan) -> None:
    """Queue the hours of a plan for the recorder, which stores them in one transaction."""
    terms = plan.record.terms
    metadata: dict[str, Any] = {
        "source": DOMAIN,
        "statistic_id": cost_statistic_id(terms.metering_point),
        "name": name,
        "has_sum": True,
        "mean_type": StatisticMeanType.NONE,
        "unit_of_measurement": terms.currency,
    }
    if hasattr(StatisticsMeta, "unit_class"):
        # Older versions store nothing where they meet a key that they do not know.
        metadata["unit_class"] = None
    rows: list[StatisticData] = [
        {"start": datetime.fromtimestamp(hour, UTC), "state": money, "sum": money}
        for hour, money in plan.sums
    ]
    async_add_external_statistics(hass, cast("StatisticMetaData", metadata), rows)


def _unit(connection: Connection, statistic_id: str) -> str | None:
    here = StatisticsMeta.statistic_id == statistic_id
    unit: str | None = connection.execute(
        select(StatisticsMeta.unit_of_measurement).where(here)
    ).scalar()
    return unit
