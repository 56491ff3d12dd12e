"""The first page of costs: what each device used and cost, one total, and how that compares."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from ...costs.apportioning import Apportioning, rounded, to_digits
from ...costs.standing_charge import standing_charge
from ...costs.terms import read_terms
from ...readings.fields import Kind
from ...rows.content import Chart, ChartKind, Series
from ...rows.tables import Column, Table, small_table
from ...tariff.energy import CONSUMPTION
from ...times import boundaries, day_of, local_time
from ...words.dates import DateWords
from ...words.phrases import Words
from ..cost_rows import energy_decimals
from ..job_sums import job_costs
from ..tariff_periods import tariff_colour, tariff_label, tariff_order
from .earlier import Earlier
from .meter_readings import meter_readings
from .taxes import Taxes, with_contracts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ...costs.costing import CostSum
    from ...costs.terms import Terms
    from ...job import Job
    from ...recorder.states import Recorder

_PRICE_DECIMALS: Final = 4
_ONE_MONTH: Final = 31 * 86400 + 3600
_DAYS_ARE_READ: Final = 3 * _ONE_MONTH
"""The days of a longer range are pages that nobody reads; who wants them asks for them."""
_READ_DECIMALS: Final = 1
"""Of a reading; meters themselves mostly show whole kWh."""
_READINGS: Final = ("reading_start", "reading_end")
_NO_READINGS: Final = (None, None)
_NO_PRICE: Final = ("", -1)
"""In the place of a tariff period and tier: what no contract covers."""


class _Sum:
    """Energy and money that belong together."""

    def __init__(self) -> None:
        self.kwh = 0.0
        self.unpriced = 0.0
        self.cost: float | None = None

    def add(self, one: CostSum) -> None:
        self.kwh += one.kwh
        self.unpriced += one.unpriced_kwh
        if one.cost is not None:
            self.cost = (self.cost or 0.0) + one.cost

    @property
    def price(self) -> float | None:
        """Return the average price of a kWh that has one."""
        priced = self.kwh - self.unpriced
        if not self.cost or priced <= 0:
            return None
        return round(self.cost / priced, _PRICE_DECIMALS)


class Bill:
    """Reads the days of a job's range, and shows them as a bill does.

    Args:
        job: says whose costs.
        recorder: where the ledger's tables are.
        end: UTC seconds up to which values are known.

    """

    def __init__(self, job: Job, recorder: Recorder, end: float) -> None:
        self._job = job
        self._recorder = recorder
        self._end = end
        self._zone = job.zone()
        self._words = Words(job.options.locale)
        self._dates = DateWords(job.options.locale)
        owners = [one for one in (*job.devices, *job.gone) if one.plug_id]
        self._plugs = {one.plug_id: one.device_name for one in owners}
        self._terms: dict[str, Terms] = {}
        self._edges: list[float] = []
        if end > job.start:
            self._edges += boundaries("daily", job.start, end, self._zone)
            self._edges[0], self._edges[-1] = job.start, end
        self._used: dict[str, _Sum] = defaultdict(_Sum)
        self._made: dict[str, _Sum] = defaultdict(_Sum)
        self._periods: dict[tuple[str, int], _Sum] = defaultdict(_Sum)
        self._days: dict[tuple[int, str, int], float] = defaultdict(float)
        self._points = {one.plug_id: one.metering_point for one in owners}
        self._taxes = Taxes()
        self._by_day: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
        self._money = 2 if job.options.decimal_places is None else job.options.decimal_places
        self._energy = energy_decimals(job)

    def read(self) -> None:
        """Read everything."""
        connect = self._recorder.connect
        with connect() as connection:
            self._terms = read_terms(connection, [point.slug for point in self._job.points])
        self._edges = with_contracts(self._edges, self._terms.values())
        for found, _ in job_costs(self._job, connect, self._edges):
            for one in found:
                self._add(one)
        for place in range(len(self._edges) - 1):
            start, end = self._edges[place], self._edges[place + 1]
            for terms in self._terms.values():
                charge = standing_charge(terms.tariff, start, end, terms.zone)
                self._by_day[place][2] += charge
                self._taxes.add(terms.taxes_at(start)[1], charge)

    def _add(self, one: CostSum) -> None:
        day = self._by_day[one.place]
        if one.role != CONSUMPTION:
            self._made[one.plug_id].add(one)
            day[3] += one.cost or 0.0
            return
        self._used[one.plug_id].add(one)
        is_priced = one.cost is not None or one.period
        self._periods[(one.period, one.tier) if is_priced else _NO_PRICE].add(one)
        self._days[one.place, one.period, one.tier] += one.cost or 0.0
        day[0] += one.kwh
        day[1] += one.cost or 0.0
        terms = self._terms.get(self._points[one.plug_id] or "")
        if terms is not None and one.cost:
            self._taxes.add(terms.taxes_at(self._edges[one.place])[0], one.cost)

    def suppliers(self) -> list[str]:
        """Return the suppliers of the range's contracts, in their order."""
        return list(
            dict.fromkeys(
                contract.supplier
                for terms in self._terms.values()
                for contract in terms.tariff.within(*self._days_of_range())
                if contract.supplier
            )
        )

    def _days_of_range(self) -> tuple[date, date]:
        last = max(self._job.start, self._end - 1)
        return day_of(self._job.start, self._zone), day_of(last, self._zone)

    def tables(self) -> list[Table]:
        """Return the bill, its tariff periods, what it compares with, months, and days if few."""
        tables = [self._statement()]
        if len(self._periods) > 1:
            tables.append(self._tariff_periods())
        comparison = self._earlier().table()
        if comparison.count:
            tables.append(comparison)
        length = self._edges[-1] - self._edges[0] if self._edges else 0
        if length > _ONE_MONTH:
            tables.append(self._over_time("monthly"))
            if length < _DAYS_ARE_READ or self._job.grouping == "daily":
                tables.append(self._over_time("daily"))
        return tables

    def charts(self) -> list[Chart]:
        """Return what the energy of each day, or month, cost by tariff period."""
        if len(self._edges) < 3 or not any(self._days.values()):
            return []
        long = self._edges[-1] - self._edges[0] > 2 * _ONE_MONTH
        starts = [local_time(edge, self._zone).date() for edge in self._edges[:-1]]
        labels = [self._dates.month(day) for day in starts] if long else self._dates.bars(starts)
        categories = list(dict.fromkeys(labels))
        found = {(period, tier) for (_, period, tier), cost in self._days.items() if cost}
        kinds = sorted(found, key=tariff_order)
        values = {kind: dict.fromkeys(categories, 0.0) for kind in kinds}
        for (place, period, tier), cost in self._days.items():
            if cost:
                values[period, tier][labels[place]] += cost
        return [
            Chart(
                kind=ChartKind.STACKED_BAR,
                title=self._words.chart("energy_cost_by_month" if long else "energy_cost_by_day"),
                unit=self._job.currency,
                decimals=2,
                categories=categories,
                series=[
                    Series(tariff_label(self._words, *kind), list(values[kind].values()))
                    for kind in kinds
                ],
                colours=[tariff_colour(period) for period, _ in kinds],
            )
        ]

    def _statement(self) -> Table:
        """Return a row for each device, for what is owed besides, and one total."""
        costs = self._rounded({plug: one.cost or 0.0 for plug, one in self._used.items()})
        kwh = Apportioning(self._energy, {plug: one.kwh for plug, one in self._used.items()})
        shown = meter_readings(self._job, self._recorder)
        rows: list[tuple[Any, ...]] = [
            (
                self._plugs[plug],
                *shown.get(plug, _NO_READINGS),
                kwh.rounded(plug, one.kwh),
                one.price,
                None if one.cost is None else costs.rounded(plug, one.cost),
            )
            for plug, one in sorted(self._used.items(), key=lambda item: -item[1].kwh)
        ]
        total = costs.total
        charge = rounded(sum(day[2] for day in self._by_day.values()), self._money)
        if charge:
            rows.append((self._words.column("standing_charge"), *_NO_READINGS, None, None, charge))
        earned = self._rounded({plug: one.cost or 0.0 for plug, one in self._made.items()})
        for plug, one in self._made.items():
            brought = None if one.cost is None else -earned.rounded(plug, one.cost) + 0.0
            label = f"{self._words.column('feed_in')}, {self._plugs[plug]}"
            told = shown.get(plug, _NO_READINGS)
            rows.append((label, *told, rounded(one.kwh, self._energy), one.price, brought))
            total += brought or 0.0
        is_priced = charge or any(
            one.cost is not None for one in (*self._used.values(), *self._made.values())
        )
        owed = to_digits(total + charge, self._money) if is_priced else None
        rows.append((self._words.column("total"), *_NO_READINGS, kwh.total, None, owed))
        taxes = self._taxes.rows(self._job.options.locale, self._money)
        rows += [(first, *_NO_READINGS, *amounts) for first, *amounts in taxes]
        columns = self._columns("bill_item")
        if shown:
            columns[1:1] = [Column(name, Kind.NUMBER, _READ_DECIMALS, "kWh") for name in _READINGS]
        else:
            rows = [(first, *amounts) for first, _, _, *amounts in rows]
        return small_table("bill", columns, rows, 1, len(taxes))

    def _tariff_periods(self) -> Table:
        kinds = sorted(self._periods, key=tariff_order)
        costs = self._rounded({kind: self._periods[kind].cost or 0.0 for kind in kinds})
        kwh = Apportioning(self._energy, {kind: self._periods[kind].kwh for kind in kinds})
        rows = [
            (
                self._label(kind),
                kwh.rounded(kind, one.kwh),
                one.price,
                None if one.cost is None else costs.rounded(kind, one.cost),
            )
            for kind in kinds
            for one in (self._periods[kind],)
        ]
        return small_table("bill_periods", self._columns("time_of_use"), rows)

    def _label(self, kind: tuple[str, int]) -> str:
        return (
            self._words.text("no_price") if kind == _NO_PRICE else tariff_label(self._words, *kind)
        )

    def _earlier(self) -> Earlier:
        return Earlier(self._job, self._recorder, self._end, self._terms, money=self._money)

    def _over_time(self, grouping: str) -> Table:
        """Return the months or days, and what they add up to."""
        edges = boundaries(grouping, self._job.start, self._end, self._zone)
        rows: list[list[float]] = [[0.0] * 4 for _ in edges[:-1]]
        place = 0
        for day in range(len(self._edges) - 1):
            while self._edges[day] >= edges[place + 1]:
                place += 1
            rows[place] = [a + b for a, b in zip(rows[place], self._by_day[day], strict=True)]
        columns = [
            Column("period_start", Kind.TIME, span="month" if grouping == "monthly" else "day"),
            Column("energy_kwh", Kind.AMOUNT, self._energy),
            *(
                Column(name, Kind.AMOUNT, self._money, self._job.currency)
                for name in ("energy_cost", "standing_charge", "feed_in", "total")
            ),
        ]
        roundings = [
            Apportioning(decimals, {None: sum(row[index] for row in rows)})
            for index, decimals in enumerate((self._energy, *(self._money,) * 3))
        ]
        shown: list[Sequence[Any]] = []
        for edge, row in zip(edges, rows, strict=False):
            parts = [
                rounding.rounded(None, value)
                for rounding, value in zip(roundings, row, strict=True)
            ]
            total = to_digits(parts[1] + parts[2] - parts[3], self._money)
            shown.append((edge, *parts, total))
        keep = [place for place in range(6) if place != 4 or any(row[4] for row in shown)]
        return small_table(
            f"bill_{grouping}",
            [columns[place] for place in keep],
            [[row[place] for place in keep] for row in shown],
        )

    def _rounded[K: (str, tuple[str, int])](self, costs: Mapping[K, float]) -> Apportioning[K]:
        return Apportioning(self._money, costs)

    def _columns(self, label: str) -> list[Column]:
        currency = self._job.currency
        return [
            Column(label, Kind.TEXT),
            Column("energy_kwh", Kind.NUMBER, self._energy),
            Column("average_price", Kind.NUMBER, _PRICE_DECIMALS, f"{currency}/kWh"),
            Column("amount", Kind.NUMBER, self._money, currency),
        ]
