"""Numbers and their units as people of a language write them."""

from __future__ import annotations

from typing import Final

from .currency_signs import for_people, in_front

_THIN_SPACE: Final = "\u202f"
FRENCH_MARKS: Final = str.maketrans({",": _THIN_SPACE, ".": ","})
"""Turns the marks of an English number into those of a French one."""


def number_text(value: float, decimals: int, *, french: bool) -> str:
    """Return a number with the separators of the language."""
    text = f"{value:,.{decimals}f}"
    return text.translate(FRENCH_MARKS) if french else text


def quantity_text(value: float, decimals: int, unit: str, *, french: bool) -> str:
    """Return a number with its unit, which may be the code of a currency, or "" for none."""
    if in_front(unit, french=french):
        text = f"{for_people(unit)}{number_text(abs(value), decimals, french=french)}"
        return f"-{text}" if value < 0 else text
    text = number_text(value, decimals, french=french)
    return f"{text}{_before(unit, french=french)}{for_people(unit)}" if unit else text


def _before(unit: str, *, french: bool) -> str:
    """Return what stands between a number and its unit."""
    return "" if unit == "%" and not french else "\xa0"
