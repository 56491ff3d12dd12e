"""What the same energy would have cost under several contracts, month by month."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..costs.standing_charge import standing_charge
from ..lazy_dataclass import dataclass
from ..times import day_of, day_start
from .energy import CONSUMPTION, MWH_PER_KWH, PRODUCTION, by_quarters, grown, together
from .pricing import price
from .timeline import segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, tzinfo

    from .contracts import Tariff
    from .energy import Energy
    from .rates import Known
    from .timeline import Segment

_NEGLIGIBLE_KWH: Final = 1e-6
SHIFTED: Final = 0.1
"""The part of what is used at dearer hours that is thought to be used at cheap ones."""
CHEAP_SECONDS: Final = 6 * 3600
"""How many of a day's cheapest hours are the cheap ones."""


@dataclass(slots=True)
class Compared:
    """What a month, or all of the range, costs under one contract.

    Attributes:
        energy_cost: of the consumption whose price is known.
        standing_charge: owed besides.
        feed_in: what the production brings.
        unpriced_kwh: consumption whose price is not known; its cost is in no sum.
        kwh: all consumption.
        is_covered: whether the contract holds at some time of it.

    """

    energy_cost: float = 0.0
    standing_charge: float = 0.0
    feed_in: float = 0.0
    unpriced_kwh: float = 0.0
    kwh: float = 0.0
    is_covered: bool = False

    @property
    def is_priced(self) -> bool:
        """Return whether what is used has a price, or a part of it."""
        left = self.kwh - self.unpriced_kwh
        return self.is_covered and (left > _NEGLIGIBLE_KWH or self.kwh <= _NEGLIGIBLE_KWH)

    @property
    def total(self) -> float:
        """Return what is to be paid."""
        return self.energy_cost + self.standing_charge - self.feed_in

    def add(self, other: Compared) -> None:
        """Add what another stretch costs."""
        self.energy_cost += other.energy_cost
        self.standing_charge += other.standing_charge
        self.feed_in += other.feed_in
        self.unpriced_kwh += other.unpriced_kwh
        self.kwh += other.kwh
        self.is_covered |= other.is_covered


@dataclass(frozen=True, slots=True)
class Comparison:
    """Contracts side by side.

    Attributes:
        edges: UTC seconds; month i runs from edge i to before edge i + 1. The first and the last
            may be parts of a month.
        kwh: consumption of each month.
        produced_kwh: production of each month.
        months: by contract: what each month costs.
        totals: by contract: what all months cost.
        shift: by contract: what would be saved if a tenth of what is used on a day at more than
            the average price of its six cheapest hours were used at that price.

    """

    edges: Sequence[float]
    kwh: Sequence[float]
    produced_kwh: Sequence[float]
    months: Mapping[str, Sequence[Compared]]
    totals: Mapping[str, Compared]
    shift: Mapping[str, float]

    @property
    def cheapest(self) -> str | None:
        """Return the contract with the lowest total.

        Those that leave energy without a price, where another does not, are not compared. None
        where there is no contract, or no energy has a price in any.
        """
        priced = {name: one for name, one in self.totals.items() if one.is_priced}
        if not priced:
            return None
        least = min(one.unpriced_kwh for one in priced.values())
        known = {
            name: one.total
            for name, one in priced.items()
            if one.unpriced_kwh <= least + _NEGLIGIBLE_KWH
        }
        return min(known, key=known.__getitem__)

    @property
    def differences(self) -> dict[str, float]:
        """Return by how much each contract is dearer than the cheapest."""
        cheapest = self.cheapest
        if cheapest is None:
            return {}
        lowest = self.totals[cheapest].total
        return {name: one.total - lowest for name, one in self.totals.items()}


def compare(
    contracts: Mapping[str, Tariff],
    zone: tzinfo,
    known: Known,
    energies: Iterable[Energy],
    stretch: tuple[float, float],
) -> Comparison:
    """Return what a metering point's energy would have cost under several contracts.

    Args:
        contracts: by any name. Each counts from its first day on, as it would have been.
        zone: the time zone of days and months.
        known: colours and prices of all contracts.
        energies: of the metering point; from the beginning of the first month on, for tiers.
        stretch: start and end of the range, in UTC seconds.

    """
    start, end = stretch
    edges = _months(start, end, zone)
    quarters = by_quarters(edges)
    everything = together(energies)
    used = grown(everything)

    def kwh(role: str) -> list[float]:
        series = [one for (_, own_role), one in used.items() if own_role == role]
        return [
            sum(one.until(after) - one.until(begin) for one in series) / MWH_PER_KWH
            for begin, after in pairwise(quarters)
        ]

    consumption = kwh(CONSUMPTION)
    months: dict[str, list[Compared]] = {}
    totals: dict[str, Compared] = {}
    for name, tariff in contracts.items():
        own = [
            Compared(
                standing_charge=standing_charge(tariff, begin, after, zone),
                kwh=consumption[place],
                # No contract ends but where another begins.
                is_covered=tariff.contract_on(day_of(after - 1, zone)) is not None,
            )
            for place, (begin, after) in enumerate(pairwise(edges))
        ]
        for part, amount in price(tariff, zone, known, everything, quarters).sums.items():
            month = own[part.place]
            if part.role == PRODUCTION:
                month.feed_in += amount.cost or 0.0
            else:
                month.energy_cost += amount.cost or 0.0
                month.unpriced_kwh += amount.unpriced_mwh / MWH_PER_KWH
        months[name] = own
        totals[name] = Compared()
        for month in own:
            totals[name].add(month)

    consumed = [one for (_, role), one in used.items() if role == CONSUMPTION]

    def between(begin: float, after: float) -> float:
        return sum(one.until(after) - one.until(begin) for one in consumed)

    shift: dict[str, float] = {}
    for name, tariff in contracts.items():
        saved = 0.0
        day: list[Segment] = []
        for segment in segments(tariff, zone, known, start, end):
            if day and day[-1].day != segment.day:
                saved += _dearer(day, stretch, between)
                day = []
            day.append(segment)
        saved += _dearer(day, stretch, between)
        shift[name] = saved * SHIFTED / MWH_PER_KWH
    return Comparison(edges, consumption, kwh(PRODUCTION), months, totals, shift)


def _dearer(
    day: Sequence[Segment],
    stretch: tuple[float, float],
    between: Callable[[float, float], float],
) -> float:
    """Return what a day's energy (mWh) costs more than at the price of its cheap hours."""
    priced = [(segment.rate.price, segment) for segment in day if segment.rate.price is not None]
    if len(priced) < 2:
        return 0.0
    left, paid = float(CHEAP_SECONDS), 0.0
    for money, segment in sorted(priced, key=_money):
        part = min(left, segment.end - segment.start)
        paid += part * money
        left -= part
    cheap = paid / (CHEAP_SECONDS - left)
    return sum(
        between(max(segment.start, stretch[0]), min(segment.end, stretch[1])) * (money - cheap)
        for money, segment in priced
        if money > cheap
    )


def _money(priced: tuple[float, Segment]) -> float:
    return priced[0]


def _months(start: float, end: float, zone: tzinfo) -> list[float]:
    edges = [start]
    day = day_of(start, zone).replace(day=1)
    while edges[-1] < end:
        day = _following_month(day)
        edges.append(min(float(day_start(day, zone)), end))
    return edges


def _following_month(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return day.replace(year=year, month=month + 1)
