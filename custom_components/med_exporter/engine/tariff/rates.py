"""What a contract's prices are told, and what they answer."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from ..lazy_dataclass import dataclass
from ..times import QUARTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, tzinfo

type Colour = Literal["blue", "white", "red"]
type Colours = Mapping[date, Colour]
"""Tempo colours by the local date on which the Tempo day begins, at 06:00."""

COLOURS: Final[tuple[Colour, ...]] = ("blue", "white", "red")

PRICE_SECONDS: Final = QUARTER
"""Prices that an entity shows are known by quarter-hour of UTC."""


@dataclass(frozen=True, slots=True)
class Known:
    """What prices depend on besides the clock.

    Attributes:
        colours: of Tempo.
        prices: by entity id: per kWh, by the UTC second at which their quarter-hour begins.

    """

    colours: Colours = field(default_factory=dict)
    prices: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


class Block(NamedTuple):
    """Energy of a month up to `up_to` kWh, which costs `price` per kWh; None for all the rest."""

    price: float
    up_to: float | None = None


class Rate(NamedTuple):
    """What one kWh costs.

    Attributes:
        period: the name of the hours, None where a contract has no names.
        price: None where it is not known, and where it depends on the consumption of the month.
        missing_colour: the date whose Tempo colour would be needed.
        blocks: of the month, ascending, where the price depends on the consumption.

    """

    period: str | None
    price: float | None
    missing_colour: date | None = None
    blocks: tuple[Block, ...] = ()


class LocalDay(NamedTuple):
    """A day of the wall clock, from `start` to before `end` (UTC seconds): 23, 24 or 25 hours."""

    day: date
    start: int
    end: int
    zone: tzinfo


class PriceLine(NamedTuple):
    """One price of a contract, for people.

    Without a `price` it is what the entity `name` shows times `factor`, plus `fixed` per kWh, plus
    `tax` percent of both.
    """

    price: float | None
    name: str | None = None
    days: str | None = None
    start: str | None = None
    end: str | None = None
    up_to_kwh: float | None = None
    factor: float = 1.0
    fixed: float = 0.0
    tax: float = 0.0

    def on_top(self, number: Callable[[float], str], unit: str = "") -> str:
        """Return what comes on top of what an entity shows: a factor, a price and a tax.

        Args:
            number: writes a number as the reader does.
            unit: of the price.

        """
        parts = []
        if self.factor != 1:
            parts.append(f"\N{MULTIPLICATION SIGN} {number(self.factor)}")
        if self.fixed:
            sign = "+" if self.fixed > 0 else "\N{MINUS SIGN}"
            parts.append(f"{sign} {number(abs(self.fixed))} {unit}".rstrip())
        if self.tax:
            parts.append(f"+ {number(self.tax)} %")
        return " ".join(parts)


class Pricing(Protocol):
    """The prices of a contract. Instances are immutable, and equal where their prices are."""

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield start, end (UTC seconds) and rate of stretches that together make up the day."""

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the fields that describe these prices in the options."""

    def lines(self) -> Iterator[PriceLine]:
        """Yield the prices for people."""
