"""The electricity contracts of a metering point, as its options hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from ..const import LOGGER
from ..engine.tariff import Tariff, TariffError, parse_contracts

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

CONF_CONTRACTS: Final = "contracts"

_READ: Final[WeakKeyDictionary[ConfigEntry, tuple[Any, Tariff | None]]] = WeakKeyDictionary()


def tariff_of(entry: ConfigEntry) -> Tariff | None:
    """Return what a metering point's energy costs, or None where it has no contract.

    Reads `entry.options["contracts"]`, which holds what `Tariff.to_dicts` gives. Contracts that
    cannot be read count as none and are logged once; nothing is raised.
    """
    stored = entry.options.get(CONF_CONTRACTS)
    if not stored:
        return None
    if (known := _READ.get(entry)) is not None and known[0] is stored:
        return known[1]
    tariff: Tariff | None = None
    try:
        tariff = parse_contracts(stored)
    except TariffError as err:
        LOGGER.error(
            "The contracts of %s cannot be read; its costs are not known: %s", entry.title, err
        )
    _READ[entry] = (stored, tariff)
    return tariff
