"""The contracts of the metering points, one row for each price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.const import CONF_NAME

from ..const import CONF_PDL
from ..engine.readings.fields import Kind
from ..engine.rows.tables import Column, Holds
from ..entries.finding import metering_point_entries
from ..metering.contracts import currency_of, tariff_of
from .given import given_table

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..engine.job import GivenTable
    from ..engine.tariff.rates import PriceLine

_PRICE_DECIMALS = 5


def _name(line: PriceLine) -> str | None:
    told = line.on_top("{:g}".format)
    return f"{line.name} {told}" if told else line.name


def tariffs_table(hass: HomeAssistant) -> GivenTable:
    """Return the prices of all contracts, oldest contract first."""
    return given_table(
        "tariffs",
        (
            (entry, contract, line)
            for entry in metering_point_entries(hass)
            if (tariff := tariff_of(entry)) is not None
            for contract in tariff.contracts
            for line in contract.pricing.lines()
        ),
        (
            Column("metering_point", Kind.TEXT, holds=Holds.POINT_NAME),
            lambda one: one[0].data.get(CONF_NAME, one[0].title),
        ),
        (Column("pdl", Kind.TEXT, holds=Holds.DEVICE_ID), lambda one: one[0].data[CONF_PDL]),
        (Column("valid_from", Kind.TEXT), lambda one: one[1].valid_from.isoformat()),
        (Column("kind", Kind.TEXT), lambda one: one[1].pricing.to_dict()["kind"]),
        (Column("time_of_use", Kind.TEXT, holds=Holds.TEXT), lambda one: _name(one[2])),
        (Column("days", Kind.TEXT), lambda one: one[2].days),
        (Column("start", Kind.TEXT), lambda one: one[2].start),
        (Column("end", Kind.TEXT), lambda one: one[2].end),
        (Column("up_to_kwh", Kind.NUMBER, 3, "kWh"), lambda one: one[2].up_to_kwh),
        (Column("price", Kind.NUMBER, _PRICE_DECIMALS), lambda one: one[2].price),
        (Column("standing_charge", Kind.NUMBER, 2), lambda one: one[1].standing_charge),
        (Column("feed_in", Kind.NUMBER, _PRICE_DECIMALS), lambda one: one[1].feed_in),
        (Column("currency", Kind.TEXT), lambda one: currency_of(hass, one[0])),
    )
