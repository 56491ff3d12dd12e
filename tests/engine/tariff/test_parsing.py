"""Contracts as plain dicts: what is read, what is refused and where."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, time
from types import MappingProxyType

import pytest
from hypothesis import given, settings

from custom_components.med_exporter.engine.tariff import Contract, parse_contracts
from custom_components.med_exporter.engine.tariff import TariffError as Refused
from custom_components.med_exporter.engine.tariff.kinds.flat import Flat
from custom_components.med_exporter.engine.tariff.kinds.sensor_price import SensorPrice
from custom_components.med_exporter.engine.tariff.kinds.tempo import Tempo, TempoPrices
from custom_components.med_exporter.engine.tariff.kinds.tiers import Tiers
from custom_components.med_exporter.engine.tariff.kinds.time_of_use import Period, TimeOfUse
from custom_components.med_exporter.engine.tariff.rates import Block

from .contracts import FLAT, NIGHT_AND_DAY, TEMPO, TIERS
from .plain import ALL_DAYS, changed, refusal
from .strategies import contract_lists


class TestEveryKindIsRead:
    def test_flat(self):
        (contract,) = parse_contracts([FLAT]).contracts
        assert contract == Contract(date(2020, 1, 1), Flat(0.25))

    def test_time_of_use(self):
        (contract,) = parse_contracts([NIGHT_AND_DAY]).contracts
        assert contract.pricing == TimeOfUse(
            (
                Period("night", 0.1, ALL_DAYS, time(22, 30), time(6, 30)),
                Period("day", 0.3, ALL_DAYS, time(6, 30), time(22, 30)),
            )
        )

    def test_tempo(self):
        (contract,) = parse_contracts([TEMPO]).contracts
        assert contract.pricing == Tempo(
            blue=TempoPrices(peak=0.16, off_peak=0.13),
            white=TempoPrices(peak=0.19, off_peak=0.15),
            red=TempoPrices(peak=0.76, off_peak=0.16),
        )

    def test_tiers(self):
        (contract,) = parse_contracts([TIERS]).contracts
        assert contract.pricing == Tiers((Block(0.1, 100), Block(0.2, 250), Block(0.4)))

    def test_sensor_price(self):
        plain = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
        more = changed(plain, factor=1.1, fixed=-0.02, tax=20)
        (one,), (other,) = (parse_contracts([each]).contracts for each in (plain, more))
        assert one.pricing == SensorPrice("sensor.spot")
        assert other.pricing == SensorPrice("sensor.spot", 1.1, -0.02, 20.0)

    @pytest.mark.parametrize(
        ("fields", "field", "code"),
        [
            ({"entity_id": "spot"}, "entity_id", "not_an_entity"),
            ({"entity_id": None}, "entity_id", "required"),
            ({"factor": -1}, "factor", "negative"),
            ({"tax": 1001}, "tax", "too_large"),
            ({"price": 1}, "price", "unknown_key"),
        ],
    )
    def test_mistakes_of_a_sensor_price(self, fields, field, code):
        plain = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
        assert refusal(changed(plain, **fields)) == (f"contracts[0].{field}", code)

    def test_standing_charge_and_feed_in_are_optional(self):
        with_both = changed(FLAT, standing_charge=12, feed_in=0.1269)
        (contract,) = parse_contracts([with_both]).contracts
        assert (contract.standing_charge, contract.feed_in) == (12.0, 0.1269)
        with_none = changed(FLAT, standing_charge=None, feed_in=None)
        assert parse_contracts([with_none]) == parse_contracts([FLAT])

    def test_contracts_are_put_in_order(self):
        later = changed(TEMPO, valid_from="2026-08-01")
        assert parse_contracts([later, FLAT]) == parse_contracts([FLAT, later])

    def test_no_contract_is_a_tariff_too(self):
        assert parse_contracts([]).contracts == ()

    def test_read_only_options_are_read(self):
        assert parse_contracts((MappingProxyType(FLAT),)) == parse_contracts([FLAT])

    @pytest.mark.parametrize("price", [0, 0.0, -0.0])
    def test_a_price_of_zero_is_allowed(self, price):
        (written,) = parse_contracts([changed(FLAT, price=price)]).to_dicts()
        assert str(written["price"]) == "0.0"


class TestFieldsOfAContract:
    @pytest.mark.parametrize("value", [None, "flat", {"kind": "flat"}, 3, b"flat"])
    def test_contracts_are_a_list(self, value):
        with pytest.raises(Refused) as caught:
            parse_contracts(value)
        assert (caught.value.field, caught.value.code) == ("contracts", "not_a_list")

    def test_the_list_may_have_another_name(self):
        with pytest.raises(Refused) as caught:
            parse_contracts([{}], "options.tariff")
        assert caught.value.field == "options.tariff[0].kind"

    def test_a_contract_is_an_object(self):
        assert refusal(FLAT, "flat") == ("contracts[1]", "not_an_object")

    @pytest.mark.parametrize("key", ["valid_from", "kind", "price"])
    @pytest.mark.parametrize("absent", ["missing", "null"])
    def test_required(self, key, absent):
        contract = changed(FLAT, **{key: None})
        if absent == "missing":
            del contract[key]
        assert refusal(contract) == (f"contracts[0].{key}", "required")

    def test_unknown_key(self):
        assert refusal(changed(FLAT, colour=1)) == ("contracts[0].colour", "unknown_key")

    def test_a_key_of_another_kind_is_unknown(self):
        assert refusal(changed(FLAT, tiers=[])) == ("contracts[0].tiers", "unknown_key")

    def test_unknown_kind(self):
        assert refusal(changed(FLAT, kind="spot")) == ("contracts[0].kind", "unknown_kind")

    @pytest.mark.parametrize("key", ["kind", "valid_from"])
    def test_text(self, key):
        assert refusal(changed(FLAT, **{key: ["flat"]})) == (f"contracts[0].{key}", "not_text")

    @pytest.mark.parametrize(
        "text", ["", "2026", "2026-02-29", "2026-13-01", "20260101", "01/02/2026", "2026-W01-1"]
    )
    def test_valid_from_is_a_date(self, text):
        assert refusal(changed(FLAT, valid_from=text)) == (
            "contracts[0].valid_from",
            "invalid_date",
        )

    @pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31", "3000-01-01"])
    def test_valid_from_is_in_a_usable_range(self, text):
        assert refusal(changed(FLAT, valid_from=text)) == (
            "contracts[0].valid_from",
            "date_out_of_range",
        )

    def test_two_contracts_of_one_date(self):
        other = changed(TEMPO, valid_from="2026-01-01")
        assert refusal(FLAT, other, TIERS) == ("contracts[2].valid_from", "duplicate_valid_from")


PRICES = [
    (FLAT, ("price",), "contracts[0].price"),
    (FLAT, ("standing_charge",), "contracts[0].standing_charge"),
    (FLAT, ("feed_in",), "contracts[0].feed_in"),
    (NIGHT_AND_DAY, ("periods", 1, "price"), "contracts[0].periods[1].price"),
    (TEMPO, ("prices", "red", "peak"), "contracts[0].prices.red.peak"),
    (TEMPO, ("prices", "blue", "off_peak"), "contracts[0].prices.blue.off_peak"),
    (TIERS, ("tiers", 2, "price"), "contracts[0].tiers[2].price"),
    (TIERS, ("tiers", 0, "up_to"), "contracts[0].tiers[0].up_to"),
]


@pytest.mark.parametrize(("contract", "keys", "field"), PRICES, ids=[field for *_, field in PRICES])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0.2", "not_a_number"),
        (True, "not_a_number"),
        ([0.2], "not_a_number"),
        (float("nan"), "not_finite"),
        (float("inf"), "not_finite"),
        (float("-inf"), "not_finite"),
        (-0.0001, "negative"),
        (-1, "negative"),
        (1e10, "too_large"),
        pytest.param(10**400, "too_large", id="huge"),
    ],
)
def test_every_amount_is_a_number_from_zero(contract, keys, field, value, code):
    wrong = deepcopy(contract)
    place = wrong
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    assert refusal(wrong) == (field, code)


class TestTempoPrices:
    def test_every_colour_is_required(self):
        prices = {key: value for key, value in TEMPO["prices"].items() if key != "white"}
        assert refusal(changed(TEMPO, prices=prices)) == (
            "contracts[0].prices.white",
            "required",
        )

    def test_both_prices_of_a_colour_are_required(self):
        prices = {**TEMPO["prices"], "red": {"peak": 0.7}}
        assert refusal(changed(TEMPO, prices=prices)) == (
            "contracts[0].prices.red.off_peak",
            "required",
        )

    def test_unknown_colour(self):
        prices = {**TEMPO["prices"], "green": {"peak": 0.7, "off_peak": 0.1}}
        assert refusal(changed(TEMPO, prices=prices)) == (
            "contracts[0].prices.green",
            "unknown_key",
        )

    def test_unknown_hours(self):
        prices = {**TEMPO["prices"], "red": {"peak": 0.7, "off_peak": 0.1, "night": 0.1}}
        assert refusal(changed(TEMPO, prices=prices)) == (
            "contracts[0].prices.red.night",
            "unknown_key",
        )

    def test_prices_are_an_object(self):
        assert refusal(changed(TEMPO, prices=[0.1] * 6)) == ("contracts[0].prices", "not_an_object")


class TestTierBounds:
    def refusal(self, *tiers: object) -> tuple[str, str]:
        return refusal(changed(TIERS, tiers=list(tiers)))

    def test_at_least_one_tier(self):
        assert self.refusal() == ("contracts[0].tiers", "empty")

    def test_one_open_tier_is_enough(self):
        assert parse_contracts([changed(TIERS, tiers=[{"price": 0.1}])])

    @pytest.mark.parametrize("second", [50, 100])
    def test_bounds_ascend(self, second):
        assert self.refusal(
            {"up_to": 100, "price": 0.1}, {"up_to": second, "price": 0.2}, {"price": 0.3}
        ) == ("contracts[0].tiers[1].up_to", "tiers_unordered")

    def test_the_first_bound_is_above_zero(self):
        assert self.refusal({"up_to": 0, "price": 0.1}, {"price": 0.2}) == (
            "contracts[0].tiers[0].up_to",
            "tiers_unordered",
        )

    def test_only_the_last_tier_is_open(self):
        assert self.refusal({"price": 0.1}, {"price": 0.2}) == (
            "contracts[0].tiers[0].up_to",
            "required",
        )

    def test_the_last_tier_is_open(self):
        assert self.refusal({"up_to": 100, "price": 0.1}) == (
            "contracts[0].tiers[0].up_to",
            "last_tier_bounded",
        )

    def test_unknown_key(self):
        assert self.refusal({"price": 0.1, "from": 0}) == (
            "contracts[0].tiers[0].from",
            "unknown_key",
        )


class TestWrittenBack:
    def test_in_the_words_of_the_options(self):
        written = parse_contracts([NIGHT_AND_DAY]).to_dicts()
        week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        assert written == [
            {
                "valid_from": "2020-01-01",
                "kind": "time_of_use",
                "periods": [
                    {"name": "night", "price": 0.1, "days": week, "start": "22:30", "end": "06:30"},
                    {"name": "day", "price": 0.3, "days": week, "start": "06:30", "end": "22:30"},
                ],
                "standing_charge": 0.0,
                "feed_in": 0.0,
            }
        ]

    @settings(deadline=None)
    @given(contract_lists())
    def test_any_tariff_is_read_back_the_same(self, contracts):
        tariff = parse_contracts(contracts)
        stored = json.loads(json.dumps(tariff.to_dicts()))
        assert parse_contracts(stored) == tariff
        assert parse_contracts(stored).to_dicts() == stored
