"""A person enters what energy costs, changes and deletes contracts, past ones too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.data_entry_flow import InvalidData
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.engine.tariff import TariffErrorCode
from custom_components.med_exporter.metering.contracts import tariff_of
from tests.options import choose, fill_in, start_options

from .contract_forms import (
    FLAT,
    GENERAL,
    OFF_PEAK,
    OLDER,
    TEMPO,
    assert_refused,
    assert_saved,
    begin,
    begin_change,
    store,
    suggested,
)
from .words import texts

pytestmark = pytest.mark.usefixtures("brief_waits")


class TestTaxes:
    async def test_the_tax_in_the_amounts_is_kept_beside_them(self, hass, entry):
        taxes = {"vat": 20, "standing_charge_vat": 5.5}
        flow = await fill_in(hass, await begin(hass, entry, "flat", **taxes), {"price": 0.25})
        assert_saved(entry, flow, {**FLAT, **taxes})
        flow = await start_options(hass, entry, "contracts", "change_contract")
        assert suggested(flow).items() >= taxes.items()

    async def test_more_than_any_tax_is_refused_at_its_field(self, hass, entry):
        flow = await begin(hass, entry, "flat", vat=2000)
        assert_refused(flow, "contract", {"vat": "tariff_too_large"})


async def test_who_sends_the_bills_is_kept_in_one_clean_line(hass, entry):
    flow = await begin(hass, entry, "flat", supplier=" Volt\n  & Fils ")
    flow = await fill_in(hass, flow, {"price": 0.25})
    assert_saved(entry, flow, {**FLAT, "supplier": "Volt & Fils"})
    flow = await start_options(hass, entry, "contracts", "add_contract")
    assert suggested(flow)["supplier"] == "Volt & Fils"


class TestMenu:
    async def test_polling_and_contracts(self, hass, entry):
        flow = await start_options(hass, entry)
        assert flow["menu_options"] == ["polling", "contracts"]

    async def test_without_a_contract_one_can_only_be_added(self, hass, entry):
        flow = await start_options(hass, entry, "contracts")
        assert flow["menu_options"] == ["add_contract", "official_contract"]
        listed = flow["description_placeholders"]["contracts"]
        assert listed == "There is no contract yet, so no cost is known."

    async def test_contracts_are_listed_with_the_newest_first(self, hass, entry):
        store(hass, entry, OLDER, FLAT)
        flow = await start_options(hass, entry, "contracts")
        assert flow["menu_options"] == [
            "add_contract", "official_contract", "change_contract", "remove_contract",
        ]  # fmt: skip
        assert flow["description_placeholders"]["contracts"] == (
            "- 1 Feb 2026: One price at all times, 0.25 €/kWh\n"
            "- 1 Feb 2025: One price at all times, 0.2 €/kWh"
        )

    async def test_the_list_speaks_the_language_of_home_assistant(self, hass, entry):
        hass.config.language = "fr"
        store(hass, entry, FLAT)
        flow = await start_options(hass, entry, "contracts")
        listed = flow["description_placeholders"]["contracts"]
        assert listed == "- 01/02/2026\N{NO-BREAK SPACE}: Un prix unique, 0,25 €/kWh"

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            (
                {"factor": 1.1, "fixed": 0.08, "tax": 20},
                "sensor.spot × 1,1 + 0,08 €/kWh + 20 %",  # noqa: RUF001  # as people write it
            ),
            ({"fixed": -0.5}, "sensor.spot \N{MINUS SIGN} 0,5 €/kWh"),
            ({}, "sensor.spot"),
        ],
    )
    async def test_what_comes_on_top_of_a_sensor_is_told_in_french(
        self, hass, entry, changed, told
    ):
        hass.config.language = "fr"
        sensor = {"kind": "sensor_price", "entity_id": "sensor.spot"}
        store(hass, entry, {"valid_from": "2026-02-01", **sensor, **changed})
        flow = await start_options(hass, entry, "contracts")
        assert flow["description_placeholders"]["contracts"].endswith(f" capteur, {told}")

    async def test_plain_off_peak_hours_are_called_so(self, hass, entry):
        flow = await begin(hass, entry, "peak_off_peak")
        await fill_in(hass, flow, OFF_PEAK)
        flow = await start_options(hass, entry, "contracts")
        listed = flow["description_placeholders"]["contracts"]
        assert "Peak and off-peak hours, the same every day, " in listed

    async def test_each_price_of_tempo_is_named(self, hass, entry):
        prices = {"peak": 0.2, "off_peak": 0.1}
        colours = {"blue": prices, "white": prices, "red": {"peak": 0.7, "off_peak": 0.15}}
        store(hass, entry, {"valid_from": "2026-02-01", "kind": "tempo", "prices": colours})
        flow = await start_options(hass, entry, "contracts")
        listed = flow["description_placeholders"]["contracts"]
        assert "blue, peak 0.2 / blue, off-peak 0.1 / " in listed
        assert "red, peak 0.7 / red, off-peak 0.15 €/kWh" in listed

    async def test_contracts_that_cannot_be_read_are_not_lost_unsaid(self, hass, entry):
        hass.config_entries.async_update_entry(entry, options={"contracts": [{"kind": "?"}]})
        flow = await start_options(hass, entry, "contracts")
        assert flow["menu_options"] == ["add_contract", "official_contract"]
        assert "cannot be read" in flow["description_placeholders"]["contracts"]


class TestSaving:
    async def test_prices_take_effect_at_once_and_polling_stays(self, hass, entry):
        flow = await start_options(hass, entry, "polling")
        await fill_in(hass, flow, {"polling_interval": 120})
        await hass.async_block_till_done()
        before = entry.runtime_data
        flow = await fill_in(hass, await begin(hass, entry, "flat"), {"price": 0.25})
        assert_saved(entry, flow, FLAT)
        await hass.async_block_till_done()
        assert entry.options["polling_interval"] == 120
        assert entry.runtime_data is not before
        assert entry.runtime_data.coordinator.update_interval.total_seconds() == 120

    async def test_contracts_stay_when_the_polling_changes(self, hass, entry):
        store(hass, entry, FLAT)
        flow = await start_options(hass, entry, "polling")
        assert suggested(flow) == {"polling_interval": 45}
        await fill_in(hass, flow, {"polling_interval": 120})
        expected = {"polling_interval": 120, "contracts": [FLAT], "currency": "EUR"}
        assert entry.options == expected

    async def test_nothing_is_saved_before_the_end(self, hass, entry):
        store(hass, entry, OLDER)
        await begin(hass, entry, "flat")
        assert entry.options["contracts"] == [OLDER]

    async def test_a_contract_that_another_dialog_saved_meanwhile(self, hass, entry):
        first = await begin(hass, entry, "flat")
        second = await begin(hass, entry, "tempo")
        await fill_in(hass, first, {"price": 0.25})
        flow = await fill_in(hass, second, TEMPO)
        assert_refused(flow, "contract", {"valid_from": "tariff_duplicate_valid_from"})
        flow = await fill_in(hass, flow, {**suggested(flow), "valid_from": "2026-08-01"})
        assert suggested(flow) == TEMPO
        await fill_in(hass, flow, suggested(flow))
        assert [each["kind"] for each in entry.options["contracts"]] == ["flat", "tempo"]


class TestGeneral:
    async def test_the_first_contract_is_suggested_from_last_month_on(self, hass, entry):
        flow = await start_options(hass, entry, "contracts", "add_contract")
        last_month = dt_util.now().date().replace(day=1) - timedelta(days=1)
        first = last_month.replace(day=1).isoformat()
        assert suggested(flow) == {"valid_from": first, "kind": "flat"}

    async def test_another_contract_starts_from_what_the_latest_has(self, hass, entry):
        store(hass, entry, OLDER, FLAT)
        flow = await start_options(hass, entry, "contracts", "add_contract")
        today = dt_util.now().date().isoformat()
        assert suggested(flow) == {**GENERAL, "valid_from": today, "kind": "flat"}
        flow = await fill_in(hass, flow, {**suggested(flow), "valid_from": "2026-08-01"})
        assert suggested(flow) == {"price": 0.25}
        flow = await fill_in(hass, flow, {"price": 0.26})
        new = {**FLAT, "valid_from": "2026-08-01", "price": 0.26}
        assert_saved(entry, flow, OLDER, FLAT, new)

    async def test_money_is_in_the_currency_of_the_installation(self, hass, entry):
        hass.config.currency = "CHF"
        flow = await start_options(hass, entry, "contracts", "add_contract")
        fields = flow["data_schema"].schema
        assert fields["standing_charge"].config["unit_of_measurement"] == "CHF"
        assert fields["feed_in"].config["unit_of_measurement"] == "CHF/kWh"

    async def test_contracts_keep_the_currency_that_they_were_entered_in(self, hass, entry):
        store(hass, entry, FLAT)
        hass.config.currency = "CHF"
        flow = await start_options(hass, entry, "contracts")
        assert "0.25 €/kWh" in flow["description_placeholders"]["contracts"]
        flow = await choose(hass, flow, "change_contract")
        fields = flow["data_schema"].schema
        assert fields["feed_in"].config["unit_of_measurement"] == "€/kWh"

    async def test_standing_charge_and_feed_in_may_be_left_empty(self, hass, entry):
        flow = await start_options(hass, entry, "contracts", "add_contract")
        flow = await fill_in(hass, flow, {"valid_from": "2026-02-01", "kind": "flat"})
        flow = await fill_in(hass, flow, {"price": 0.25})
        assert_saved(entry, flow, {**FLAT, "standing_charge": 0.0, "feed_in": 0.0})

    @pytest.mark.parametrize(
        ("field", "value", "error"),
        [
            ("valid_from", "1969-12-31", "tariff_date_out_of_range"),
            ("valid_from", "2025-02-01", "tariff_duplicate_valid_from"),
            ("standing_charge", -0.01, "tariff_negative"),
            ("feed_in", -1, "tariff_negative"),
            ("feed_in", 1e10, "tariff_too_large"),
        ],
    )
    async def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(
        self, hass, entry, field, value, error
    ):
        store(hass, entry, OLDER)
        flow = await begin(hass, entry, "tempo", **{field: value})
        assert_refused(flow, "contract", {field: error})
        assert suggested(flow)["kind"] == "tempo"
        flow = await fill_in(hass, flow, {**suggested(flow), **GENERAL})
        assert flow["step_id"] == "tempo"

    async def test_what_is_no_number_is_refused_at_its_field(self, hass, entry):
        with pytest.raises(InvalidData) as refused:
            await begin(hass, entry, "tempo", feed_in="nan")
        assert refused.value.path == ["feed_in"]


class TestPastContracts:
    async def test_a_past_contract_is_changed(self, hass, entry):
        store(hass, entry, OLDER, FLAT)
        flow = await start_options(hass, entry, "contracts", "change_contract")
        flow = await fill_in(hass, flow, {"contract": "2025-02-01"})
        assert suggested(flow) == {**GENERAL, "valid_from": "2025-02-01", "kind": "flat"}
        flow = await fill_in(hass, flow, {**suggested(flow), "valid_from": "2025-03-01"})
        assert suggested(flow) == {"price": 0.2}
        flow = await fill_in(hass, flow, {"price": 0.21})
        assert_saved(entry, flow, {**OLDER, "valid_from": "2025-03-01", "price": 0.21}, FLAT)

    async def test_its_kind_may_change(self, hass, entry):
        store(hass, entry, FLAT)
        flow = await begin_change(hass, entry, kind="tempo")
        assert suggested(flow) == {}
        await fill_in(hass, flow, TEMPO)
        assert [each["kind"] for each in entry.options["contracts"]] == ["tempo"]

    async def test_it_cannot_take_the_day_of_another(self, hass, entry):
        store(hass, entry, OLDER, FLAT)
        flow = await start_options(hass, entry, "contracts", "change_contract")
        flow = await fill_in(hass, flow, {"contract": "2025-02-01"})
        flow = await fill_in(hass, flow, {**suggested(flow), "valid_from": "2026-02-01"})
        assert_refused(flow, "contract", {"valid_from": "tariff_duplicate_valid_from"})

    async def test_a_past_contract_is_removed(self, hass, entry):
        store(hass, entry, OLDER, FLAT)
        flow = await start_options(hass, entry, "contracts", "remove_contract")
        flow = await fill_in(hass, flow, {"contract": "2025-02-01"})
        assert_saved(entry, flow, FLAT)

    async def test_the_last_one_is_removed(self, hass, entry):
        store(hass, entry, FLAT)
        flow = await start_options(hass, entry, "contracts", "remove_contract")
        await fill_in(hass, flow, {"contract": "2026-02-01"})
        assert entry.options["contracts"] == []
        assert tariff_of(entry) is None


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mistake_has_a_text(language):
    known = texts(language)["options"]["error"]
    assert {f"tariff_{code}" for code in TariffErrorCode} <= set(known)
