"""Each kind of contract has a form, which says what is wrong where it is wrong."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from custom_components.med_exporter.engine.tariff.kind import Page
from custom_components.med_exporter.engine.tariff.kinds import KINDS, forms
from custom_components.med_exporter.engine.tariff.offers import offer_kinds
from tests.options import fill_in

from .contract_forms import (
    EVERY_DAY,
    FLAT,
    GENERAL,
    OFF_PEAK,
    TEMPO,
    assert_refused,
    assert_saved,
    begin,
    begin_change,
    store,
    suggested,
    time_of_use,
)
from .words import texts

pytestmark = pytest.mark.usefixtures("brief_waits")


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
