"""Currencies as people write them; programs are told codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNS: Final[Mapping[str, str]] = {"EUR": "€", "USD": "$", "GBP": "£"}
"""By code; of other currencies the code is what is written, too."""


def for_people(unit: str) -> str:
    """Return a unit with the sign of its currency: `EUR/kWh` as `€/kWh`, others as they are."""
    code, per, rest = unit.partition("/")
    return f"{SIGNS.get(code, code)}{per}{rest}"


def in_front(unit: str, *, french: bool) -> bool:
    """Return whether a unit stands before its number, as signs of money do in English."""
    return not french and unit in SIGNS
