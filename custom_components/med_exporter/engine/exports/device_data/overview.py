"""What sums up the readings of devices: totals, and charts of where and when energy went."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from ...formats import FORMATS
from ...rows.content import Chart, ChartKind, Figure, Series
from ...times import HOUR, QUARTER, boundaries, floor_to, local_time
from ...words.dates import DateWords
from ...words.phrases import Words
from .totals import totals_of, used_and_made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...job import Job
    from ...rows.spool import Spool
    from ...rows.tables import Column
    from .totals import SumsByColumn

_PERIODS = {"weekly": "week", "monthly": "month"}
_AGGREGATIONS = {"week": "weekly", "month": "monthly", "day": "daily"}
_FINE = ("raw", "hourly")
"""Aggregations whose rows belong to an hour."""
_MOST_DEVICES = 11
"""Devices with a colour of their own; the smaller ones share one."""
_DECIMALS = 3
_ALMOST_A_DAY = 23 * HOUR
"""Seconds: one on which the clock is changed is an hour short."""
# Keeps right-to-left names apart from each other.
_BETWEEN = "\u200e, "


def overview(
    job: Job, spool: Spool, columns: Sequence[Column], sums: SumsByColumn, end: float
) -> tuple[list[Figure], list[Chart]]:
    """Return the figures and, where the job asks for them, the charts of its rows.

    Energy and cost are summed up where they are among the job's fields, and are sums; what is
    produced, and what it brings, has figures of its own.

    Args:
        job: what is wanted; a format without a place for charts gets none.
        spool: has all rows.
        columns: of the table, for the decimals of the totals.
        sums: as `sums_by_column` returns them.
        end: UTC seconds up to which values are known.

    """
    figures = [
        Figure(name="devices", value=_BETWEEN.join(device.device_name for device in job.devices))
    ]
    if not sums:
        return figures, []
    for column in columns:
        if column.name in sums:
            figures += totals_of(job, column, sums[column.name])
    if not (job.include_charts and FORMATS[job.format].document):
        return figures, []
    if "energy_kwh" not in sums:
        return figures, []
    charted = _Sums(job, end)
    for piece in spool.values(["energy_kwh", "filled"]):
        for moment, device, energy, filled in zip(*piece, strict=True):
            charted.add(moment, device, energy, filled)
    return figures, charted.charts()


class _Sums:
    """Adds up rows by device, period and hour of the week."""

    def __init__(self, job: Job, end: float) -> None:
        self._job = job
        self._end = end
        self._zone = job.zone()
        self._words = Words(job.options.locale)
        self._period = _PERIODS.get(job.aggregation, "day")
        self._edges = boundaries(_AGGREGATIONS[self._period], job.start, end, self._zone)
        self._by_period: dict[tuple[int, int], float] = defaultdict(float)
        self._by_hour: dict[int, float] = defaultdict(float)
        self._estimated: set[int] = set()
        self._by_device: dict[int, float] = defaultdict(float)
        self._hours: dict[int, tuple[int, int]] = {}
        self._used, self._made = (set(places) for places in used_and_made(job))

    def add(self, moment: float, device: int, energy: float | None, filled: int | None) -> None:
        """Add a row; `filled` where the time at which its energy was used is not known."""
        if energy is None:
            return
        # A period's first row may begin before the range.
        period = max(bisect_right(self._edges, moment) - 1, 0)
        self._by_period[period, device] += energy
        self._by_device[device] += energy
        if self._job.aggregation in _FINE and device in self._used:
            hour = floor_to(moment, HOUR)
            self._by_hour[hour] += energy
            if filled:
                self._estimated.add(hour)

    def charts(self) -> list[Chart]:
        """Return the charts that the rows are fine enough for."""
        if not self._by_period:
            return []
        used = [one for one in self._by_device if one in self._used]
        made = [one for one in self._by_device if one in self._made]
        beside = [one for one in self._by_device if one not in self._used | self._made]
        charts = []
        # One bar says no more than the total, and hours of a day are told by a whole one.
        goes_on = len(self._edges) > 2
        if used:
            charts += [self._over_time(used)] if goes_on else []
            # A share of one is no share.
            charts += [self._shares(used)] if len(used) > 1 else []
        if made and goes_on:
            charts.append(self._over_time(made, "production_by"))
        if beside and goes_on:
            charts.append(self._over_time(beside, "beside_by"))
        is_a_day = self._end - self._job.start >= _ALMOST_A_DAY
        return [*charts, self._over_the_week()] if self._by_hour and is_a_day else charts

    def _over_time(self, devices: Sequence[int], kind: str | None = None) -> Chart:
        periods = range(len(self._edges) - 1)
        title = self._words.chart(f"energy_by_{self._period}")
        return Chart(
            kind=ChartKind.STACKED_BAR,
            title=title if kind is None else self._words.text(kind, title=title),
            unit="kWh",
            decimals=_DECIMALS,
            categories=self._labels(),
            series=[
                Series(name, [self._sum(period, some) for period in periods])
                for name, some in self._ranked(devices)
            ],
        )

    def _shares(self, devices: Sequence[int]) -> Chart:
        ranked = self._ranked(devices)
        totals = self._by_device
        return Chart(
            kind=ChartKind.PIE,
            title=self._words.chart("energy_by_device"),
            unit="kWh",
            decimals=_DECIMALS,
            categories=[name for name, _ in ranked],
            series=[
                Series(
                    self._words.column("energy_kwh"),
                    [sum(totals[device] for device in some) for _, some in ranked],
                )
            ],
        )

    def _over_the_week(self) -> Chart:
        passed: dict[tuple[int, int], int] = defaultdict(int)
        used: dict[tuple[int, int], float] = defaultdict(float)
        for edge in boundaries("hourly", self._job.start, self._end, self._zone)[:-1]:
            if floor_to(edge, HOUR) not in self._estimated:
                passed[self._hour_of(edge)] += 1
        for hour, energy in self._by_hour.items():
            if hour not in self._estimated:
                used[self._hour_of(hour)] += energy
        return Chart(
            kind=ChartKind.HEAT_MAP,
            title=self._words.chart("energy_by_hour"),
            unit="kWh",
            decimals=_DECIMALS,
            categories=[f"{hour:02d}" for hour in range(24)],
            series=[
                Series(
                    name,
                    [
                        used[day, hour] / max(passed[day, hour], 1) if (day, hour) in used else None
                        for hour in range(24)
                    ],
                )
                for day, name in enumerate(self._words.weekdays())
                if any((day, hour) in passed for hour in range(24))
            ],
        )

    def _ranked(self, devices: Sequence[int]) -> list[tuple[str, list[int]]]:
        """Return names with their devices, the largest first, the smallest together."""
        totals = self._by_device
        order = sorted(devices, key=lambda device: -totals[device])
        names = [device.device_name for device in self._job.devices]
        kept = len(order) if len(order) <= _MOST_DEVICES + 1 else _MOST_DEVICES
        ranked = [(names[device], [device]) for device in order[:kept]]
        others = order[kept:]
        return [*ranked, (self._words.text("others"), others)] if others else ranked

    def _sum(self, period: int, devices: Sequence[int]) -> float | None:
        found = [
            self._by_period[period, device]
            for device in devices
            if (period, device) in self._by_period
        ]
        return sum(found) if found else None

    def _labels(self) -> list[str]:
        starts = [max(edge, self._job.start) for edge in self._edges[:-1]]
        days = [local_time(start, self._zone).date() for start in starts]
        dates = DateWords(self._job.options.locale)
        if self._period == "month":
            return [dates.cut_month(day) for day in days]
        return dates.bars(days, are_days=self._period == "day")

    def _hour_of(self, moment: float) -> tuple[int, int]:
        """Return weekday (Monday 0) and hour of a local time."""
        quarter = int(moment // QUARTER)
        known = self._hours.get(quarter)
        if known is None:
            local = local_time(quarter * QUARTER, self._zone)
            known = self._hours[quarter] = (local.weekday(), local.hour)
        return known
