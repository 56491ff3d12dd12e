"""What comes out of pricing: charges, payments, the current price, and their sums."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime


class Charge(NamedTuple):
    """The cost of one device's consumption over a stretch with one price.

    Attributes:
        device: as given.
        start: UTC. A tier's edge lies where the energy, spread evenly, reaches it.
        end: UTC, exclusive.
        energy_kwh: 0 or more.
        cost: None where the price is not known.
        price: per kWh.
        valid_from: which contract; None before the first.
        period: the period's name of a time-of-use contract; `blue_peak` … `red_off_peak`,
            `unknown_peak` or `unknown_off_peak` with Tempo; else None.
        tier: 1 for the first; None for a contract without tiers.
        missing_colour: the local date whose Tempo colour is needed for the price.

    """

    device: str
    start: datetime
    end: datetime
    energy_kwh: float
    cost: float | None
    price: float | None
    valid_from: date | None
    period: str | None
    tier: int | None
    missing_colour: date | None


class FeedIn(NamedTuple):
    """What one device's production over a part of a local day is paid.

    `amount` is 0 or more; with `price` and `valid_from` it is None before the first contract.
    """

    device: str
    start: datetime
    end: datetime
    energy_kwh: float
    amount: float | None
    price: float | None
    valid_from: date | None


class Price(NamedTuple):
    """What the next kWh costs; the fields are those of `Charge`.

    `until` is when the price may change at the earliest, in UTC, apart from a tier being used up.
    """

    price: float | None
    until: datetime
    valid_from: date | None
    period: str | None
    tier: int | None
    missing_colour: date | None


class Totals(NamedTuple):
    """Sums of charges.

    `cost` is that of the priced energy alone; `unpriced_kwh` of `energy_kwh` has no known price,
    for the Tempo dates in `missing_colours` or for want of a contract.
    """

    energy_kwh: float
    cost: float
    unpriced_kwh: float
    missing_colours: tuple[date, ...]


def totals(charges: Iterable[Charge]) -> Totals:
    """Return the sums of charges, and what of them has no known price."""
    energies, costs, unpriced = [], [], []
    missing = set()
    for charge in charges:
        energies.append(charge.energy_kwh)
        if charge.cost is None:
            unpriced.append(charge.energy_kwh)
        else:
            costs.append(charge.cost)
        if charge.missing_colour is not None:
            missing.add(charge.missing_colour)
    return Totals(
        math.fsum(energies), math.fsum(costs), math.fsum(unpriced), tuple(sorted(missing))
    )
