"""Contracts of a metering point, one after the other.

Made by `parse_contracts`, which checks them; nothing here checks again. Prices are per kWh.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from datetime import date

    from .rates import Pricing


VAT: Final = ("vat", "standing_charge_vat")


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract that holds from local midnight of `valid_from` until the next one's.

    `standing_charge` is money per calendar month, `feed_in` what a kWh of production is paid. `vat`
    is the tax that is in the prices and in the standing charge, in percent of them without it;
    `standing_charge_vat` that in the standing charge where it is another. None where nobody said.
    `supplier` is whoever sends the bills, "" where nobody said.
    """

    valid_from: date
    pricing: Pricing
    standing_charge: float = 0.0
    feed_in: float = 0.0
    vat: float | None = None
    standing_charge_vat: float | None = None
    supplier: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as it stands in the options."""
        return {
            "valid_from": self.valid_from.isoformat(),
            **self.pricing.to_dict(),
            "standing_charge": self.standing_charge,
            "feed_in": self.feed_in,
            **{name: rate for name in VAT if (rate := getattr(self, name)) is not None},
            **({"supplier": self.supplier} if self.supplier else {}),
        }

    @property
    def taxes(self) -> tuple[float, float]:
        """Return the tax in what energy and what the standing charge cost, in percent of the rest.

        Where prices come without tax, it is the one that is put on top of them.
        """
        on_top: float = self.pricing.to_dict().get("tax", 0.0)
        energy = on_top if self.vat is None else self.vat
        standing = (
            (self.vat or 0.0) if self.standing_charge_vat is None else self.standing_charge_vat
        )
        return energy, standing


@dataclass(frozen=True, slots=True)
class Tariff:
    """The contracts of a metering point, ascending by `valid_from`, each date once."""

    contracts: tuple[Contract, ...] = ()

    def contract_on(self, day: date) -> Contract | None:
        """Return the contract of a local day, None before the first."""
        index = bisect_right(self.contracts, day, key=lambda contract: contract.valid_from)
        return self.contracts[index - 1] if index else None

    def within(self, first: date, last: date) -> list[Contract]:
        """Return the contracts that hold on some day from `first` to `last`."""
        began = bisect_right(self.contracts, first, key=lambda contract: contract.valid_from)
        after = bisect_right(self.contracts, last, key=lambda contract: contract.valid_from)
        return list(self.contracts[max(began - 1, 0) : after])

    def first_difference(self, other: Tariff) -> date | None:
        """Return the first local day on which energy has another price; None for no such day."""
        days = sorted({contract.valid_from for contract in (*self.contracts, *other.contracts)})
        return next(
            (
                day
                for day in days
                if _prices(self.contract_on(day)) != _prices(other.contract_on(day))
            ),
            None,
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the contracts as they stand in the options; `parse_contracts` reads them."""
        return [contract.to_dict() for contract in self.contracts]


def _prices(contract: Contract | None) -> object:
    return None if contract is None else (contract.pricing, contract.feed_in)
