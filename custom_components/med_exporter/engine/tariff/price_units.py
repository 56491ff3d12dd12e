"""Units in which entities show a price of energy."""

from __future__ import annotations

from typing import Final

_SIGNS: Final = {
    "€": ("EUR",),
    "$": ("USD", "CAD", "AUD", "NZD"),
    "£": ("GBP",),
    "CHF": ("CHF",),
    "Fr.": ("CHF",),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "zł": ("PLN",),
    "Kč": ("CZK",),
    "Ft": ("HUF",),
    "lei": ("RON",),
    "kr.": ("DKK", "ISK"),
    "₺": ("TRY",),
    "₴": ("UAH",),
    "₹": ("INR",),
    "R$": ("BRL",),
    "A$": ("AUD",),
    "NZ$": ("NZD",),
    "C$": ("CAD",),
    "¥": ("JPY",),
}
_HUNDREDTHS: Final = {
    "cent": None,
    "cents": None,
    "ct": None,
    "cts": None,
    "c": None,
    "¢": None,
    "c€": ("EUR",),
    "ct€": ("EUR",),
    "p": ("GBP",),
    "pence": ("GBP",),
    "rp": ("CHF",),
    "rappen": ("CHF",),
    "öre": ("SEK", "NOK", "DKK"),
    "øre": ("SEK", "NOK", "DKK"),
    "ore": ("SEK", "NOK", "DKK"),
    "gr": ("PLN",),
}
_ENERGIES: Final = {"wh": 1000.0, "kwh": 1.0, "mwh": 0.001, "gwh": 0.000001}


def per_kwh(unit: str | None, currency: str) -> float | None:
    """Return what a price in a unit is to be multiplied by to be money per kWh.

    Args:
        unit: as the entity names it, such as `EUR/kWh`, `€/MWh` or `ct/kWh`.
        currency: the code of the currency that is wanted; another one is refused.

    Returns:
        None for a unit that is no price of energy in this currency.

    """
    money, slash, energy = "".join((unit or "").split()).partition("/")
    share = _ENERGIES.get(energy.lower())
    if not slash or share is None:
        return None
    if money.upper() == currency.upper() or currency in _SIGNS.get(money, ()):
        return share
    if money.lower() in _HUNDREDTHS:
        currencies = _HUNDREDTHS[money.lower()]
        return share / 100 if currencies is None or currency in currencies else None
    # "EURcent", "ctEUR" and the like.
    rest = money.upper().replace(currency.upper(), "", 1).lower()
    if rest != money.lower() and _HUNDREDTHS.get(rest, ()) is None:
        return share / 100
    return None
