"""Tiers: blocks of the month's consumption, each with its price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...lazy_dataclass import dataclass
from ..errors import TariffError, TariffErrorCode
from ..kind import ContractKind, Dialogue, Need
from ..rates import Block, PriceLine, Rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..rates import Known, LocalDay
    from ..reader import Reader


@dataclass(frozen=True, slots=True)
class Tiers:
    """Blocks of the metering point's whole consumption in a calendar month."""

    tiers: tuple[Block, ...]

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield the whole day, whose price depends on the consumption."""
        del known
        yield day.start, day.end, Rate(None, None, blocks=self.tiers)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {
            "kind": "tiers",
            "tiers": [
                {"price": tier.price}
                if tier.up_to is None
                else {"up_to": tier.up_to, "price": tier.price}
                for tier in self.tiers
            ],
        }

    def lines(self) -> Iterator[PriceLine]:
        """Yield the price of each tier."""
        for tier in self.tiers:
            yield PriceLine(tier.price, up_to_kwh=tier.up_to)


def _parse(reader: Reader) -> Tiers:
    items = reader.objects("tiers")
    tiers: list[Block] = []
    below = 0.0
    for index, tier in enumerate(items):
        bound = None
        if index < len(items) - 1:
            bound = tier.amount("up_to")
            if bound <= below:
                raise TariffError(
                    tier.name("up_to"),
                    TariffErrorCode.TIERS_UNORDERED,
                    f"must be more than {below:g} kWh",
                )
            below = bound
        elif tier.has("up_to"):
            raise TariffError(
                tier.name("up_to"),
                TariffErrorCode.LAST_TIER_BOUNDED,
                "the last tier has no upper bound",
            )
        tiers.append(Block(tier.amount("price"), bound))
        tier.finish()
    return Tiers(tuple(tiers))


KIND: Final = ContractKind(
    name="tiers",
    title=("Tiers", "Tranches"),
    parse=_parse,
    forms=(Dialogue(name="tiers", step="tiers"),),
    needs=frozenset({Need.MONTH}),
)
