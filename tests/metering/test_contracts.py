"""What a metering point's energy costs is read from its options, and never stands in the way."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.metering.contracts import currencies_of, tariff_of

FLAT = {"valid_from": "2026-01-01", "kind": "flat", "price": 0.25}


def entry_with(**options: Any) -> MockConfigEntry:
    return MockConfigEntry(domain=DOMAIN, title="House", options=options)


def test_contracts_are_read() -> None:
    tariff = tariff_of(entry_with(contracts=[FLAT]))
    assert tariff is not None
    assert tariff.to_dicts() == [{**FLAT, "standing_charge": 0.0, "feed_in": 0.0}]


@pytest.mark.parametrize("options", [{}, {"contracts": []}, {"polling_interval": 30}])
def test_without_a_contract_there_is_no_tariff(options: dict[str, Any]) -> None:
    assert tariff_of(entry_with(**options)) is None


@pytest.mark.parametrize("contracts", ["?", {"flat": 1}, [1], [{**FLAT, "price": -1}], [{}]])
def test_contracts_that_cannot_be_read_are_logged_once(
    contracts: Any, caplog: pytest.LogCaptureFixture
) -> None:
    entry = entry_with(contracts=contracts)
    assert tariff_of(entry) is None
    assert tariff_of(entry) is None
    (record,) = caplog.records
    assert (record.levelname, "House" in record.message) == ("ERROR", True)


async def test_new_options_are_seen(hass: Any) -> None:
    entry = entry_with(contracts=[FLAT])
    entry.add_to_hass(hass)
    assert tariff_of(entry) is tariff_of(entry) is not None
    hass.config_entries.async_update_entry(entry, options={"contracts": [{**FLAT, "price": 1}]})
    tariff = tariff_of(entry)
    assert tariff is not None
    assert tariff.to_dicts()[0]["price"] == 1


async def test_a_metering_point_without_contracts_says_nothing_of_the_currency(hass: Any) -> None:
    for pdl, options in (("a", {"contracts": [FLAT], "currency": "CHF"}), ("b", {})):
        MockConfigEntry(domain=DOMAIN, data={"pdl": pdl}, options=options).add_to_hass(hass)
    assert currencies_of(hass, {"a", "b"}) == {"CHF"}
    assert currencies_of(hass, {"b"}) == {hass.config.currency} == {"EUR"}
