"""What energy cost, by period and split as asked for: the rows behind tables, totals and charts.

A row adds up what has the same period, device, tariff period and tier, as far as these are told
apart. Energy is what was consumed; production brings its feed-in. A standing charge belongs to a
metering point, to no tariff period and to no tier: with devices told apart it has a row of its
own, under the metering point's name, and otherwise stands in the row without a tariff period and
tier. So it is neither lost nor doubled, however rows are split.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..costs.apportioning import Apportioning, to_digits
from ..costs.standing_charge import standing_charge
from ..costs.terms import read_terms
from ..formats import FORMATS
from ..lazy_dataclass import dataclass
from ..limits import check_rows
from ..readings.fields import Kind
from ..rows.shelf import Shelf
from ..rows.tables import Column, Table
from ..tariff.energy import CONSUMPTION
from .job_sums import job_costs
from .tariff_periods import tariff_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..costs.costing import CostSum
    from ..costs.terms import Terms
    from ..job import Job
    from ..recorder.states import Recorder
    from ..rows.tables import Chunk

ENERGY_DECIMALS = 3
_AMOUNTS = ("energy_kwh", "energy_cost", "standing_charge", "feed_in")
_SPANS = {"daily": "day", "weekly": "day", "monthly": "month"}


class CostKey(NamedTuple):
    """What a row is about; what is not told apart is 0 or "".

    `place` is that of the period; `owner` the place of a device among the job's and those gone,
    behind which the metering points follow.
    """

    place: int
    owner: int
    period: str
    tier: int


@dataclass(slots=True)
class Amounts:
    """The amounts of a row, None where there is nothing of the kind; `unpriced` is in kWh."""

    energy: float | None = None
    cost: float | None = None
    standing: float | None = None
    feed_in: float | None = None
    unpriced: float = 0.0

    def add(self, one: CostSum) -> None:
        """Add what a plug used or produced."""
        if one.role == CONSUMPTION:
            self.energy = (self.energy or 0.0) + one.kwh
            self.unpriced += one.unpriced_kwh
            if one.cost is not None:
                self.cost = (self.cost or 0.0) + one.cost
        elif one.cost is not None:
            self.feed_in = (self.feed_in or 0.0) + one.cost

    def values(self) -> tuple[float | None, float | None, float | None, float | None, float]:
        """Return the four amounts and the kWh without a price."""
        return self.energy, self.cost, self.standing, self.feed_in, self.unpriced


@dataclass(slots=True)
class Unpriced:
    """Energy without a known price: how much, and the stretches (UTC seconds) in which it lies."""

    kwh: float = 0.0
    stretches: list[tuple[float, float]] = field(default_factory=list)


class CostRows:
    """Rows on their way through the disk, and what they add up to.

    Args:
        job: says whose costs.
        recorder: where the ledger's tables are.
        edges: UTC seconds; period i runs from edge i to before edge i + 1.
        breakdown: what is told apart, some of `BREAKDOWNS`.

    """

    def __init__(
        self, job: Job, recorder: Recorder, edges: Sequence[float], breakdown: Sequence[str]
    ) -> None:
        self._job = job
        self._recorder = recorder
        self._edges = edges
        self._breakdown = breakdown
        self._money_decimals = money_decimals(job)
        self._energy_decimals = energy_decimals(job)
        self._shelf = Shelf(job.options.chunk_size, job.folder)
        self._totals: tuple[dict[Any, float], ...] = tuple(defaultdict(float) for _ in _AMOUNTS)
        self._roundings: list[Apportioning[Any]] | None = None
        self._owners = (*job.devices, *job.gone)
        self._plugs = {one.plug_id: place for place, one in enumerate(self._owners) if one.plug_id}
        self._terms: dict[str, Terms] = {}
        self.unpriced = Unpriced()

    @property
    def count(self) -> int:
        """Return how many rows there are."""
        return self._shelf.count

    def read(
        self,
        on_sum: Callable[[CostKey, Amounts], None] | None = None,
        on_read: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Read everything.

        Args:
            on_sum: is given everything with all told apart, before it is added up to rows.
            on_read: called with the share that is done.

        Raises:
            ExportError: there are more rows than the job may have.

        """
        connect = self._recorder.connect
        with connect() as connection:
            self._terms = read_terms(connection, [point.slug for point in self._job.points])
        places = max(len(self._edges) - 1, 0)
        done = 0
        for found, unpriced in job_costs(self._job, connect, self._edges):
            self.unpriced.stretches += unpriced
            last = max((one.place + 1 for one in found), default=done)
            self._put(found, done, last, on_sum)
            done = last
            check_rows(self._job, self.count)
            on_read(done / places)
        self._put([], done, places, on_sum)
        check_rows(self._job, self.count)
        on_read(1.0)

    @property
    def totals(self) -> dict[str, float | None]:
        """Return what each amount adds up to, rounded; None where there is none."""
        roundings = self._rounded()
        return {
            name: rounding.total if totals else None
            for name, rounding, totals in zip(_AMOUNTS, roundings, self._totals, strict=True)
        }

    def grand_total(self) -> float | None:
        """Return what everything cost less what the feed-in brought, rounded."""
        totals = self.totals
        return self._total(totals["energy_cost"], totals["standing_charge"], totals["feed_in"])

    def table(self, name: str, *, with_periods: bool) -> Table:
        """Return the rows as a table, to be read once.

        Args:
            name: of the table.
            with_periods: whether columns tell the period.

        """
        key_columns = [
            *(self._period_columns() if with_periods else ()),
            *(_SPLITS[one] for one in _SPLITS if one in self._breakdown),
        ]
        money, currency = self._money_decimals, self._job.currency
        columns = [
            *key_columns,
            Column("energy_kwh", Kind.AMOUNT, self._energy_decimals),
            Column("energy_cost", Kind.AMOUNT, money, currency),
            Column("standing_charge", Kind.AMOUNT, money, currency),
            Column("feed_in", Kind.AMOUNT, money, currency),
            Column("total", Kind.AMOUNT, money, currency),
            *(() if self._on_pages else (Column("currency", Kind.TEXT),)),
        ]
        return Table(name, columns, self.count, self._chunks(with_periods=with_periods))

    @property
    def _on_pages(self) -> bool:
        """Tell whether a period is named, and amounts have their currency in the heading."""
        return FORMATS[self._job.format].on_pages

    def _period_columns(self) -> tuple[Column, ...]:
        start = Column("period_start", Kind.TIME, span=_SPANS.get(self._job.grouping, ""))
        return (start,) if self._on_pages else (start, Column("period_end", Kind.TIME))

    def _put(
        self,
        found: Sequence[CostSum],
        first: int,
        last: int,
        on_sum: Callable[[CostKey, Amounts], None] | None,
    ) -> None:
        """Put the rows of the periods from first to before last."""
        rows: dict[CostKey, Amounts] = defaultdict(Amounts)
        for one in found:
            key = CostKey(one.place, self._plugs[one.plug_id], one.period, one.tier)
            rows[self._split(key)].add(one)
            self.unpriced.kwh += one.unpriced_kwh
            if on_sum is not None:
                alone = Amounts()
                alone.add(one)
                on_sum(key, alone)
        for key, charge in self._standing_charges(first, last):
            amounts = rows[self._split(key)]
            amounts.standing = (amounts.standing or 0.0) + charge
            if on_sum is not None:
                on_sum(key, Amounts(standing=charge))
        for key, amounts in rows.items():
            for totals, value in zip(self._totals, amounts.values(), strict=False):
                if value is not None:
                    totals[key[1:]] += value
        ordered = sorted(rows, key=lambda key: (*key[:2], tariff_order(key[2:])))
        self._shelf.put((*key, *rows[key].values()) for key in ordered)

    def _standing_charges(self, first: int, last: int) -> Iterator[tuple[CostKey, float]]:
        points = list(enumerate(self._job.points, len(self._owners)))
        for place in range(first, last):
            start, end = self._edges[place], self._edges[place + 1]
            for owner, point in points:
                terms = self._terms.get(point.slug)
                if terms is None:
                    continue
                if charge := standing_charge(terms.tariff, start, end, terms.zone):
                    yield CostKey(place, owner, "", 0), charge

    def _split(self, key: CostKey) -> CostKey:
        return CostKey(
            key.place,
            key.owner if "device" in self._breakdown else 0,
            key.period if "time_of_use" in self._breakdown else "",
            key.tier if "rate_tier" in self._breakdown else 0,
        )

    def _rounded(self) -> list[Apportioning[Any]]:
        if self._roundings is None:
            decimals = (self._energy_decimals, *(self._money_decimals,) * 3)
            self._roundings = [
                Apportioning(*both) for both in zip(decimals, self._totals, strict=True)
            ]
        return self._roundings

    def _chunks(self, *, with_periods: bool) -> Iterator[Chunk]:
        job = self._job
        names = [*(one.device_name for one in self._owners), *(one.name for one in job.points)]
        roundings = self._rounded()
        has_prices = bool(self._totals[1])
        periods = len(self._period_columns()) if with_periods else 0
        for columns in self._shelf.take():
            shown: list[list[Any]] = []
            for place, owner, period, tier, energy, cost, standing, feed_in, unpriced in zip(
                *columns, strict=True
            ):
                if cost is None and energy is not None and has_prices and not unpriced:
                    # No energy costs nothing.
                    cost = 0.0  # noqa: PLW2901
                key = (owner, period, tier)
                energy, cost, standing, feed_in = (  # noqa: PLW2901
                    value if not value else rounding.rounded(key, value)
                    for rounding, value in zip(
                        roundings, (energy, cost, standing, feed_in), strict=True
                    )
                )
                told = {
                    "device": names[owner],
                    "time_of_use": period or None,
                    "rate_tier": tier or None,
                }
                shown.append(
                    [
                        *(self._edges[place : place + periods]),
                        *(told[one] for one in _SPLITS if one in self._breakdown),
                        energy,
                        cost,
                        standing,
                        feed_in,
                        self._total(cost, standing, feed_in),
                        *(() if self._on_pages else (job.currency,)),
                    ]
                )
            yield [list(column) for column in zip(*shown, strict=True)]

    def _total(
        self, cost: float | None, standing: float | None, feed_in: float | None
    ) -> float | None:
        known = [cost, standing, None if feed_in is None else -feed_in]
        parts = [part for part in known if part is not None]
        return to_digits(sum(parts), self._money_decimals) if parts else None


_SPLITS = {
    "device": Column("device", Kind.TEXT),
    "time_of_use": Column("time_of_use", Kind.TEXT),
    "rate_tier": Column("rate_tier", Kind.NUMBER),
}
"""The columns that tell rows apart, in their order."""


def energy_decimals(job: Job) -> int:
    """Return the digits after the point of an energy."""
    asked = job.options.decimal_places
    return ENERGY_DECIMALS if asked is None else asked


def money_decimals(job: Job) -> int:
    """Return the digits after the point of an amount of money: an hour's is small."""
    asked = job.options.decimal_places
    if asked is not None:
        return asked
    return 4 if job.export_type == "cost_analysis" and job.grouping == "hourly" else 2
