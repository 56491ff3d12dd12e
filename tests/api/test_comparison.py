"""POST /api/exports/compare_contracts, and the action that does the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.core import Context
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.errors import UnknownMeteringPointError
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.file_exports import add_plug, add_user
from tests.ledger_rows import HalfHourRow, put_half_hours

from .test_exports import refused

pytestmark = pytest.mark.engine_in_thread

URL = "/api/exports/compare_contracts"
MAC = "aabbccddee01"
SLUG = f"pdl_{MAC}"
PDL = f"pdl-{MAC}"
OFFERS = [
    {"kind": "base", "price": 0.2},
    {"kind": "sensor_price", "name": "Spot", "entity_id": "sensor.spot", "fixed": 0.05},
]


@pytest.fixture
async def used(fridge, hass):
    """The fridge used 0.1 kWh in each half-hour of the last two days."""
    now = int(dt_util.utcnow().timestamp()) // 1800 * 1800
    rows = [
        HalfHourRow(MAC, now - 1800 * number, "consumption", SLUG, 0.1) for number in range(1, 97)
    ]

    await queue_work(hass, SCHEMA, lambda connection: put_half_hours(connection, rows))
    hass.states.async_set("sensor.spot", "100", {"unit_of_measurement": "EUR/MWh"})
    await hass.async_block_till_done()
    await async_commit(hass)


def asked(**changes):
    today = dt_util.now().date()
    dates = {"start": str(today - timedelta(days=3)), "end": str(today)}
    return {"date_range": dates, "contracts": OFFERS, **changes}


async def test_contracts_side_by_side(client, used, hass):
    answer = await client.post(URL, json=asked(pdl=PDL))
    assert answer.status == 200, await answer.text()
    found = await answer.json()
    assert (found["pdl"], found["currency"]) == (PDL, "EUR")
    assert found["energy_kwh"] == pytest.approx(9.6, abs=0.15)
    base = next(one for one in found["contracts"] if one["name"] == "base")
    assert base["total"] == pytest.approx(found["energy_kwh"] * 0.2, abs=0.01)
    assert found["cheapest"] == "base"
    # A price that has not been shown yet leaves the energy of before without one.
    (warning,) = [one for one in found["warnings"] if one["code"] == "UNPRICED_ENERGY"]
    assert "Spot" in warning["message"]
    assert sum(one["energy_kwh"] for one in found["months"]) == pytest.approx(found["energy_kwh"])


async def test_its_own_contract_is_compared_too(client, used, hass):
    from custom_components.med_exporter.costs import DATA_COSTS  # noqa: PLC0415

    entry = next(one for one in hass.config_entries.async_entries(DOMAIN) if "pdl" in one.data)
    own = [{"valid_from": "2020-01-01", "kind": "flat", "price": 0.1, "standing_charge": 3}]
    hass.config_entries.async_update_entry(
        entry, options={"contracts": parse_contracts(own).to_dicts(), "currency": "EUR"}
    )
    await hass.data[DATA_COSTS].async_update(since=0)
    found = await hass.services.async_call(
        DOMAIN, "compare_contracts", {"preset": "last_7_days", "contracts": OFFERS[:1]},
        blocking=True, return_response=True,
    )  # fmt: skip
    assert {one["name"] for one in found["contracts"]} == {"own", "base"}
    assert found["cheapest"] == "own"


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"contracts": None}, "INVALID_REQUEST", "contracts"),
        ({"contracts": []}, "INVALID_REQUEST", "contracts"),
        ({"contracts": [{"kind": "base"}]}, "INVALID_REQUEST", "contracts[0].price"),
        ({"contracts": [{"kind": "ouija"}]}, "INVALID_VALUE", "contracts[0].kind"),
        ({"contracts": [{"kind": "base", "price": -1}]}, "INVALID_VALUE", "contracts[0].price"),
        (
            {"contracts": [{"kind": "base", "price": 1, "hours": 2}]},
            "INVALID_REQUEST",
            "contracts[0].hours",
        ),
        ({"contracts": [OFFERS[0]] * 2}, "INVALID_VALUE", "contracts[1].name"),
        ({"contracts": [OFFERS[0]] * 11}, "INVALID_VALUE", "contracts"),
        (
            {"contracts": [{"kind": "sensor_price", "entity_id": "sensor.none"}]},
            "INVALID_VALUE",
            "contracts[0].entity_id",
        ),
        (
            {
                "contracts": [
                    {
                        "kind": "peak_off_peak",
                        "peak_price": 1,
                        "off_peak_price": 1,
                        "off_peak_hours": [
                            {"start": "22:00", "end": "06:00"},
                            {"start": "05:00", "end": "07:00"},
                        ],
                    }
                ]
            },
            "INVALID_VALUE",
            "contracts[0].off_peak_hours",
        ),
        ({"pdl": "nowhere"}, "UNKNOWN_METERING_POINT", "pdl"),
        ({"date_range": {"start": "2020-01-01", "end": "2026-01-01"}}, "INVALID_DATE_RANGE",
         "date_range"),
        ({"format": "csv"}, "INVALID_REQUEST", "format"),
    ],
)  # fmt: skip
async def test_mistakes_are_named(client, fridge, wrong, code, field):
    await refused(await client.post(URL, json=asked(**wrong)), 400, code, field)


async def test_three_years_may_be_compared(client, used):
    dates = {"start": "2024-01-01", "end": "2026-12-31"}
    assert (await client.post(URL, json=asked(date_range=dates))).status == 200


async def test_only_those_who_may_read_every_device_compare(log_in, anonymous, fridge, used, hass):
    assert (await anonymous.post(URL, json=asked())).status == 401
    reader = await log_in(*fridge.entities.values())
    assert (await reader.post(URL, json=asked(contracts=OFFERS[:1]))).status == 200
    stranger = await log_in()
    answer = await stranger.post(URL, json=asked(pdl=PDL))
    await refused(answer, 400, "UNKNOWN_METERING_POINT", "pdl")
    user = add_user(hass)
    with pytest.raises(UnknownMeteringPointError):
        await hass.services.async_call(
            DOMAIN, "compare_contracts",
            {"pdl": PDL, "preset": "today", "contracts": OFFERS[:1]},
            blocking=True, return_response=True, context=Context(user_id=user.id),
        )  # fmt: skip


async def test_one_of_several_points_has_to_be_named(client, fridge, used, hass):
    add_plug(hass, "Oven", "192.168.1.101", "aabbccddee02")
    await refused(await client.post(URL, json=asked()), 400, "INVALID_REQUEST", "pdl")
    assert (await client.post(URL, json=asked(pdl=PDL))).status == 200
