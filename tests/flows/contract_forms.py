"""Contracts as a person enters them in the forms, and what the forms answer."""

from __future__ import annotations

from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.metering.contracts import tariff_of
from tests.options import fill_in, start_options

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKDAYS, WEEKEND = EVERY_DAY[:5], EVERY_DAY[5:]
GENERAL = {"valid_from": "2026-02-01", "standing_charge": 12.67, "feed_in": 0.04}
FLAT = {**GENERAL, "kind": "flat", "price": 0.25}
OLDER = {**FLAT, "valid_from": "2025-02-01", "price": 0.2}
OFF_PEAK = {
    "off_peak_price": 0.2068,
    "peak_price": 0.27,
    "off_peak_start": "22:30:00",
    "off_peak_end": "06:30:00",
}
NIGHT = {"name": "Night", "price": 0.1, "start": "22:00:00", "end": "06:00:00", "days": EVERY_DAY}
DAY = {**NIGHT, "name": "Day", "price": 0.3, "start": "06:00:00", "end": "22:00:00"}
TEMPO = {
    "blue_off_peak": 0.13,
    "blue_peak": 0.16,
    "white_off_peak": 0.15,
    "white_peak": 0.19,
    "red_off_peak": 0.16,
    "red_peak": 0.76,
}


def store(hass, entry, *contracts):
    stored = parse_contracts(list(contracts)).to_dicts()
    hass.config_entries.async_update_entry(
        entry, options={"polling_interval": 45, "contracts": stored, "currency": "EUR"}
    )


async def begin(hass, entry, kind, **general):
    """Add a contract up to the form of its kind."""
    flow = await start_options(hass, entry, "contracts", "add_contract")
    return await fill_in(hass, flow, {**GENERAL, **general, "kind": kind})


async def begin_change(hass, entry, **general):
    """Change the only contract, up to the form of its kind."""
    flow = await start_options(hass, entry, "contracts", "change_contract")
    return await fill_in(hass, flow, {**suggested(flow), **general})


def suggested(flow):
    """Return what a form suggests, by field."""
    return {
        str(key): key.description["suggested_value"]
        for key in flow["data_schema"].schema
        if key.description and "suggested_value" in key.description
    }


def assert_saved(entry, flow, *contracts):
    assert flow["type"] is FlowResultType.CREATE_ENTRY, flow.get("errors")
    assert entry.options["contracts"] == list(contracts)
    tariff = tariff_of(entry)
    assert tariff is not None
    assert tariff.to_dicts() == list(contracts)


def assert_refused(flow, step, errors):
    assert flow["type"] is FlowResultType.FORM, flow
    assert (flow["step_id"], flow["errors"]) == (step, errors)


def said(flow, placeholder):
    """Return what a flow says, its dashes as plain ones."""
    return flow["description_placeholders"][placeholder].replace("\N{EN DASH}", "-")


def time_of_use(*periods):
    keys = ("name", "price", "start", "end", "days")
    listed = [dict(zip(keys, period, strict=True)) for period in periods]
    return {**GENERAL, "kind": "time_of_use", "periods": listed}
