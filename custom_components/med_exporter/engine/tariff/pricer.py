"""Price the energy of a metering point.

Money is float, not Decimal: a sum of a million hourly costs keeps ten digits after the point, far
below a cent, while pricing with Decimal takes many times as long. Nothing is rounded here, so
costs of hours, days and months agree whichever way they are summed; round only what is shown.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from .charges import Charge, FeedIn, Price
from .contracts import Tiers
from .timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import tzinfo

    from .contracts import Colours, Tariff
    from .timeline import Segment

_NEGLIGIBLE_KWH: Final = 1e-9
"""Rounding, not energy: a tier's edge this near is the edge."""

_NOTHING: Final[Mapping[date, float]] = MappingProxyType({})


class _Cut(NamedTuple):
    """A stretch with one price; `low` and `high` are the shares of the interval before and by it.

    Differences of energies at such shares add up to the whole and are never negative.
    """

    start: datetime
    end: datetime
    low: float
    high: float
    segment: Segment
    price: float | None
    tier: int | None


class Pricer:
    """Prices consumption and production of one metering point.

    Tiers are counted over the whole consumption of a calendar month, from local midnight of the
    1st, whatever contract it fell under; so consumption is fed in the order of time, all devices of
    the metering point together.

    Args:
        tariff: the contracts.
        zone: the installation's time zone.
        colours: Tempo colours by the local date on which they begin at 06:00. Dates that are added
            later count; a colour that changes needs a new pricer.
        used_kwh: what the metering point has consumed so far, by the first day of the month.

    Raises:
        ValueError: a `used_kwh` is negative or not finite.

    """

    def __init__(
        self,
        tariff: Tariff,
        zone: tzinfo,
        colours: Colours | None = None,
        *,
        used_kwh: Mapping[date, float] = _NOTHING,
    ) -> None:
        _check_energies(used_kwh)
        self._timeline = Timeline(tariff, zone, {} if colours is None else colours)
        self._used = dict(used_kwh)
        self._latest: datetime | None = None

    @property
    def used_kwh(self) -> dict[date, float]:
        """Return the consumption so far, by the first day of the month, to start a pricer from."""
        return dict(self._used)

    def consumption(
        self, start: datetime, end: datetime, energies: Mapping[str, float]
    ) -> list[Charge]:
        """Price what devices used in an interval, spread evenly over it, and count it in its tier.

        The interval is cut at local midnights, edges of periods, changes of contract and edges of
        tiers, which all devices reach at the same moment and so share in proportion. Charges are
        ordered by time, then as the devices were given. One of no length is an instant.

        Args:
            start: an aware time, not before that of the previous call.
            end: an aware time, exclusive.
            energies: kWh by device.

        Raises:
            ValueError: a naive time, an end before the start, a start before the previous one,
                an energy that is negative or not finite.

        """
        start, end = _in_utc(start, end)
        _check_energies(energies)
        if self._latest is not None and start < self._latest:
            raise ValueError(f"not in the order of time: {start} after {self._latest}")
        self._latest = start
        charges: list[Charge] = []
        for begin, after, low, high, segment, price, tier in self._cuts(
            start, end, math.fsum(energies.values())
        ):
            valid_from = segment.contract.valid_from if segment.contract else None
            for device, whole in energies.items():
                energy = whole * high - whole * low
                charges.append(
                    Charge(
                        device,
                        begin,
                        after,
                        energy,
                        None if price is None else energy * price,
                        price,
                        valid_from,
                        segment.period,
                        tier,
                        segment.missing_colour,
                    )
                )
        return charges

    def production(
        self, start: datetime, end: datetime, energies: Mapping[str, float]
    ) -> list[FeedIn]:
        """Price what devices produced in an interval, spread evenly over it, in any order of calls.

        The interval is cut at local midnights. Arguments and errors are those of `consumption`,
        but for the order of time.
        """
        start, end = _in_utc(start, end)
        _check_energies(energies)
        payments: list[FeedIn] = []
        for begin, after, low, high, segment in self._days(start, end):
            contract = segment.contract
            price = contract.feed_in if contract else None
            for device, whole in energies.items():
                energy = whole * high - whole * low
                amount = None if price is None else energy * price
                valid_from = contract.valid_from if contract else None
                payments.append(FeedIn(device, begin, after, energy, amount, price, valid_from))
        return payments

    def price_at(self, instant: datetime) -> Price:
        """Return what the next kWh costs at an instant, after what has been consumed.

        Raises ValueError for a naive time.
        """
        instant, _ = _in_utc(instant, instant)
        segment = next(self._timeline.segments(instant, instant))
        price, tier = segment.price, None
        contract = segment.contract
        if contract is not None and isinstance(contract.pricing, Tiers):
            tier = _tier_index(contract.pricing, self._used.get(segment.day.replace(day=1), 0.0))
            price = contract.pricing.tiers[tier].price
        return Price(
            price,
            segment.end,
            contract.valid_from if contract else None,
            segment.period,
            None if tier is None else tier + 1,
            segment.missing_colour,
        )

    def segments(self, start: datetime, end: datetime) -> Iterator[Segment]:
        """Yield the stretches without a change of rate that `[start, end)` touches, ascending.

        The first and last are not cut to the range. Raises ValueError as `consumption` does.
        """
        return self._timeline.segments(*_in_utc(start, end))

    def _cuts(self, start: datetime, end: datetime, total: float) -> Iterator[_Cut]:
        """Yield the interval's stretches with one price, and count their energy."""
        for begin, after, low, high, segment in _shares(
            self._timeline.segments(start, end), start, end
        ):
            month = segment.day.replace(day=1)
            used = self._used.get(month, 0.0)
            pricing = segment.contract.pricing if segment.contract else None
            if not isinstance(pricing, Tiers):
                yield _Cut(begin, after, low, high, segment, segment.price, None)
                self._used[month] = used + total * (high - low)
                continue
            moment, share = begin, low
            index = _tier_index(pricing, used)
            left = total * (high - low)
            while (bound := pricing.tiers[index].up_to) is not None:
                room = bound - used
                if left - room <= _NEGLIGIBLE_KWH:
                    break
                edge_share = min(share + room / total, high)
                edge = begin + (after - begin) * ((edge_share - low) / (high - low))
                price = pricing.tiers[index].price
                yield _Cut(moment, edge, share, edge_share, segment, price, index + 1)
                moment, share, used = edge, edge_share, bound
                index += 1
                left = total * (high - share)
            yield _Cut(moment, after, share, high, segment, pricing.tiers[index].price, index + 1)
            self._used[month] = used + left

    def _days(
        self, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, float, float, Segment]]:
        """Yield the interval's parts by local day, with their shares."""
        whole_days: list[Segment] = []
        for segment in self._timeline.segments(start, end):
            if whole_days and whole_days[-1].day == segment.day:
                whole_days[-1] = whole_days[-1]._replace(end=segment.end)
            else:
                whole_days.append(segment)
        return _shares(whole_days, start, end)


def _shares(
    segments: Iterable[Segment], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, float, float, Segment]]:
    """Cut segments to an interval, with the shares of it that lie before and by each one's end."""
    length = end - start
    low = 0.0
    for segment in segments:
        begin = max(segment.start, start)
        if segment.end >= end:
            yield begin, end, low, 1.0, segment
            return
        high = (segment.end - start) / length
        yield begin, segment.end, low, high, segment
        low = high


def _tier_index(tiers: Tiers, used: float) -> int:
    bounds = [tier.up_to for tier in tiers.tiers if tier.up_to is not None]
    return bisect_right(bounds, used + _NEGLIGIBLE_KWH)


def _in_utc(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    if start.tzinfo is not UTC:
        start = _aware(start)
    if end.tzinfo is not UTC:
        end = _aware(end)
    if end < start:
        raise ValueError(f"an interval ends before it starts: {start} to {end}")
    return start, end


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"a time without a time zone: {moment}")
    return moment.astimezone(UTC)


def _check_energies[K](energies: Mapping[K, float]) -> None:
    for key, energy in energies.items():
        if not 0.0 <= energy < math.inf:
            raise ValueError(f"the energy of {key} must be 0 kWh or more and finite: {energy}")
