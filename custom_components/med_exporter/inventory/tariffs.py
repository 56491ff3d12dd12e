"""The contracts of the metering points, one row for each price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.const import CONF_NAME

from ..const import CONF_PDL
from ..engine.fields import Kind
from ..engine.job import GivenTable
from ..engine.tables import Column, Holds
from ..entries import metering_point_entries
from ..metering.contracts import currency_of, tariff_of

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_PRICE_DECIMALS = 5


def tariffs_table(hass: HomeAssistant) -> GivenTable:
    """Return the prices of all contracts, oldest contract first."""
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
            Column("price", Kind.NUMBER, _PRICE_DECIMALS),
            Column("standing_charge", Kind.NUMBER, 2),
            Column("feed_in", Kind.NUMBER, _PRICE_DECIMALS),
            Column("currency", Kind.TEXT),
        ),
        rows=tuple(
            (
                entry.data.get(CONF_NAME, entry.title),
                entry.data[CONF_PDL],
                contract.valid_from.isoformat(),
                contract.pricing.to_dict()["kind"],
                line.name,
                line.days,
                line.start,
                line.end,
                line.up_to_kwh,
                line.price,
                contract.standing_charge,
                contract.feed_in,
                currency_of(hass, entry),
            )
            for entry in metering_point_entries(hass)
            if (tariff := tariff_of(entry)) is not None
            for contract in tariff.contracts
            for line in contract.pricing.lines()
        ),
    )
