"""Export type `contract_comparison`: what the past would have cost under several contracts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ...costs.apportioning import to_digits
from ...formats import FORMATS
from ...readings.fields import Kind
from ...rows.content import Chart, ChartKind, Content, Figure, Series
from ...rows.tables import Column, Holds, Rounding, Table
from ...tariff.offers import OWN
from ...times import local_time
from ...words.dates import DateWords
from ...words.phrases import Words
from .result import compared, money_decimals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...job import Job
    from ...recorder.states import Recorder
    from ...rows.spool import Spool
    from .result import Line, Result

_FEW_MONTHS = 12
"""More of them are drawn as lines."""


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Compare the contracts and return the totals and the months, as `Work.content` describes."""
    del spool
    with recorder.connect() as connection:
        result = compared(job, connection, end)
    on_read(1.0)
    view = _View(job, result)
    totals = view.totals()
    totals.warnings += view.warnings()
    return Content(
        tables=[totals, view.months()],
        figures=view.figures(),
        charts=view.charts() if job.include_charts and view.is_document else [],
    )


class _View:
    """A comparison as tables, figures and charts."""

    def __init__(self, job: Job, result: Result) -> None:
        self._job = job
        self._result = result
        self._words = Words(job.options.locale)
        self.is_document = FORMATS[job.format].document
        self._in_words = self.is_document or not job.options.machine_names
        asked = job.options.decimal_places
        self._money, self._energy = money_decimals(job), 3 if asked is None else asked

    def totals(self) -> Table:
        """Return a row for each contract."""
        columns = [
            Column("contract", Kind.TEXT, holds=Holds.TEXT),
            Column("priced_on", Kind.TEXT),
            *(self._amount(name) for name in ("energy_cost", "standing_charge", "feed_in")),
            self._amount("total"),
            self._amount("difference"),
            self._amount("shift_saving"),
            Column("unpriced_kwh", Kind.NUMBER, self._energy, "kWh"),
            Column("currency", Kind.TEXT),
        ]
        rows = [
            (
                self._name(line),
                self._day(line.priced_on),
                *line.money,
                line.difference,
                line.shift_saving,
                to_digits(line.unpriced_kwh, self._energy),
                self._job.currency,
            )
            for line in self._result.lines
        ]
        table = self._table("contracts", columns, rows, {"feed_in", "priced_on", "unpriced_kwh"})
        table.adds_up = False
        return table

    def warnings(self) -> list[dict[str, Any]]:
        """Return the warnings, which call contracts as the tables do."""
        lines = [self._result.line(one.get("about")) for one in self._result.warnings]
        return [
            one if line is None else {**one, "about": self._name(line)}
            for one, line in zip(self._result.warnings, lines, strict=True)
        ]

    def months(self) -> Table:
        """Return the months: for people a row each, for programs a row for each contract too."""
        kwh = self._energies(self._result.kwh)
        produced = self._energies(self._result.produced_kwh)
        months = list(zip(self._result.edges, kwh, produced, strict=False))
        start = Column("period_start", Kind.TIME, span="month")
        energy = [
            Column(name, Kind.AMOUNT, self._energy, "kWh")
            for name in ("energy_kwh", "produced_kwh")
        ]
        lines = self._result.lines
        if self.is_document and not self._job.privacy.active:
            return self._table(
                "contract_months",
                [start, *energy, *(self._amount(self._name(line)) for line in lines)],
                [
                    (*month, *(line.months[place].total for line in lines))
                    for place, month in enumerate(months)
                ],
                {"produced_kwh"},
            )
        names = ("energy_cost", "standing_charge", "feed_in", "total")
        return self._table(
            "contract_months",
            [
                start,
                Column("contract", Kind.TEXT, holds=Holds.TEXT),
                *energy,
                *(self._amount(name) for name in names),
                Column("currency", Kind.TEXT),
            ],
            [
                (moment, self._name(line), used, made, *line.months[place], self._job.currency)
                for place, (moment, used, made) in enumerate(months)
                for line in lines
            ],
            {"produced_kwh", "feed_in"},
        )

    def figures(self) -> list[Figure]:
        """Return what the reader wants to know first."""
        result, job = self._result, self._job
        (point,) = job.points
        figures = [Figure(name="metering_points", value=point.name)]
        cheapest, own = result.line(result.cheapest), result.line(OWN)
        if cheapest is not None and (lowest := cheapest.money.total) is not None:
            figures += [
                Figure(name="cheapest", value=self._name(cheapest)),
                self._figure("cheapest_total", lowest),
            ]
            if own is not None and cheapest is not own and own.money.total is not None:
                figures.append(self._figure("own_total", own.money.total))
                if not own.unpriced_kwh:
                    saving = to_digits(own.money.total - lowest, self._money)
                    figures.append(self._figure("possible_saving", saving))
        for name, kwh in (("total_energy", result.kwh), ("total_production", result.produced_kwh)):
            if name == "total_energy" or any(kwh):
                figures.append(Figure(name=name, value=sum(kwh), unit="kWh", decimals=self._energy))
        return figures

    def charts(self) -> list[Chart]:
        """Return the totals, and the months over time."""
        result, words = self._result, self._words
        if not result.lines:
            return []
        zone = self._job.zone()
        starts = [local_time(moment, zone) for moment in result.edges[:-1]]
        months = [f"{words.months()[one.month - 1]} {one.year}" for one in starts]
        lines = len(months) > _FEW_MONTHS
        money = {"unit": self._job.currency, "decimals": self._money}
        totals = Chart(
            kind=ChartKind.BAR,
            title=words.chart("contract_totals"),
            categories=[self._name(line) for line in result.lines],
            series=[Series(words.column("total"), [line.money.total for line in result.lines])],
            **money,  # type: ignore[arg-type]
        )
        if len(months) < 2:
            return [totals]
        over_time = Chart(
            kind=ChartKind.LINE if lines else ChartKind.BAR,
            title=words.chart("cost_by_contract"),
            categories=months,
            series=[
                Series(self._name(line), [month.total for month in line.months])
                for line in result.lines
            ],
            **money,  # type: ignore[arg-type]
        )
        return [totals, over_time]

    def _name(self, line: Line) -> str:
        """Return what a contract is called: those without a name of their own have one of ours."""
        return line.name if line.is_named or not self._in_words else self._words.column(line.name)

    def _day(self, day: str | None) -> str | None:
        """Return the date of a price as the reader writes it."""
        if day is None or not self._in_words:
            return day
        return DateWords(self._job.options.locale).short(date.fromisoformat(day))

    def _amount(self, name: str) -> Column:
        return Column(name, Kind.AMOUNT, self._money, self._job.currency)

    def _figure(self, name: str, value: float) -> Figure:
        return Figure(name=name, value=value, unit=self._job.currency, decimals=self._money)

    def _energies(self, kwh: Sequence[float]) -> list[Any]:
        rounding = Rounding([Column("kwh", Kind.AMOUNT, self._energy)])
        return rounding.column(0, list(kwh), [None] * len(kwh))

    def _table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Any]],
        if_any: set[str],
    ) -> Table:
        """Return a table; people are not shown columns of `if_any` that hold nothing."""
        shown = [
            place
            for place, column in enumerate(columns)
            if not self.is_document
            or (column.name != "currency" and column.name not in if_any)
            or (column.name in if_any and any(row[place] for row in rows))
        ]
        chunk = [[row[place] for row in rows] for place in shown]
        return Table(
            name, [columns[place] for place in shown], len(rows), iter([chunk] if rows else [])
        )
