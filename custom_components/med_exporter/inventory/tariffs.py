"""The contracts of the metering points, one row for each price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_NAME

from ..const import CONF_PDL
from ..engine.fields import Kind
from ..engine.job import GivenTable
from ..engine.tables import Column, Holds
from ..engine.tariff import COLOURS
from ..entries import metering_point_entries
from ..metering.contracts import tariff_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homeassistant.core import HomeAssistant

_PRICE_DECIMALS = 5


def tariffs_table(hass: HomeAssistant) -> GivenTable:
    """Return the prices of all contracts, oldest contract first."""
    currency = hass.config.currency
    return GivenTable(
        name="tariffs",
        columns=(
            Column("metering_point", Kind.TEXT, holds=Holds.POINT_NAME),
            Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID),
            Column("valid_from", Kind.TEXT),
            Column("kind", Kind.TEXT),
            Column("time_of_use", Kind.TEXT, holds=Holds.TEXT),
            Column("days", Kind.TEXT),
            Column("start", Kind.TEXT),
            Column("end", Kind.TEXT),
            Column("up_to_kwh", Kind.NUMBER, 3, "kWh"),
            Column("price", Kind.NUMBER, _PRICE_DECIMALS, currency),
            Column("standing_charge", Kind.NUMBER, 2, currency),
            Column("feed_in", Kind.NUMBER, _PRICE_DECIMALS, currency),
        ),
        rows=tuple(
            (
                entry.data.get(CONF_NAME, entry.title),
                entry.data[CONF_PDL],
                contract["valid_from"],
                contract["kind"],
                *price,
                contract["standing_charge"],
                contract["feed_in"],
            )
            for entry in metering_point_entries(hass)
            if (tariff := tariff_of(entry)) is not None
            for contract in tariff.to_dicts()
            for price in _prices(contract)
        ),
    )


def _prices(contract: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield period, days, start, end, upper end of the tier, and price."""
    if contract["kind"] == "flat":
        yield None, None, None, None, None, contract["price"]
    elif contract["kind"] == "time_of_use":
        for one in contract["periods"]:
            days = ", ".join(one["days"])
            yield one["name"], days, one["start"], one["end"], None, one["price"]
    elif contract["kind"] == "tempo":
        for colour in COLOURS:
            for hours, price in contract["prices"][colour].items():
                yield f"{colour}_{hours}", None, None, None, None, price
    else:
        for tier in contract["tiers"]:
            yield None, None, None, None, tier.get("up_to"), tier["price"]
