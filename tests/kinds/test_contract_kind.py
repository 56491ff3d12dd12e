"""A contract of a new kind: a file and a line, and it is entered, priced, compared and printed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.tariff.kinds import KINDS
from custom_components.med_exporter.entry_types import ENTRY_KINDS
from tests.api.test_exports import completed
from tests.metering_points import NOON, answer, start_flow
from tests.options import choose, fill_in, start_options

from .printed import words_in
from .toy_source.kind import EYE

NOVEMBER = {"valid_from": "2026-11-01", "standing_charge": 0.0, "feed_in": 0.0}
DAYS = {"start": "2026-11-18", "end": "2026-11-19"}


# Where time stands still as in the house.
@pytest.mark.engine_in_thread
class TestDriven:
    @pytest.fixture
    async def cellar(self, paper_house, moon, monkeypatch, tmp_path):
        """A metering point that used 24 kWh on each of two days."""
        monkeypatch.setitem(ENTRY_KINDS, EYE.type, EYE)
        house, counter = paper_house, tmp_path / "counter"
        house.hass.config.currency = "EUR"
        counter.write_text("100")
        house.freezer.move_to(NOON - timedelta(days=2, hours=12))
        form = await start_flow(house.hass, "eye")
        made = await answer(house.hass, form, {"pdl": "cellar", "file": str(counter)})
        await house.committed()
        counter.write_text("148")
        house.freezer.move_to(NOON - timedelta(hours=12))
        await made["result"].runtime_data.async_read()
        house.freezer.move_to(NOON)
        await house.committed()
        return made["result"]

    async def test_from_its_form_to_its_removal(
        self, cellar, paper_house, hass, hass_client, monkeypatch
    ):
        flow = await start_options(hass, cellar, "add_contract")
        flow = await fill_in(hass, flow, {**NOVEMBER, "kind": "moon"})
        flow = await fill_in(hass, flow, {"full": -1})
        assert (flow["step_id"], flow["errors"]) == ("moon", {"full": "tariff_negative"})
        await fill_in(hass, flow, {"full": 0.5})
        await paper_house.committed()
        assert cellar.options["contracts"] == [{**NOVEMBER, "kind": "moon", "full": 0.5}]
        flow = await start_options(hass, cellar)
        listed = flow["description_placeholders"]["contracts"]
        assert listed == "- 1 Nov 2026: moon, 0.5 €/kWh"
        flow = await choose(hass, flow, "change_contract")
        flow = await fill_in(hass, flow, {**NOVEMBER, "kind": "moon"})
        (full,) = flow["data_schema"].schema
        assert full.description == {"suggested_value": 0.5}

        client = await hass_client()
        asked = {"export_type": "cost_analysis", "format": "json", "date_range": DAYS}
        asked["breakdown_by"] = ["time_of_use"]
        created = await (await client.post("/api/exports/create", json=asked)).json()
        status = await completed(client, created["export_id"])
        file = await (await client.get(status["download_url"])).json()
        assert {row["time_of_use"] for row in file["data"]} == {"moon"}
        assert sum(row["energy_cost"] for row in file["data"]) == pytest.approx(12)

        async def compared(*contracts):
            asked = {"pdl": "cellar", "date_range": DAYS, "contracts": contracts}
            found = await client.post("/api/exports/compare_contracts", json=asked)
            return found.status, await found.json()

        status, found = await compared({"kind": "moon", "full": 0.2})
        assert {one["name"]: one["total"] for one in found["contracts"]} == {
            "own": pytest.approx(12), "moon": pytest.approx(4.8),
        }  # fmt: skip
        status, found = await compared({"kind": "moon"})
        assert (status, found["field"]) == (400, "contracts[0].full")

        flow = await start_options(hass, cellar, "remove_contract")
        await fill_in(hass, flow, {"contract": "2026-11-01"})
        await paper_house.committed()
        assert cellar.options["contracts"] == []
        monkeypatch.delitem(KINDS, "moon")
        status, found = await compared({"kind": "moon", "full": 0.2})
        assert (status, found["field"]) == (400, "contracts[0].kind")


async def test_a_document_has_its_word(jobs, moon, hass, hass_client):
    contract = {**NOVEMBER, "kind": "moon", "full": 0.5}
    data = {"type": "kasa", "name": "House", "pdl": "house", "hosts": {}, "plugs": {}}
    MockConfigEntry(domain=DOMAIN, data=data, options={"contracts": [contract]}).add_to_hass(hass)
    client = await hass_client()
    asked = {"export_type": "configuration", "format": "pdf", "options": {"locale": "fr"}}
    created = await (await client.post("/api/exports/create", json=asked)).json()
    status = await completed(client, created["export_id"])
    assert "Selon la lune" in words_in(await (await client.get(status["download_url"])).read())
