"""Price the energy of a metering point: a function of energy, contracts, and what is known.

Energy is whole milliwatt-hours in slots of any length, spread evenly over each; money is float,
since a sum of a million costs keeps ten digits after the point, far below a cent. Nothing is
rounded here, so the costs of hours, days and months agree whichever way they are summed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from ..lazy_dataclass import dataclass
from ..times import day_of, day_start
from .energy import CONSUMPTION, MWH_PER_KWH, PRODUCTION, grown
from .kind import Need
from .kinds import needs
from .timeline import segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, tzinfo

    from .contracts import Tariff
    from .energy import Energy
    from .rates import Block, Known
    from .timeline import Segment

_NEGLIGIBLE_MWH: Final = 1e-3
"""Rounding, not energy: a tier's edge this near is the edge."""


class Part(NamedTuple):
    """What is told apart.

    `place` is that of the period, `period` the tariff's ("" for none), `tier` 1 for the first (0
    for none).
    """

    place: int
    device: str
    role: str
    period: str
    tier: int


@dataclass(slots=True)
class Amount:
    """Energy, and what the priced part of it costs, or brings where it was produced.

    `cost` is None where nothing of it is priced; `unpriced_mwh` is the part without a known price.
    """

    mwh: float = 0.0
    cost: float | None = None
    unpriced_mwh: float = 0.0


@dataclass(slots=True)
class Priced:
    """What energy costs.

    Attributes:
        sums: by what is told apart. Slots that are known and empty are in them, with no energy.
        unpriced: stretches (UTC seconds) with energy that has no known price, ascending.
        missing_colours: the dates whose Tempo colour would be needed, ascending.

    """

    sums: dict[Part, Amount] = field(default_factory=dict)
    unpriced: list[tuple[float, float]] = field(default_factory=list)
    missing_colours: list[date] = field(default_factory=list)


def first_needed(tariff: Tariff, zone: tzinfo, start: float, end: float) -> float:
    """Return from when on (UTC seconds) energy has to be known to price that of [start, end)."""
    first = day_of(start, zone)
    for contract in tariff.within(first, day_of(end, zone)):
        if needs(contract.pricing.to_dict(), Need.MONTH):
            return min(start, day_start(first.replace(day=1), zone))
    return start


def price(
    tariff: Tariff,
    zone: tzinfo,
    known: Known,
    energies: Iterable[Energy],
    edges: Sequence[float],
) -> Priced:
    """Return what the energy of a metering point costs by period.

    Tiers count the whole consumption of a calendar month, from local midnight of the 1st, whatever
    contract it fell under; all devices reach the edge of a tier at the same moment and so share in
    proportion.

    Args:
        tariff: the contracts.
        zone: the installation's time zone.
        known: colours and prices.
        energies: in any order; a slot of a device once. See `first_needed` for where they begin.
        edges: UTC seconds; period i runs from edge i to before edge i + 1.

    """
    result = Priced()
    if len(edges) < 2:
        return result
    ledger = _Ledger(energies)
    missing: set[date] = set()
    for segment in segments(tariff, zone, known, edges[0], edges[-1]):
        for place, begin, end in _places(edges, segment.start, segment.end):
            unpriced = ledger.add(result.sums, segment, place, (begin, end), zone)
            if unpriced and segment.rate.missing_colour is not None:
                missing.add(segment.rate.missing_colour)
            if unpriced and result.unpriced and result.unpriced[-1][1] == begin:
                result.unpriced[-1] = (result.unpriced[-1][0], end)
            elif unpriced:
                result.unpriced.append((begin, end))
    result.missing_colours = sorted(missing)
    return result


def _places(edges: Sequence[float], start: float, end: float) -> Iterator[tuple[int, float, float]]:
    """Yield the parts of a stretch by period."""
    begin, end = max(start, edges[0]), min(end, edges[-1])
    place = bisect_right(edges, begin) - 1
    while begin < end:
        after = min(edges[place + 1], end)
        if begin < after:
            yield place, begin, after
        begin = after
        place += 1


class _Ledger:
    """The energies of all devices."""

    def __init__(self, energies: Iterable[Energy]) -> None:
        self._series = grown(energies)
        self._used = [one for (_, role), one in self._series.items() if role == CONSUMPTION]

    def add(
        self,
        sums: dict[Part, Amount],
        segment: Segment,
        place: int,
        stretch: tuple[float, float],
        zone: tzinfo,
    ) -> bool:
        """Add a stretch with one rate; tell whether some of its energy has no known price."""
        contract, rate = segment.contract, segment.rate
        unpriced = False
        period = rate.period or ""
        if rate.blocks:
            for begin, end, tier, tier_price in self._tiers(segment, stretch, zone):
                self._add(sums, (place, CONSUMPTION, period, tier), (begin, end), tier_price)
        else:
            unpriced = self._add(sums, (place, CONSUMPTION, period, 0), stretch, rate.price)
        feed_in = contract.feed_in if contract else None
        return self._add(sums, (place, PRODUCTION, "", 0), stretch, feed_in) or unpriced

    def _add(
        self,
        sums: dict[Part, Amount],
        what: tuple[int, str, str, int],
        stretch: tuple[float, float],
        money: float | None,
    ) -> bool:
        place, wanted, period, tier = what
        begin, end = stretch
        unpriced = False
        for (device, role), series in self._series.items():
            if role != wanted:
                continue
            mwh = -series.until(begin) + series.until(end)
            if not mwh and not series.is_known(begin, end):
                continue
            part = Part(place, device, role, period, tier)
            amount = sums.get(part)
            if amount is None:
                amount = sums[part] = Amount()
            amount.mwh += mwh
            if money is not None:
                amount.cost = (amount.cost or 0.0) + mwh * money / MWH_PER_KWH
            elif mwh:
                amount.unpriced_mwh += mwh
                unpriced = True
        return unpriced

    def _tiers(
        self, segment: Segment, stretch: tuple[float, float], zone: tzinfo
    ) -> Iterator[tuple[float, float, int, float]]:
        """Yield the parts of a stretch by tier: start, end, tier (from 1) and price."""
        begin, end = stretch
        before = self._total(day_start(segment.day.replace(day=1), zone))
        blocks: tuple[Block, ...] = segment.rate.blocks
        for tier, block in enumerate(blocks, 1):
            if block.up_to is None:
                yield begin, end, tier, block.price
                return
            bound = before + block.up_to * MWH_PER_KWH
            if self._total(begin) > bound - _NEGLIGIBLE_MWH:
                continue
            edge = self._reached(bound, begin, end)
            yield begin, edge, tier, block.price
            begin = edge
            if begin >= end:
                return

    def _total(self, moment: float) -> float:
        return sum(series.until(moment) for series in self._used)

    def _reached(self, bound: float, begin: float, end: float) -> float:
        """Return when the consumption reaches a bound; the end where it does not before."""
        if self._total(end) <= bound + _NEGLIGIBLE_MWH:
            return end
        # Within a thousandth of a second it is even.
        while end - begin > 1e-3:
            middle = (begin + end) / 2
            if self._total(middle) < bound:
                begin = middle
            else:
                end = middle
        low, high = self._total(begin), self._total(end)
        return begin + (end - begin) * ((bound - low) / (high - low)) if high > low else end
