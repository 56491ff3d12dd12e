"""Section `usage_patterns`: when energy is used over the week, and what is used all the time.

One row for each hour of the week, weekdays as 1 (Monday) to 7, and behind them one for all, whose
weekday and hour are empty. The average is that of the hours of which the ledger knows something.
The base load is the power that is hardly ever gone below: of an hour of the week its lowest
quarter-hour, of the whole range the median of the lowest quarter-hours of its days. Quarter-hours
into which energy was spread tell nothing of habits, and are left out; a warning tells of it.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Any

from ...costs.apportioning import to_digits
from ...formats import FORMATS
from ...ledger.sums import CONSUMPTION
from ...readings.fields import Kind
from ...rows.content import Chart, ChartKind, Figure, Series
from ...rows.tables import Column, small_table
from ...times import QUARTER, local_time
from ...words.file_warnings import warning
from ...words.phrases import Words
from ..cost_rows import energy_decimals
from ..job_sums import job_quarters
from . import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...job import Job
    from ...recorder.states import Recorder

_QUARTERS = 4
"""Of an hour."""
_WATTS = 1000 * _QUARTERS
"""What a kWh of a quarter-hour is as power."""
_EXACT_DECIMALS = 9
_BUSIEST = 3
"""Hours that are named."""


def section(job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]) -> Section:
    """Return the hours of the week, as `SectionModule.section` describes."""
    week = _Week(job)
    for found in job_quarters(job, recorder.connect, end):
        for moment, kwh, filled_kwh in sorted(found):
            (week.leave_out if filled_kwh else week.add)(moment, kwh)
            on_read((moment - job.start) / (job.end - job.start))
    whole = Section(figures=week.figures(), charts=week.charts(), warnings=week.warnings())
    # Four pages of numbers are a picture to their reader.
    if not FORMATS[job.format].on_pages:
        whole.table = small_table("usage_patterns", _columns(job), week.rows())
    return whole


def _columns(job: Job) -> list[Column]:
    return [
        Column("weekday", Kind.NUMBER),
        Column("hour", Kind.NUMBER),
        Column("average_kwh", Kind.NUMBER, energy_decimals(job), "kWh"),
        Column("base_load_w", Kind.NUMBER, 0, "W"),
        Column("busiest_rank", Kind.NUMBER),
    ]


class _Week:
    """Adds up quarter-hours by hour of the week; weekdays count from 0 here."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._zone = job.zone()
        self._words = Words(job.options.locale)
        self._kwh: dict[tuple[int, int], float] = defaultdict(float)
        self._count: dict[tuple[int, int], int] = defaultdict(int)
        self._lowest: dict[tuple[int, int], float] = {}
        self._lowest_of_day: dict[int, float] = {}
        self._left_out: tuple[int, int] | None = None
        self._left_out_count = 0
        self._left_out_kwh = 0.0

    def add(self, moment: int, kwh: float) -> None:
        """Add what all devices used in a quarter-hour."""
        local = local_time(moment, self._zone)
        hour = (local.weekday(), local.hour)
        self._kwh[hour] += kwh
        self._count[hour] += 1
        self._lowest[hour] = min(self._lowest.get(hour, kwh), kwh)
        day = local.toordinal()
        self._lowest_of_day[day] = min(self._lowest_of_day.get(day, kwh), kwh)

    def leave_out(self, moment: int, kwh: float) -> None:
        """Leave out a quarter-hour of which nobody knows whether its energy was used in it."""
        first, _ = self._left_out or (moment, moment)
        self._left_out = (first, moment + QUARTER)
        self._left_out_count += 1
        self._left_out_kwh += kwh

    def warnings(self) -> list[dict[str, Any]]:
        """Say what was left out, `ESTIMATES_LEFT_OUT`; or that nothing is known, where none does.

        The first counts quarter-hours; `NO_HALF_HOURS` is as in `ledger_gaps.ledger_warnings`.
        """
        job = self._job
        if self._left_out is not None:
            count, kwh = self._left_out_count, self._left_out_kwh
            return [warning("ESTIMATES_LEFT_OUT", *self._left_out, count, kwh=kwh)]
        names = [one.device_name for one in job.devices if one.role == CONSUMPTION]
        if self._kwh or not names or "energy_consumption" in job.report_sections:
            return []
        about = ", ".join(names)
        return [warning("NO_HALF_HOURS", job.start, job.end, len(names), about=about)]

    def rows(self) -> list[Sequence[Any]]:
        """Return the rows of the table; none when nothing is known."""
        if not self._kwh:
            return []
        decimals = energy_decimals(self._job)
        rank = {hour: place for place, hour in enumerate(self._ranked(), 1)}
        rows: list[Sequence[Any]] = [
            (
                day + 1,
                hour,
                to_digits(self._average((day, hour)), decimals),
                round(self._lowest[day, hour] * _WATTS),
                rank[day, hour],
            )
            for day, hour in sorted(self._kwh)
        ]
        average = sum(self._kwh.values()) / sum(self._count.values()) * _QUARTERS
        return [*rows, (None, None, to_digits(average, decimals), round(self._base_load()), None)]

    def figures(self) -> list[Figure]:
        """Return the base load and the busiest hours."""
        if not self._kwh:
            return []
        days = self._words.weekdays()
        busiest = ", ".join(f"{days[day]} {hour:02d}:00" for day, hour in self._ranked()[:_BUSIEST])
        return [
            Figure(name="base_load", value=self._base_load(), unit="W"),
            Figure(name="busiest_hours", value=busiest),
        ]

    def charts(self) -> list[Chart]:
        """Return the week as a heat map."""
        job = self._job
        file_format = FORMATS[job.format]
        wanted = file_format.on_pages or (job.include_charts and file_format.document)
        if not self._kwh or not wanted:
            return []
        return [
            Chart(
                kind=ChartKind.HEAT_MAP,
                title=self._words.chart("energy_by_hour"),
                unit="kWh",
                decimals=3,
                categories=[f"{hour:02d}" for hour in range(24)],
                series=[
                    Series(
                        name,
                        [
                            self._average((day, hour)) if (day, hour) in self._kwh else None
                            for hour in range(24)
                        ],
                    )
                    for day, name in enumerate(self._words.weekdays())
                    if any((day, hour) in self._kwh for hour in range(24))
                ],
                note=self._note() if file_format.on_pages else "",
            )
        ]

    def _note(self) -> str:
        days, ranked = self._words.weekdays(), self._ranked()
        average = sum(self._kwh.values()) / sum(self._count.values()) * _WATTS
        busiest, quietest = (
            self._words.text("hour_of_week", day=days[day], hour=f"{hour:02d}:00")
            for day, hour in (ranked[0], ranked[-1])
        )
        return self._words.text(
            "usage_note",
            average=round(average), base=round(self._base_load()),
            busiest=busiest, quietest=quietest,
        )  # fmt: skip

    def _average(self, hour: tuple[int, int]) -> float:
        # The order in which a database adds up is its own, and must decide no rank.
        return round(self._kwh[hour] / self._count[hour] * _QUARTERS, _EXACT_DECIMALS)

    def _ranked(self) -> list[tuple[int, int]]:
        """Return the hours of the week, the busiest first."""
        return sorted(self._kwh, key=lambda hour: (-self._average(hour), hour))

    def _base_load(self) -> float:
        """Return the power of the range, in W."""
        return median(self._lowest_of_day.values()) * _WATTS
