"""Amounts keep the currency in which they were counted."""

from __future__ import annotations

from unittest.mock import patch

from homeassistant.helpers import issue_registry as ir

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.repairs import async_create_fix_flow

from .asking import day, unit
from .conftest import FLAT, PricedBooks


class TestCurrency:
    async def test_amounts_keep_the_one_that_they_were_entered_in(self, house: PricedBooks) -> None:
        house.contracts(FLAT)
        await house.use(day(20, 8), day(20, 10), 0.5)
        await house.price()
        await house.hass.config.async_update(currency="CHF")
        await house.price()
        assert house.costs.running("house").currency == "EUR"
        assert await unit(house) == "EUR"
        issue = ir.async_get(house.hass).async_get_issue(
            DOMAIN, f"currency_changed_{house.entry.entry_id}"
        )
        assert issue.translation_placeholders == {"name": "House", "before": "EUR", "now": "CHF"}

    async def test_the_repair_prices_all_of_the_past_in_the_new_one(
        self, house: PricedBooks
    ) -> None:
        house.contracts(FLAT)
        await house.use(day(10), day(20), 0.01)
        await house.use(day(20, 8), day(20, 10), 0.5)
        await house.price()
        await house.hass.config.async_update(currency="CHF")
        await house.price()
        issue_id = f"currency_changed_{house.entry.entry_id}"
        flow = await async_create_fix_flow(house.hass, issue_id, {"entry_id": house.entry.entry_id})
        flow.hass = house.hass
        assert (await flow.async_step_init())["type"] == "form"
        with patch.object(house.hass.config_entries, "async_schedule_reload") as reload:
            assert (await flow.async_step_confirm({}))["type"] == "create_entry"
        assert reload.called
        await house.price()
        assert house.costs.running("house").currency == "CHF"
        assert await unit(house) == "CHF"
        assert ir.async_get(house.hass).async_get_issue(DOMAIN, issue_id) is None
        assert [p.cost for p in await house.days(day(20))] == [0.5]
