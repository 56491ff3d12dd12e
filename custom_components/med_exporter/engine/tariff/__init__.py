"""What energy costs: contracts with a history, and the pricing of consumption and production.

Knows no Home Assistant and imports only the standard library. `parse_contracts` reads a tariff,
a `Pricer` prices energy by it, `Tariff.standing_charge` gives what is owed besides.
"""

from __future__ import annotations

from .charges import Charge, FeedIn, Price, Totals, totals
from .contracts import (
    COLOURS,
    Colour,
    Colours,
    Contract,
    Flat,
    Period,
    Tariff,
    Tempo,
    TempoPrices,
    Tier,
    Tiers,
    TimeOfUse,
)
from .eras import Eras
from .errors import TariffError, TariffErrorCode
from .parsing import parse_contracts
from .pricer import Pricer
from .timeline import Segment

__all__ = [
    "COLOURS",
    "Charge",
    "Colour",
    "Colours",
    "Contract",
    "Eras",
    "FeedIn",
    "Flat",
    "Period",
    "Price",
    "Pricer",
    "Segment",
    "Tariff",
    "TariffError",
    "TariffErrorCode",
    "Tempo",
    "TempoPrices",
    "Tier",
    "Tiers",
    "TimeOfUse",
    "Totals",
    "parse_contracts",
    "totals",
]
