"""The electricity contracts of a metering point, as its options hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from homeassistant.helpers.importlib import async_import_module

from ..const import LOGGER
from ..entries.finding import metering_point_entries, metering_point_slugs, point_slug

if TYPE_CHECKING:
    from collections.abc import Collection

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..engine.tariff import Tariff

CONF_CONTRACTS: Final = "contracts"
CONF_CURRENCY: Final = "currency"
"""The option that says which money the contracts' prices are."""

_TARIFF: Final = f"{__package__.rpartition('.')[0]}.engine.tariff"
_READ: Final[WeakKeyDictionary[ConfigEntry, tuple[Any, Tariff | None]]] = WeakKeyDictionary()


async def async_load_contracts(hass: HomeAssistant) -> None:
    """Make ready what reads contracts, where a metering point has some."""
    if any(entry.options.get(CONF_CONTRACTS) for entry in metering_point_entries(hass)):
        await async_import_module(hass, _TARIFF)


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
    # Loaded at the start, or with the form in which the first contract was entered.
    from ..engine.tariff import TariffError, parse_contracts  # noqa: PLC0415

    tariff: Tariff | None = None
    try:
        tariff = parse_contracts(stored)
    except TariffError as err:
        LOGGER.error(
            "The contracts of %s cannot be read; its costs are not known: %s", entry.title, err
        )
    _READ[entry] = (stored, tariff)
    return tariff


def currency_of(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the code of the currency of a metering point's prices and costs.

    It is that of the installation when the first contract was entered, and stays until the user
    says otherwise: an amount is not another because the installation counts in other money.
    """
    if not entry.options.get(CONF_CONTRACTS):
        return hass.config.currency
    currency: str = entry.options.get(CONF_CURRENCY, hass.config.currency)
    return currency


def currency_of_costs(hass: HomeAssistant) -> str:
    """Return the currency of all costs; that of the installation where they are in several."""
    return only_currency(hass) or hass.config.currency


def only_currency(hass: HomeAssistant) -> str:
    """Return the currency of all costs, nothing where they are in several."""
    found = currencies_of(hass, metering_point_slugs(hass))
    return found.pop() if len(found) == 1 else ""


def currencies_of(hass: HomeAssistant, slugs: Collection[str]) -> set[str]:
    """Return the currencies of the costs of metering points, those that have a contract.

    That of the installation where none has one.
    """
    found = {
        currency_of(hass, entry)
        for entry in metering_point_entries(hass)
        if point_slug(entry) in slugs and entry.options.get(CONF_CONTRACTS)
    }
    return found or {hass.config.currency}
