"""Which contract prices which day: what the past was priced with stays, until it is repriced."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self

from .contracts import Tariff
from .parsing import parse_contracts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .contracts import Contract

_BEGINNING: Final = date.min


@dataclass(frozen=True, slots=True)
class Eras(Tariff):
    """A tariff with days that have no contract between others that have one.

    Attributes:
        firsts: the first local day of each era, ascending; the first of all is `date.min`.
        holding: the contract of each era, None for no contract.

    It is made by `of`, `parse` and `followed_by`.

    """

    firsts: tuple[date, ...] = (_BEGINNING,)
    holding: tuple[Contract | None, ...] = (None,)

    @classmethod
    def of(cls, tariff: Tariff | None) -> Self:
        """Return the eras of a tariff as the user has entered it; None has no contract at all."""
        contracts = () if tariff is None else tariff.contracts
        return cls._joined([(_BEGINNING, None), *((c.valid_from, c) for c in contracts)])

    def contract_on(self, day: date) -> Contract | None:
        """Return the contract of a local day, None where there is none."""
        return self.holding[bisect_right(self.firsts, day) - 1]

    def followed_by(self, newer: Eras, today: date) -> Eras:
        """Return these eras up to today and the newer ones from today on.

        Past days that have no contract here get that of the newer eras: what was not known
        becomes known, and nothing that was known changes.
        """
        days = sorted({*self.firsts, *newer.firsts, today})
        merged: list[tuple[date, Contract | None]] = []
        for day in days:
            known = self.contract_on(day)
            stays = known is not None and day < today
            merged.append((day, known if stays else newer.contract_on(day)))
        return self._joined(merged)

    def first_difference(self, other: Eras) -> date | None:
        """Return the first local day on which energy has another price; None for no such day."""
        for day in sorted({*self.firsts, *other.firsts}):
            if _prices(self.contract_on(day)) != _prices(other.contract_on(day)):
                return day
        return None

    def to_stored(self) -> list[dict[str, Any]]:
        """Return the eras as they are kept in the database."""
        return [
            {
                "from": None if first == _BEGINNING else first.isoformat(),
                "contract": None if contract is None else contract.to_dict(),
            }
            for first, contract in zip(self.firsts, self.holding, strict=True)
        ]

    @classmethod
    def parse(cls, stored: Sequence[dict[str, Any]]) -> Self:
        """Return what `to_stored` described."""
        return cls._joined(
            [
                (
                    _BEGINNING if era["from"] is None else date.fromisoformat(era["from"]),
                    None
                    if era["contract"] is None
                    else parse_contracts([era["contract"]]).contracts[0],
                )
                for era in stored
            ]
        )

    @classmethod
    def _joined(cls, eras: Sequence[tuple[date, Contract | None]]) -> Self:
        """Return ascending eras, those that go on as one."""
        kept: list[tuple[date, Contract | None]] = []
        for first, contract in eras:
            if not kept or kept[-1][1] != contract:
                kept.append((first, contract))
        return cls(
            contracts=tuple(
                replace(contract, valid_from=first) for first, contract in kept if contract
            ),
            firsts=tuple(first for first, _ in kept),
            holding=tuple(contract for _, contract in kept),
        )


def _prices(contract: Contract | None) -> object:
    return None if contract is None else (contract.pricing, contract.feed_in)
