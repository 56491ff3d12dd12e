"""A person enters what energy costs, and is told what is wrong where it is wrong."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.engine.tariff import TariffErrorCode, parse_contracts
from custom_components.med_exporter.engine.tariff.kind import Page
from custom_components.med_exporter.engine.tariff.kinds import KINDS, forms
from custom_components.med_exporter.engine.tariff.offers import offer_kinds
from custom_components.med_exporter.metering.contracts import tariff_of
from tests.metering_points import add_metering_point
from tests.options import choose, fill_in, start_options
from tests.plug_emulator import EmulatedPlug

from .words import texts

pytestmark = pytest.mark.usefixtures("brief_waits")

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


@pytest.fixture(autouse=True)
def euros(recorder, hass):
    hass.config.currency = "EUR"


@pytest.fixture
async def entry(hass, plug_network):
    """A metering point; what saving set off is over when the test is."""
    plug = EmulatedPlug()
    await plug_network.start(plug)
    yield await add_metering_point(hass, plug.address)
    await hass.async_block_till_done()


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
    async def test_the_first_contract_is_suggested_from_today_on(self, hass, entry):
        flow = await start_options(hass, entry, "contracts", "add_contract")
        assert suggested(flow) == {"valid_from": dt_util.now().date().isoformat(), "kind": "flat"}

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


class TestFlat:
    @pytest.mark.parametrize(("price", "error"), [(-0.1, "negative"), (2e9, "too_large")])
    async def test_a_wrong_price(self, hass, entry, price, error):
        flow = await fill_in(hass, await begin(hass, entry, "flat"), {"price": price})
        assert_refused(flow, "flat", {"price": f"tariff_{error}"})
        flow = await fill_in(hass, flow, {"price": 0.25})
        assert_saved(entry, flow, FLAT)

    @pytest.mark.parametrize("price", [0, 0.0199, 2.01, 25])
    async def test_an_unusual_price_is_asked_back_once(self, hass, entry, price):
        flow = await fill_in(hass, await begin(hass, entry, "flat"), {"price": price})
        assert_refused(flow, "flat", {"price": "price_unusual"})
        assert suggested(flow) == {"price": price}
        flow = await fill_in(hass, flow, {"price": price})
        assert_saved(entry, flow, {**FLAT, "price": float(price)})

    async def test_another_unusual_price_is_asked_back_too(self, hass, entry):
        flow = await fill_in(hass, await begin(hass, entry, "flat"), {"price": 25})
        flow = await fill_in(hass, flow, {"price": 250})
        assert_refused(flow, "flat", {"price": "price_unusual"})

    async def test_a_price_begins_empty_and_is_needed(self, hass, entry):
        flow = await begin(hass, entry, "flat")
        assert suggested(flow) == {}
        flow = await fill_in(hass, flow, {})
        assert_refused(flow, "flat", {"price": "tariff_required"})


class TestPeakOffPeak:
    async def test_one_stretch_over_midnight(self, hass, entry):
        flow = await fill_in(hass, await begin(hass, entry, "peak_off_peak"), OFF_PEAK)
        contract = time_of_use(
            ("Off-peak", 0.2068, "22:30", "06:30", EVERY_DAY),
            ("Peak", 0.27, "06:30", "22:30", EVERY_DAY),
        )
        assert_saved(entry, flow, contract)

    async def test_two_stretches_with_french_names(self, hass, entry):
        hass.config.language = "fr"
        flow = await fill_in(
            hass,
            await begin(hass, entry, "peak_off_peak"),
            {
                **OFF_PEAK,
                "off_peak_start": "12:30:00",
                "off_peak_end": "14:30:00",
                "second_start": "01:00:00",
                "second_end": "07:00:00",
            },
        )
        contract = time_of_use(
            ("Heures creuses", 0.2068, "12:30", "14:30", EVERY_DAY),
            ("Heures creuses", 0.2068, "01:00", "07:00", EVERY_DAY),
            ("Heures pleines", 0.27, "07:00", "12:30", EVERY_DAY),
            ("Heures pleines", 0.27, "14:30", "01:00", EVERY_DAY),
        )
        assert_saved(entry, flow, contract)

    @pytest.mark.parametrize(
        ("changed", "errors"),
        [
            ({"off_peak_price": -1}, {"off_peak_price": "tariff_negative"}),
            ({"peak_price": -1}, {"peak_price": "tariff_negative"}),
            ({"second_start": "12:30:00"}, {"second_end": "tariff_required"}),
            ({"second_end": "12:30:00"}, {"second_start": "tariff_required"}),
            (
                {"second_start": "05:00:00", "second_end": "07:00:00"},
                {"second_start": "tariff_overlap"},
            ),
            ({"off_peak_end": "22:30:00"}, {"off_peak_end": "no_hours_left"}),
        ],
    )
    async def test_mistakes(self, hass, entry, changed, errors):
        user_input = {**OFF_PEAK, **changed}
        flow = await fill_in(hass, await begin(hass, entry, "peak_off_peak"), user_input)
        assert_refused(flow, "peak_off_peak", errors)
        assert suggested(flow) == user_input
        assert "contracts" not in entry.options

    async def test_a_change_keeps_the_names(self, hass, entry):
        contract = time_of_use(
            ("HC", 0.2, "22:30", "06:30", EVERY_DAY), ("HP", 0.3, "06:30", "22:30", EVERY_DAY)
        )
        store(hass, entry, contract)
        flow = await begin_change(hass, entry)
        assert flow["step_id"] == "peak_off_peak"
        flow = await fill_in(hass, flow, {**suggested(flow), "off_peak_end": "07:00:00"})
        changed = time_of_use(
            ("HC", 0.2, "22:30", "07:00", EVERY_DAY), ("HP", 0.3, "07:00", "22:30", EVERY_DAY)
        )
        assert_saved(entry, flow, changed)


class TestTimeOfUse:
    async def add(self, hass, flow, period):
        if flow["type"] is FlowResultType.MENU:
            flow = await choose(hass, flow, "add_period")
        assert flow["step_id"] == "period"
        return await fill_in(hass, flow, period)

    async def test_period_by_period(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        assert flow["menu_options"] == ["add_period", "rest", "change_period", "save_contract"]
        assert said(flow, "periods") == (
            "- Night: 22:00-06:00, every day, 0.1 €/kWh\n\n"
            "Without a price so far: 06:00-22:00, every day"
        )
        flow = await choose(hass, flow, "add_period")
        assert suggested(flow) == {"start": "06:00", "end": "22:00", "days": EVERY_DAY}
        flow = await fill_in(hass, flow, DAY)
        assert flow["menu_options"] == ["change_period", "save_contract"]
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", EVERY_DAY), ("Day", 0.3, "06:00", "22:00", EVERY_DAY)
        )
        assert_saved(entry, flow, contract)

    async def test_the_remaining_hours_fill_themselves(self, hass, entry):
        flow = await begin(hass, entry, "time_of_use")
        flow = await self.add(hass, flow, {**NIGHT, "days": WORKDAYS})
        flow = await choose(hass, flow, "rest")
        assert said(flow, "hours") == (
            "Without a price so far: 00:00-22:00, Monday; 06:00-22:00, Tuesday-Friday; "
            "06:00-00:00, Saturday; all day, Sunday"
        )
        flow = await fill_in(hass, flow, {"name": "Day", "price": 0.3})
        assert "- Day: remaining hours, 0.3 €/kWh" in flow["description_placeholders"]["periods"]
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", WORKDAYS),
            ("Day", 0.3, "00:00", "22:00", ["mon"]),
            ("Day", 0.3, "06:00", "22:00", ["tue", "wed", "thu", "fri"]),
            ("Day", 0.3, "06:00", "00:00", ["sat"]),
            ("Day", 0.3, "00:00", "00:00", ["sun"]),
        )
        assert_saved(entry, flow, contract)

    @pytest.mark.parametrize(
        ("changed", "errors"),
        [
            ({"name": " "}, {"name": "tariff_empty"}),
            ({"name": "x" * 65}, {"name": "tariff_too_long"}),
            ({"price": -0.1}, {"price": "tariff_negative"}),
            ({"days": []}, {"days": "tariff_empty"}),
            ({"start": "05:00:00"}, {"start": "tariff_overlap"}),
            ({"name": "Night"}, {"price": "tariff_price_differs"}),
        ],
    )
    async def test_mistakes_of_a_period(self, hass, entry, changed, errors):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await self.add(hass, flow, {**DAY, **changed})
        assert_refused(flow, "period", errors)
        assert suggested(flow) == {**DAY, **changed}
        flow = await self.add(hass, flow, DAY)
        flow = await choose(hass, flow, "save_contract")
        assert flow["type"] is FlowResultType.CREATE_ENTRY

    async def test_an_overlap_says_with_what_and_when(self, hass, entry):
        weekend = {**NIGHT, "name": "Weekend", "days": WEEKEND, "start": "06:00", "end": "06:00"}
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), weekend)
        flow = await self.add(hass, flow, {**NIGHT, "days": ["fri"], "end": "07:30:00"})
        assert_refused(flow, "period", {"start": "tariff_overlap"})
        named = flow["description_placeholders"]
        assert named["other"] == "Weekend"
        assert (named["from_day"], named["from_time"]) == ("Saturday", "06:00")
        assert (named["to_day"], named["to_time"]) == ("Saturday", "07:30")

    async def test_a_gap_is_named_where_it_can_be_filled(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await self.add(hass, flow, {**DAY, "days": WORKDAYS})
        flow = await choose(hass, flow, "save_contract")
        assert_refused(flow, "period", {"start": "tariff_gap"})
        assert suggested(flow) == {"start": "06:00", "end": "22:00", "days": WEEKEND}
        named = flow["description_placeholders"]
        assert (named["from_day"], named["from_time"]) == ("Saturday", "06:00")
        assert (named["to_day"], named["to_time"]) == ("Saturday", "22:00")
        flow = await self.add(hass, flow, {**DAY, "days": WEEKEND})
        flow = await choose(hass, flow, "save_contract")
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        assert len(entry.options["contracts"][0]["periods"]) == 3

    async def test_hours_that_leave_none_for_the_remaining_ones(self, hass, entry):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await choose(hass, flow, "rest")
        flow = await fill_in(hass, flow, {"name": "Rest", "price": 0.3})
        flow = await self.add(hass, flow, DAY)
        assert_refused(flow, "period", {"end": "no_hours_left"})
        assert flow["description_placeholders"]["name"] == "Rest"
        flow = await self.add(hass, flow, {**DAY, "name": "Rest", "end": "12:00:00", "price": 0.4})
        assert_refused(flow, "period", {"price": "tariff_price_differs"})
        flow = await self.add(hass, flow, {**DAY, "end": "12:00:00"})
        flow = await choose(hass, flow, "save_contract")
        contract = time_of_use(
            ("Night", 0.1, "22:00", "06:00", EVERY_DAY),
            ("Day", 0.3, "06:00", "12:00", EVERY_DAY),
            ("Rest", 0.3, "12:00", "22:00", EVERY_DAY),
        )
        assert_saved(entry, flow, contract)

    @pytest.mark.parametrize(
        ("rest", "errors"),
        [
            ({"name": "", "price": 0.3}, {"name": "tariff_empty"}),
            ({"name": "Day", "price": -1}, {"price": "tariff_negative"}),
            ({"name": "Night", "price": 0.3}, {"price": "tariff_price_differs"}),
        ],
    )
    async def test_mistakes_of_the_remaining_hours(self, hass, entry, rest, errors):
        flow = await self.add(hass, await begin(hass, entry, "time_of_use"), NIGHT)
        flow = await fill_in(hass, await choose(hass, flow, "rest"), rest)
        assert_refused(flow, "rest", errors)
        assert suggested(flow) == rest


class TestChangedPeriods:
    CONTRACT = time_of_use(
        ("Night", 0.1, "22:00", "06:00", EVERY_DAY),
        ("Noon", 0.2, "12:00", "14:00", WORKDAYS),
        ("Night", 0.1, "14:00", "16:00", WEEKEND),
        ("Day", 0.3, "06:00", "12:00", WORKDAYS),
        ("Day", 0.3, "14:00", "22:00", WORKDAYS),
        ("Day", 0.3, "06:00", "14:00", WEEKEND),
        ("Day", 0.3, "16:00", "22:00", WEEKEND),
    )

    @pytest.fixture
    async def flow(self, hass, entry):
        """The options flow of a contract whose `Day` is what the others leave."""
        store(hass, entry, self.CONTRACT)
        return await begin_change(hass, entry)

    def names(self, entry):
        periods = entry.options["contracts"][0]["periods"]
        assert parse_contracts(entry.options["contracts"])
        return {period["name"]: period["price"] for period in periods}

    async def test_saved_as_it_is_it_stays_the_same(self, hass, entry, flow):
        assert flow["step_id"] == "time_of_use"
        assert_saved(entry, await choose(hass, flow, "save_contract"), self.CONTRACT)

    async def test_the_remaining_hours_follow(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "0"})
        assert suggested(flow) == self.CONTRACT["periods"][0]
        flow = await fill_in(hass, flow, {**suggested(flow), "end": "07:00:00"})
        await choose(hass, flow, "save_contract")
        periods = entry.options["contracts"][0]["periods"]
        assert [period["end"] for period in periods if period["start"] == "22:00"] == ["07:00"]
        assert {period["name"] for period in periods if period["start"] == "07:00"} == {"Day"}

    async def test_a_price_changes_for_all_hours_of_its_name(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "2"})
        flow = await fill_in(hass, flow, {**suggested(flow), "price": 0.15})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.15, "Noon": 0.2, "Day": 0.3}

    async def test_the_price_of_the_remaining_hours_changes(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "rest"})
        assert suggested(flow) == {"name": "Day", "price": 0.3}
        flow = await fill_in(hass, flow, {"name": "Peak", "price": 0.4})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.1, "Noon": 0.2, "Peak": 0.4}

    async def test_a_period_is_removed(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "1", "remove": True})
        await choose(hass, flow, "save_contract")
        assert self.names(entry) == {"Night": 0.1, "Day": 0.3}

    async def test_without_the_remaining_hours_there_is_a_gap(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "rest", "remove": True})
        assert "rest" in flow["menu_options"]
        flow = await choose(hass, flow, "save_contract")
        assert_refused(flow, "period", {"start": "tariff_gap"})
        assert entry.options["contracts"] == [self.CONTRACT]

    async def test_an_overlap_is_named_at_the_period_that_was_changed(self, hass, entry, flow):
        flow = await choose(hass, flow, "change_period")
        flow = await fill_in(hass, flow, {"period": "0"})
        changed = {**suggested(flow), "end": "13:00"}
        flow = await fill_in(hass, flow, changed)
        assert_refused(flow, "period", {"start": "tariff_overlap"})
        assert flow["description_placeholders"]["other"] == "Noon"
        assert suggested(flow) == changed


class TestTempo:
    async def test_six_prices(self, hass, entry):
        flow = await begin(hass, entry, "tempo")
        assert set(flow["data_schema"].schema) == set(TEMPO)
        flow = await fill_in(hass, flow, TEMPO)
        prices = {
            "blue": {"peak": 0.16, "off_peak": 0.13},
            "white": {"peak": 0.19, "off_peak": 0.15},
            "red": {"peak": 0.76, "off_peak": 0.16},
        }
        assert_saved(entry, flow, {**GENERAL, "kind": "tempo", "prices": prices})
        assert suggested(await begin_change(hass, entry)) == TEMPO

    @pytest.mark.parametrize("field", TEMPO)
    async def test_a_wrong_price(self, hass, entry, field):
        user_input = {**TEMPO, field: -0.1}
        flow = await fill_in(hass, await begin(hass, entry, "tempo"), user_input)
        assert_refused(flow, "tempo", {field: "tariff_negative"})
        assert suggested(flow) == user_input


class TestTiers:
    async def test_tier_after_tier_until_one_is_open(self, hass, entry):
        flow = await begin(hass, entry, "tiers")
        for number, below, tier in (
            ("1", "0", {"price": 0.1, "up_to": 150}),
            ("2", "150", {"price": 0.2, "up_to": 300.5}),
            ("3", "300.5", {"price": 0.3}),
        ):
            assert flow["step_id"] == "tier"
            named = flow["description_placeholders"]
            assert (named["number"], named["below"]) == (number, below)
            flow = await fill_in(hass, flow, tier)
        tiers = [{"up_to": 150.0, "price": 0.1}, {"up_to": 300.5, "price": 0.2}, {"price": 0.3}]
        assert_saved(entry, flow, {**GENERAL, "kind": "tiers", "tiers": tiers})

    @pytest.mark.parametrize(
        ("tier", "errors"),
        [
            ({"price": -1}, {"price": "tariff_negative"}),
            ({"price": 0.2, "up_to": 150}, {"up_to": "tariff_tiers_unordered"}),
            ({"price": 0.2, "up_to": -5}, {"up_to": "tariff_negative"}),
        ],
    )
    async def test_mistakes(self, hass, entry, tier, errors):
        flow = await begin(hass, entry, "tiers")
        flow = await fill_in(hass, flow, {"price": 0.1, "up_to": 150})
        flow = await fill_in(hass, flow, tier)
        assert_refused(flow, "tier", errors)
        assert suggested(flow) == tier
        flow = await fill_in(hass, flow, {"price": 0.2})
        assert len(entry.options["contracts"][0]["tiers"]) == 2

    async def test_a_change_walks_through_what_is_known(self, hass, entry):
        tiers = [{"up_to": 150.0, "price": 0.1}, {"up_to": 300.0, "price": 0.2}, {"price": 0.3}]
        store(hass, entry, {**GENERAL, "kind": "tiers", "tiers": tiers})
        flow = await begin_change(hass, entry)
        assert suggested(flow) == tiers[0]
        flow = await fill_in(hass, flow, {"price": 0.15, "up_to": 100})
        assert suggested(flow) == tiers[1]
        flow = await fill_in(hass, flow, {"price": 0.2})
        fewer = [{"up_to": 100.0, "price": 0.15}, {"price": 0.2}]
        assert_saved(entry, flow, {**GENERAL, "kind": "tiers", "tiers": fewer})


class TestSensorPrice:
    SENSOR: ClassVar = {"entity_id": "sensor.spot", "factor": 1.1, "fixed": 0.09, "tax": 20}

    @pytest.mark.parametrize("unit", ["EUR/kWh", "\N{EURO SIGN}/MWh", "ct/kWh"])
    async def test_a_sensor_with_what_comes_on_top(self, hass, entry, unit):
        hass.states.async_set("sensor.spot", "0.1", {"unit_of_measurement": unit})
        flow = await begin(hass, entry, "sensor_price")
        assert suggested(flow) == {"factor": 1}
        flow = await fill_in(hass, flow, self.SENSOR)
        assert_saved(entry, flow, {**GENERAL, "kind": "sensor_price", **self.SENSOR})
        assert suggested(await begin_change(hass, entry)) == self.SENSOR

    async def test_nothing_needs_to_come_on_top(self, hass, entry):
        hass.states.async_set("sensor.spot", "0.1", {"unit_of_measurement": "EUR/kWh"})
        flow = await begin(hass, entry, "sensor_price")
        flow = await fill_in(hass, flow, {"entity_id": "sensor.spot"})
        plain = {"entity_id": "sensor.spot", "factor": 1.0, "fixed": 0.0, "tax": 0.0}
        assert_saved(entry, flow, {**GENERAL, "kind": "sensor_price", **plain})

    @pytest.mark.parametrize("unit", ["kWh", "SEK/kWh", "EUR", None])
    async def test_what_is_no_price_in_this_currency_is_refused(self, hass, entry, unit):
        hass.states.async_set("sensor.spot", "0.1", {"unit_of_measurement": unit})
        flow = await begin(hass, entry, "sensor_price")
        flow = await fill_in(hass, flow, self.SENSOR)
        assert_refused(flow, "sensor_price", {"entity_id": "not_a_price"})
        assert flow["description_placeholders"]["other"] == (unit or "?")

    @pytest.mark.parametrize(
        ("changed", "errors"),
        [
            ({"factor": -1}, {"factor": "tariff_negative"}),
            ({"tax": 1001}, {"tax": "tariff_too_large"}),
            ({"fixed": -2e9}, {"fixed": "tariff_too_large"}),
        ],
    )
    async def test_mistakes(self, hass, entry, changed, errors):
        hass.states.async_set("sensor.spot", "0.1", {"unit_of_measurement": "EUR/kWh"})
        flow = await begin(hass, entry, "sensor_price")
        flow = await fill_in(hass, flow, {**self.SENSOR, **changed})
        assert_refused(flow, "sensor_price", errors)


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


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_has_its_words(language):
    words = texts(language)
    assert set(words["selector"]["contract_kind"]["options"]) == {*forms(), *KINDS}
    steps = words["options"]["step"]
    for _, form in forms().values():
        if isinstance(form, Page):
            assert {field.name for field in form.fields} == set(steps[form.name]["data"])
    compared = words["services"]["compare_contracts"]["fields"]["contracts"]["description"]
    assert set(re.findall(r"\w+", compared)) >= set(offer_kinds())
