"""Contracts of a metering point: what a kWh costs at a moment of the wall clock.

Made by `parse_contracts`, which checks them; nothing here checks again. Money is in the
installation's currency, prices are per kWh.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from .week import DAY_MINUTES, DAYS, WEEK_MINUTES, spans

if TYPE_CHECKING:
    from collections.abc import Mapping

type Colour = Literal["blue", "white", "red"]
type Colours = Mapping[date, Colour]
"""Tempo colours by the local date on which the Tempo day begins, at 06:00."""

COLOURS: Final[tuple[Colour, ...]] = ("blue", "white", "red")

_PEAK_START: Final = 6
_PEAK_END: Final = 22
_DAY: Final = timedelta(days=1)


class Rate(NamedTuple):
    """What one kWh costs.

    `price` is None where it is not known, and for tiers, where it depends on the consumption.
    `missing_colour` is the date whose Tempo colour would be needed.
    """

    period: str | None
    price: float | None
    missing_colour: date | None = None


@dataclass(frozen=True, slots=True)
class Flat:
    """One price at all times."""

    price: float

    def rate_at(self, wall: datetime, colours: Colours) -> Rate:
        """Return the rate at a local, naive time."""
        return Rate(None, self.price)

    def next_edge(self, wall: datetime) -> datetime:
        """Return a later local, naive time, until which the rate at `wall` holds."""
        return wall + _DAY

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe this price."""
        return {"kind": "flat", "price": self.price}


@dataclass(frozen=True, slots=True)
class Period:
    """Hours of a time-of-use contract.

    `days` (0 is Monday, ascending) are those on which the hours start; an `end` at or before
    `start` lies on the next day. Several periods of one name belong together.
    """

    name: str
    price: float
    days: tuple[int, ...]
    start: time
    end: time

    def to_dict(self) -> dict[str, Any]:
        """Return the period as it stands in the options."""
        return {
            "name": self.name,
            "price": self.price,
            "days": [DAYS[day] for day in self.days],
            "start": f"{self.start:%H:%M}",
            "end": f"{self.end:%H:%M}",
        }


@dataclass(frozen=True, slots=True)
class TimeOfUse:
    """Periods that together hold every minute of the week exactly once."""

    periods: tuple[Period, ...]
    _starts: list[int] = field(init=False, repr=False, compare=False)
    _rates: list[Rate] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        held = sorted(
            span
            for index, period in enumerate(self.periods)
            for span in spans(index, period.days, period.start, period.end)
        )
        rates = [Rate(period.name, period.price) for period in self.periods]
        object.__setattr__(self, "_starts", [span.start for span in held])
        object.__setattr__(self, "_rates", [rates[span.owner] for span in held])

    def rate_at(self, wall: datetime, colours: Colours) -> Rate:
        """Return the rate at a local, naive time."""
        # Before the first start of the week the last one still holds: index -1.
        return self._rates[bisect_right(self._starts, _week_minute(wall)) - 1]

    def next_edge(self, wall: datetime) -> datetime:
        """Return a later local, naive time, until which the rate at `wall` holds."""
        minute = _week_minute(wall)
        following = bisect_right(self._starts, minute)
        if following < len(self._starts):
            edge = self._starts[following]
        else:
            edge = self._starts[0] + WEEK_MINUTES
        return wall.replace(second=0, microsecond=0) + timedelta(minutes=edge - minute)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {"kind": "time_of_use", "periods": [period.to_dict() for period in self.periods]}


class TempoPrices(NamedTuple):
    """The two prices of a Tempo colour."""

    peak: float
    off_peak: float


@dataclass(frozen=True, slots=True)
class Tempo:
    """Six prices; a day's colour holds from 06:00 to 06:00, peak hours are 06:00 to 22:00.

    Periods are named `blue_peak`, `red_off_peak` and so on, `unknown_peak` and `unknown_off_peak`
    where the colour is not known.
    """

    blue: TempoPrices
    white: TempoPrices
    red: TempoPrices

    def rate_at(self, wall: datetime, colours: Colours) -> Rate:
        """Return the rate at a local, naive time."""
        day = wall.date() if wall.hour >= _PEAK_START else wall.date() - _DAY
        peak = _PEAK_START <= wall.hour < _PEAK_END
        hours = "peak" if peak else "off_peak"
        colour = colours.get(day)
        if colour not in COLOURS:
            return Rate(f"unknown_{hours}", None, day)
        prices: TempoPrices = getattr(self, colour)
        return Rate(f"{colour}_{hours}", prices.peak if peak else prices.off_peak)

    def next_edge(self, wall: datetime) -> datetime:
        """Return a later local, naive time, until which the rate at `wall` holds."""
        midnight = datetime.combine(wall.date(), time())
        if wall.hour < _PEAK_START:
            return midnight + timedelta(hours=_PEAK_START)
        if wall.hour < _PEAK_END:
            return midnight + timedelta(hours=_PEAK_END)
        return midnight + timedelta(days=1, hours=_PEAK_START)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {
            "kind": "tempo",
            "prices": {colour: getattr(self, colour)._asdict() for colour in COLOURS},
        }


class Tier(NamedTuple):
    """A block of a month's consumption: `price` holds up to `up_to` kWh, None in the last one."""

    price: float
    up_to: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the tier as it stands in the options."""
        bound = {} if self.up_to is None else {"up_to": self.up_to}
        return {**bound, "price": self.price}


@dataclass(frozen=True, slots=True)
class Tiers:
    """Blocks of the metering point's whole consumption in a calendar month."""

    tiers: tuple[Tier, ...]

    def rate_at(self, wall: datetime, colours: Colours) -> Rate:
        """Return a rate without a price, which depends on the consumption."""
        return Rate(None, None)

    def next_edge(self, wall: datetime) -> datetime:
        """Return a later local, naive time, until which the rate at `wall` holds."""
        return wall + _DAY

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {"kind": "tiers", "tiers": [tier.to_dict() for tier in self.tiers]}


type Pricing = Flat | TimeOfUse | Tempo | Tiers


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract that holds from local midnight of `valid_from` until the next one's.

    `standing_charge` is money per calendar month, `feed_in` what a kWh of production is paid.
    """

    valid_from: date
    pricing: Pricing
    standing_charge: float = 0.0
    feed_in: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as it stands in the options."""
        return {
            "valid_from": self.valid_from.isoformat(),
            **self.pricing.to_dict(),
            "standing_charge": self.standing_charge,
            "feed_in": self.feed_in,
        }


@dataclass(frozen=True, slots=True)
class Tariff:
    """The contracts of a metering point, ascending by `valid_from`, each date once."""

    contracts: tuple[Contract, ...] = ()

    def contract_on(self, day: date) -> Contract | None:
        """Return the contract of a local day, None before the first."""
        index = bisect_right(self.contracts, day, key=lambda contract: contract.valid_from)
        return self.contracts[index - 1] if index else None

    def standing_charge(self, start: date, end: date) -> float:
        """Return the standing charges of the local days from `start` to before `end`.

        Each day bears its share of its own month's amount (1/28 to 1/31), by the contract of that
        day; days before the first contract bear none. The charges of adjacent ranges add up.
        """
        edges = sorted(
            {
                start,
                end,
                *_months_between(start, end),
                *(c.valid_from for c in self.contracts if start < c.valid_from < end),
            }
        )
        charge = 0.0
        for first, after in pairwise(edges) if start < end else ():
            contract = self.contract_on(first)
            if contract is not None:
                month_days = (_following_month(first) - first.replace(day=1)).days
                charge += contract.standing_charge * (after - first).days / month_days
        return charge

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the contracts as they stand in the options; `parse_contracts` reads them."""
        return [contract.to_dict() for contract in self.contracts]


def _week_minute(wall: datetime) -> int:
    return wall.weekday() * DAY_MINUTES + wall.hour * 60 + wall.minute


def _following_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _months_between(start: date, end: date) -> list[date]:
    """Return the first days of months after start and before end."""
    months = []
    first = _following_month(start)
    while first < end:
        months.append(first)
        first = _following_month(first)
    return months
