"""One price at all times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...lazy_dataclass import dataclass
from ..kind import ContractKind, FormField, Holds, Page
from ..rates import PriceLine, Rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..rates import Known, LocalDay
    from ..reader import Reader


@dataclass(frozen=True, slots=True)
class Flat:
    """One price per kWh."""

    price: float

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield the whole day."""
        del known
        yield day.start, day.end, Rate(None, self.price)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe this price."""
        return {"kind": "flat", "price": self.price}

    def lines(self) -> Iterator[PriceLine]:
        """Yield the price."""
        yield PriceLine(self.price)


def _parse(reader: Reader) -> Flat:
    return Flat(reader.amount("price"))


KIND: Final = ContractKind(
    name="flat",
    title=("One price", "Prix unique"),
    parse=_parse,
    forms=(Page(name="flat", fields=(FormField(name="price", holds=Holds.PRICE),)),),
)
