"""Tempo: six prices, by the colour of the day and the hour."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ...lazy_dataclass import dataclass
from ..clock import on_the_clock
from ..kind import ContractKind, FormField, Holds, Need, Page
from ..rates import COLOURS, PriceLine, Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..rates import Colours, Known, LocalDay
    from ..reader import Reader

_PEAK_START: Final = 6
_PEAK_END: Final = 22
_DAY: Final = timedelta(days=1)
_HOURS: Final = ("peak", "off_peak")


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

    def rates(self, day: LocalDay, known: Known) -> Iterator[tuple[int, int, Rate]]:
        """Yield the stretches of a day."""
        return on_the_clock(day, partial(self._rate_at, known.colours), _next_edge)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a contract that describe these prices."""
        return {
            "kind": "tempo",
            "prices": {colour: getattr(self, colour)._asdict() for colour in COLOURS},
        }

    def lines(self) -> Iterator[PriceLine]:
        """Yield the six prices."""
        for colour in COLOURS:
            for hours, price in getattr(self, colour)._asdict().items():
                yield PriceLine(price, f"{colour}_{hours}")

    def _rate_at(self, colours: Colours, wall: datetime) -> Rate:
        day = wall.date() if wall.hour >= _PEAK_START else wall.date() - _DAY
        peak = _PEAK_START <= wall.hour < _PEAK_END
        hours = "peak" if peak else "off_peak"
        colour = colours.get(day)
        if colour not in COLOURS:
            return Rate(f"unknown_{hours}", None, day)
        prices: TempoPrices = getattr(self, colour)
        return Rate(f"{colour}_{hours}", prices.peak if peak else prices.off_peak)


def _next_edge(wall: datetime) -> datetime:
    midnight = datetime.combine(wall.date(), time())
    if wall.hour < _PEAK_START:
        return midnight + timedelta(hours=_PEAK_START)
    if wall.hour < _PEAK_END:
        return midnight + timedelta(hours=_PEAK_END)
    return midnight + timedelta(days=1, hours=_PEAK_START)


def _parse(reader: Reader) -> Tempo:
    colours = reader.object("prices")
    prices: dict[str, TempoPrices] = {}
    for colour in COLOURS:
        pair = colours.object(colour)
        prices[colour] = TempoPrices(pair.amount("peak"), pair.amount("off_peak"))
        pair.finish()
    colours.finish()
    return Tempo(**prices)


def _entered(values: Mapping[str, Any], words: Callable[[str], str]) -> dict[str, Any]:
    del words
    return {
        "prices": {
            colour: {hours: values.get(f"{colour}_{hours}") for hours in _HOURS}
            for colour in COLOURS
        }
    }


def _shown(pricing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{colour}_{hours}": price
        for colour, pair in pricing["prices"].items()
        for hours, price in pair.items()
    }


_PLACES: Final = {
    f"prices.{colour}.{hours}": f"{colour}_{hours}"
    for colour in COLOURS
    for hours in reversed(_HOURS)
}

KIND: Final = ContractKind(
    name="tempo",
    title=("Tempo", "Tempo"),
    parse=_parse,
    forms=(
        Page(
            name="tempo",
            fields=tuple(FormField(name=name, holds=Holds.PRICE) for name in _PLACES.values()),
            entered=_entered,
            shown=_shown,
            places=_PLACES,
        ),
    ),
    needs=frozenset({Need.COLOURS}),
)
