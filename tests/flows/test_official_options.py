"""A person begins a contract with the official prices, and may change each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.costs.official import DATA_OFFICIAL, OfficialTariffs
from tests.official_portal import OfficialPortal, running_portal
from tests.options import fill_in, start_options

from .contract_forms import FLAT, OFF_PEAK, assert_refused, begin, store, suggested

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


pytestmark = pytest.mark.usefixtures("brief_waits")
ASKED = {"official_option": "base", "power": "6", "day": "2026-03-01"}


@pytest.fixture
async def portal(hass, entry) -> AsyncIterator[OfficialPortal]:
    async with running_portal() as portal:
        hass.data[DATA_OFFICIAL] = OfficialTariffs(hass, portal.address)
        yield portal


async def ask(hass, entry, **asked):
    flow = await start_options(hass, entry, "contracts", "official_contract")
    return await fill_in(hass, flow, {**ASKED, **asked})


async def test_prices_their_first_day_and_the_charge_are_suggested(hass, entry, portal):
    store(hass, entry, {**FLAT, "feed_in": 0.04})
    flow = await ask(hass, entry)
    general = suggested(flow)
    assert general == {
        "valid_from": "2026-02-01", "kind": "flat", "standing_charge": 15.6833, "feed_in": 0.04,
    }  # fmt: skip
    flow = await fill_in(hass, flow, {**general, "valid_from": "2026-03-01"})
    assert suggested(flow) == {"price": 0.19398}
    await fill_in(hass, flow, {"price": 0.2})
    saved = entry.options["contracts"][-1]
    assert (saved["valid_from"], saved["price"]) == ("2026-03-01", 0.2)


async def test_the_hours_are_those_of_the_contract_there_is(hass, entry, portal):
    flow = await begin(hass, entry, "peak_off_peak", valid_from="2025-01-01")
    await fill_in(hass, flow, OFF_PEAK)
    await hass.async_block_till_done()
    hass.data[DATA_OFFICIAL] = OfficialTariffs(hass, portal.address)
    flow = await ask(hass, entry, official_option="peak_off_peak")
    flow = await fill_in(hass, flow, suggested(flow))
    shown = suggested(flow)
    assert (shown["off_peak_price"], shown["peak_price"]) == (0.1579, 0.2065)
    assert (shown["off_peak_start"], shown["off_peak_end"]) == ("22:30", "06:30")
    flow = await fill_in(hass, flow, shown)
    assert len(entry.options["contracts"]) == 2


async def test_mistakes_and_a_portal_that_is_away_are_told(hass, entry, portal):
    flow = await ask(hass, entry, power="36")
    assert_refused(flow, "official_contract", {"power": "official_no_price"})
    portal.status = 503
    flow = await fill_in(hass, flow, {**ASKED, "official_option": "tempo"})
    assert_refused(flow, "official_contract", {"base": "official_unavailable"})
    assert not entry.options.get("contracts")


async def test_who_pays_in_other_money_is_not_offered_euros(hass, entry):
    hass.config.currency = "CHF"
    flow = await start_options(hass, entry, "contracts")
    assert flow["menu_options"] == ["add_contract"]
