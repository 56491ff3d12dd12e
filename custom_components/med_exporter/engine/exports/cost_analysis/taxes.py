"""The taxes that are in what a bill adds up, as contracts tell them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ...costs.apportioning import rounded
from ...times import day_start
from ...words.phrases import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...costs.terms import Terms


class Taxes:
    """Adds up taxes by their percentage."""

    def __init__(self) -> None:
        self._amounts: dict[float, float] = defaultdict(float)

    def add(self, percent: float, amount: float) -> None:
        """Add the tax that is in an amount, in percent of what the amount is without it."""
        if percent:
            self._amounts[percent] += amount * percent / (100 + percent)

    def rows(self, locale: str, decimals: int) -> list[tuple[str, None, None, float]]:
        """Return a row of the bill for each percentage, in its locale's words."""
        words = Words(locale)
        return [
            (
                words.column("included_tax").format(
                    percent=f"{percent:g}".replace(".", "," if locale == "fr" else ".")
                ),
                None,
                None,
                rounded(amount, decimals),
            )
            for percent, amount in sorted(self._amounts.items())
        ]


def with_contracts(edges: Sequence[float], all_terms: Iterable[Terms]) -> list[float]:
    """Return edges with those at which a contract begins: a stretch has the taxes of one."""
    begins = {
        float(day_start(contract.valid_from, terms.zone))
        for terms in all_terms
        for contract in terms.tariff.contracts
    }
    return sorted({*edges, *(one for one in begins if edges and edges[0] < one < edges[-1])})
