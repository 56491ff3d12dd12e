"""What energy costs: contracts with a history, and the pricing of consumption and production.

Knows no Home Assistant and imports only the standard library. `parse_contracts` reads a tariff,
`price` prices energy by it, `Tariff.standing_charge` gives what is owed besides. A kind of
contract is one file in `kinds/`.
"""

from __future__ import annotations

from .comparison import Compared, Comparison, compare
from .contracts import Contract, Tariff
from .energy import Energy
from .errors import TariffError, TariffErrorCode
from .kinds import KINDS
from .parsing import parse_contracts
from .pricing import Priced, first_needed, price
from .rates import COLOURS, PRICE_SECONDS, Colour, Colours, Known

__all__ = [
    "COLOURS",
    "KINDS",
    "PRICE_SECONDS",
    "Colour",
    "Colours",
    "Compared",
    "Comparison",
    "Contract",
    "Energy",
    "Known",
    "Priced",
    "Tariff",
    "TariffError",
    "TariffErrorCode",
    "compare",
    "first_needed",
    "parse_contracts",
    "price",
]
