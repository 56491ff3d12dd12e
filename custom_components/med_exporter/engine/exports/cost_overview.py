"""What sums up costs: totals, and charts of when, where and at which hours they arose."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from ..formats import FORMATS
from ..rows.content import Chart, ChartKind, Figure, Series
from ..times import boundaries, local_time
from ..words.dates import DateWords
from ..words.phrases import Words
from .cost_rows import energy_decimals, money_decimals
from .tariff_periods import tariff_colour, tariff_label, tariff_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..job import Job
    from .cost_rows import Amounts, CostKey, CostRows

_MOST_DAYS = 62
"""A longer range is drawn by month."""
_MOST_OWNERS = 11
"""Devices and metering points with a colour of their own; the smaller ones share one."""
_AGGREGATIONS = {"day": "daily", "week": "weekly", "month": "monthly"}
# Keeps right-to-left names apart from each other.
_BETWEEN = "\u200e, "


def cost_figures(job: Job, rows: CostRows) -> list[Figure]:
    """Return what the rows add up to."""
    totals = rows.totals
    money = {"unit": job.currency, "decimals": money_decimals(job)}
    figures = []
    if job.points:
        names = _BETWEEN.join(point.name for point in job.points)
        figures.append(Figure(name="metering_points", value=names))
    devices = _BETWEEN.join(device.device_name for device in (*job.devices, *job.gone))
    return [
        *figures,
        Figure(name="devices", value=devices),
        Figure(
            name="total_energy",
            value=totals["energy_kwh"],
            unit="kWh",
            decimals=energy_decimals(job),
        ),
        *(
            Figure(name=name, value=totals[name], **money)  # type: ignore[arg-type]
            for name in ("energy_cost", "standing_charge", "feed_in")
        ),
        Figure(name="total_cost", value=rows.grand_total(), **money),  # type: ignore[arg-type]
    ]


class CostCharts:
    """Collects what energy cost, to draw it.

    Args:
        job: says whether charts are wanted.
        edges: of the periods that are added.
        end: UTC seconds up to which values are known.

    """

    def __init__(self, job: Job, edges: Sequence[float], end: float) -> None:
        self._job = job
        self._edges = edges
        self._words = Words(job.options.locale)
        self._zone = job.zone()
        self._period = _period_of(job)
        self._bars = (
            boundaries(_AGGREGATIONS[self._period], job.start, end, self._zone)
            if end > job.start
            else []
        )
        self._by_bar: dict[tuple[int, int], float] = defaultdict(float)
        self._by_tariff: dict[tuple[str, int], float] = defaultdict(float)
        self._wanted = job.include_charts and FORMATS[job.format].document

    def add(self, key: CostKey, amounts: Amounts) -> None:
        """Add what something cost; what it brought is not drawn."""
        if not self._wanted:
            return
        cost = (amounts.cost or 0.0) + (amounts.standing or 0.0)
        if not cost:
            return
        bar = max(bisect_right(self._bars, self._edges[key.place]) - 1, 0)
        self._by_bar[bar, key.owner] += cost
        if amounts.cost:
            self._by_tariff[key.period, key.tier] += amounts.cost

    def over_time(self) -> list[Chart]:
        """Return the costs by month, week or day and device, standing charges among them."""
        if not self._by_bar:
            return []
        bars = range(len(self._bars) - 1)
        return [
            Chart(
                kind=ChartKind.STACKED_BAR,
                title=self._words.chart(f"cost_by_{self._period}"),
                unit=self._job.currency,
                decimals=2,
                categories=self._labels(),
                series=[
                    Series(name, [self._sum(bar, owners) for bar in bars])
                    for name, owners in self._ranked()
                ],
            )
        ]

    def by_tariff_period(self) -> list[Chart]:
        """Return the share of each tariff period and tier in the cost of energy."""
        # A share of one is no share.
        if len(self._by_tariff) < 2 or min(self._by_tariff.values()) < 0:
            return []
        kinds = sorted(self._by_tariff, key=tariff_order)
        return [
            Chart(
                kind=ChartKind.PIE,
                title=self._words.chart("cost_by_tariff_period"),
                unit=self._job.currency,
                decimals=2,
                categories=[tariff_label(self._words, *kind) for kind in kinds],
                series=[
                    Series(
                        self._words.column("energy_cost"), [self._by_tariff[kind] for kind in kinds]
                    )
                ],
                colours=[tariff_colour(period) for period, _ in kinds],
            )
        ]

    def _ranked(self) -> list[tuple[str, list[int]]]:
        """Return names with their owners: devices, the largest first, then standing charges."""
        totals: dict[int, float] = defaultdict(float)
        for (_, owner), cost in self._by_bar.items():
            totals[owner] += cost
        devices = (*self._job.devices, *self._job.gone)
        order = sorted(
            (owner for owner in totals if owner < len(devices)), key=lambda owner: -totals[owner]
        )
        kept = len(order) if len(order) <= _MOST_OWNERS else _MOST_OWNERS - 1
        ranked = [(devices[owner].device_name, [owner]) for owner in order[:kept]]
        if others := order[kept:]:
            ranked.append((self._words.text("others"), others))
        if points := [owner for owner in totals if owner >= len(devices)]:
            ranked.append((self._words.column("standing_charge"), points))
        return ranked

    def _sum(self, bar: int, owners: Sequence[int]) -> float | None:
        found = [self._by_bar[bar, owner] for owner in owners if (bar, owner) in self._by_bar]
        return sum(found) if found else None

    def _labels(self) -> list[str]:
        starts = [max(bar, self._job.start) for bar in self._bars[:-1]]
        days = [local_time(start, self._zone).date() for start in starts]
        dates = DateWords(self._job.options.locale)
        if self._period == "month":
            return [dates.month(day) for day in days]
        return dates.bars(days, are_days=self._period == "day")


def _period_of(job: Job) -> str:
    """Return what a bar stands for: no finer than the periods that are added."""
    if job.export_type == "cost_analysis" and job.grouping in {"weekly", "monthly"}:
        return "week" if job.grouping == "weekly" else "month"
    return "day" if job.end - job.start <= _MOST_DAYS * 86400 else "month"
