"""Costs month by month, and corrections, as the panel asks for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.costs.official import DATA_OFFICIAL, OfficialTariffs
from tests.costs.conftest import FLAT
from tests.file_exports import add_user
from tests.metering_points import NOON
from tests.official_portal import running_portal
from tests.pushing import plug, since

from .conftest import Caller

pytestmark = pytest.mark.engine_in_thread

ASKED = {
    "meter": "Plug 1", "start": "2026-11-18", "end": "2026-11-18", "operation": "set",
    "value": 12, "reason": "A spike",
}  # fmt: skip


@pytest.fixture
async def administrator(paper_house, hass, hass_ws_client):
    """The session of an administrator in a house that has used 4.8 kWh a day for ten days."""
    assert await async_setup_component(hass, "http", {})
    entry = paper_house.add_point("house", plug())
    paper_house.contracts(entry, {**FLAT, "standing_charge": 12})
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, plug().plug_id)}, name=plug().name
    )
    await paper_house.use(plug(), since(10), NOON, 0.1)
    await paper_house.settle()
    return Caller(await hass_ws_client())


async def test_a_month_is_told_with_all_that_it_costs(administrator):
    (point,) = (await administrator.get("costs/list"))["points"]
    (month,) = point["months"]
    price = FLAT["price"]
    assert month["kwh"] == pytest.approx(48, abs=2.5)
    assert month["energy_cost"] == pytest.approx(month["kwh"] * price, abs=0.01)
    # The twentieth at noon is 19.5 of 30 days.
    share = (NOON - NOON.replace(day=1, hour=0)) / timedelta(days=30)
    assert month["standing_charge"] == pytest.approx(12 * share, abs=0.02)
    total = month["energy_cost"] + month["standing_charge"]
    assert month["total"] == pytest.approx(total, abs=0.01)
    assert (month["feed_in"], month["unpriced_kwh"], month["is_over"]) == (None, 0, False)


async def test_a_month_without_a_contract_has_no_standing_charge(paper_house, hass, hass_ws_client):
    assert await async_setup_component(hass, "http", {})
    entry = paper_house.add_point("house", plug())
    first = NOON.date().replace(day=1).isoformat()
    paper_house.contracts(entry, {**FLAT, "standing_charge": 12, "valid_from": first})
    await paper_house.use(plug(), since(40), NOON, 0.1)
    await paper_house.settle()
    (point,) = (await Caller(await hass_ws_client()).get("costs/list"))["points"]
    before, now = point["months"][-2:]
    assert (before["standing_charge"], before["total"]) == (None, None)
    assert now["standing_charge"] > 0


async def test_contracts_are_told_in_the_language_of_whoever_looks(administrator):
    (french,) = (await administrator.get("costs/list", language="fr"))["points"]
    (english,) = (await administrator.get("costs/list", language="en"))["points"]
    (said,) = french["contracts"]
    assert "/kWh" in said
    assert said != english["contracts"][0]


async def test_a_correction_is_in_the_costs_and_can_be_undone(administrator):
    before = (await administrator.get("costs/list"))["points"][0]["months"][0]
    done = await administrator.get("costs/correct", **ASKED)
    assert (done["kwh_before"], done["kwh_after"]) == (4.8, 12)
    after = (await administrator.get("costs/list"))["points"][0]["months"][0]
    assert after["kwh"] == pytest.approx(before["kwh"] + 7.2)
    back = {**ASKED, **done["undo"]}
    assert (await administrator.get("costs/correct", **back))["kwh_after"] == 4.8


async def test_contracts_are_compared(administrator):
    asked = {
        "pdl": "house", "date_range": {"start": "2026-11-11", "end": "2026-11-19"},
        "contracts": [{"kind": "base", "price": 0.1}],
    }  # fmt: skip
    compared = await administrator.get("costs/compare", **asked)
    assert compared["cheapest"] == "base"
    assert [one["name"] for one in compared["contracts"]] == ["base", "own"]
    refused = await administrator.refused("costs/compare", **{**asked, "contracts": []})
    assert refused[1] == "contracts"


async def test_official_prices_are_told_with_their_first_day(administrator, hass):
    async with running_portal() as portal:
        hass.data[DATA_OFFICIAL] = OfficialTariffs(hass, portal.address)
        told = (await administrator.get("costs/list"))["official"]
        assert (told["currency"], 6 in told["powers"]) == ("EUR", True)
        for option in told["options"]:
            assert "valid_from" in await administrator.get("costs/official", option=option, power=6)
        found = await administrator.get("costs/official", option="base", power=9)
        assert found == {"valid_from": "2026-02-01", "standing_charge": 19.6583, "price": 0.19266}
        refused = await administrator.refused("costs/official", option="base", power=7)
        assert refused == ("INVALID_VALUE", "power")
        assert (await administrator.refused("costs/official", option="gas"))[1] == "option"


async def test_a_mistake_names_its_field(administrator):
    refused = await administrator.refused("costs/correct", **{**ASKED, "value": -1_000_001})
    assert refused == ("INVALID_VALUE", "value")


async def test_users_see_only_what_they_may_read(administrator, hass, hass_ws_client):
    token = await hass.auth.async_create_refresh_token(add_user(hass), "https://example.org/app")
    access = hass.auth.async_create_access_token(token)
    stranger = Caller(await hass_ws_client(hass, access))
    assert (await stranger.get("costs/list"))["points"] == []
    assert await stranger.refused("costs/correct", **ASKED) == ("NOT_ALLOWED", None)
