"""The French regulator's tables of regulated prices, as they are published.

One file for each option: a line for each stretch of time and subscribed power, with taxes.
"""

from __future__ import annotations

import csv
import math
from datetime import date
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .rates import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

POWERS: Final = (3, 6, 9, 12, 15, 18, 24, 30, 36)
"""The powers (kVA) that a home can subscribe to."""
CURRENCY: Final = "EUR"

_FROM, _UNTIL, _CHARGE = "DATE_DEBUT", "DATE_FIN", "PART_FIXE_TTC"
_POWER: Final = ("P_SOUSCRITE", "PUISSANCE")
_MONTHS: Final = 12
_MOST_LINES: Final = 20_000
# A kWh has never cost more; a table whose columns have moved would say so.
_MOST_PRICE: Final = 10.0
_FRENCH: Final = dict(zip(COLOURS, ("Bleu", "Blanc", "Rouge"), strict=True))


@dataclass(frozen=True, slots=True)
class OfficialOption:
    """One way in which the regulated tariff can be had.

    Attributes:
        resource: id of its table on the open-data portal.
        form: in which a contract like it is entered.
        columns: of the table, by the field of that form.

    """

    resource: str
    form: str
    columns: Mapping[str, str]


OPTIONS: Final[dict[str, OfficialOption]] = {
    "base": OfficialOption(
        "c13d05e5-9e55-4d03-bf7e-042a2ade7e49", "flat", {"price": "PART_VARIABLE_TTC"}
    ),
    "peak_off_peak": OfficialOption(
        "f7303b3a-93c7-4242-813d-84919034c416",
        "peak_off_peak",
        {"off_peak_price": "PART_VARIABLE_HC_TTC", "peak_price": "PART_VARIABLE_HP_TTC"},
    ),
    "tempo": OfficialOption(
        "0c3d1d36-c412-4620-8566-e5cbb4fa2b5a",
        "tempo",
        {
            f"{colour}_{hours}": f"PART_VARIABLE_{letters}{_FRENCH[colour]}_TTC"
            for colour in COLOURS
            for hours, letters in (("off_peak", "HC"), ("peak", "HP"))
        },
    ),
}


@dataclass(frozen=True, slots=True)
class OfficialPrice:
    """What one option cost in one stretch of time, in euros with taxes.

    Attributes:
        valid_from: the first day.
        valid_until: the last day, None while it holds.
        power: subscribed, in kVA.
        standing_charge: per month.
        prices: per kWh, by the field of the option's form.

    """

    valid_from: date
    valid_until: date | None
    power: int
    standing_charge: float
    prices: Mapping[str, float]

    def holds_on(self, day: date) -> bool:
        """Return whether these are the prices of a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


def read_table(option: str, text: str) -> tuple[OfficialPrice, ...]:
    """Return the prices of an option's table.

    Lines that lack a value are left out. Raises ValueError for a text that is no such table.
    """
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    if len(lines) > _MOST_LINES:
        raise ValueError(option)
    head, *rows = csv.reader(lines, delimiter=";") if lines else [[]]
    columns = {name.strip().upper(): place for place, name in enumerate(head)}
    power = next((name for name in _POWER if name in columns), None)
    wanted = {field: name.upper() for field, name in OPTIONS[option].columns.items()}
    if power is None or not {_FROM, _CHARGE, *wanted.values()} <= columns.keys():
        raise ValueError(option)
    found: list[OfficialPrice] = []
    for row in rows:
        cells = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
        try:
            until = cells.get(_UNTIL)
            found.append(
                OfficialPrice(
                    valid_from=_day(cells[_FROM]),
                    valid_until=_day(until) if until else None,
                    power=int(_number(cells[power])),
                    standing_charge=round(_number(cells[_CHARGE]) / _MONTHS, 4),
                    prices={field: _price(cells[name]) for field, name in wanted.items()},
                )
            )
        except (KeyError, ValueError):
            continue
    if not found:
        raise ValueError(option)
    return tuple(found)


def price_on(table: Iterable[OfficialPrice], power: int, day: date) -> OfficialPrice | None:
    """Return the prices of a power on a day, the latest where lines overlap; None for none."""
    return max(
        (one for one in table if one.power == power and one.holds_on(day)),
        key=lambda one: one.valid_from,
        default=None,
    )


def _day(text: str) -> date:
    if "/" not in text:
        return date.fromisoformat(text)
    day, month, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def _price(text: str) -> float:
    price = _number(text)
    if price > _MOST_PRICE:
        raise ValueError(text)
    return price


def _number(text: str) -> float:
    number = float(text.replace(",", ".").replace("\N{NO-BREAK SPACE}", ""))
    if not math.isfinite(number) or number < 0:
        raise ValueError(text)
    return number
