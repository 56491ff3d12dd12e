"""Official prices: asked for when somebody wants them, and then kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.costs.official import OfficialTariffs
from custom_components.med_exporter.errors import InvalidRequest, MedError
from tests.official_portal import OfficialPortal, running_portal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DAY = date(2026, 3, 1)


@pytest.fixture
async def portal(socket_enabled) -> AsyncIterator[OfficialPortal]:
    async with running_portal() as portal:
        yield portal


async def price(tariffs: OfficialTariffs) -> float:
    return (await tariffs.async_price("base", 6, DAY)).prices["price"]


async def test_a_table_is_read_once_a_day_restarts_or_not(hass, portal, hass_storage, freezer):
    tariffs = OfficialTariffs(hass, portal.address)
    assert portal.asked.total() == 0
    for _ in range(3):
        assert await price(tariffs) == 0.19398
    assert await price(OfficialTariffs(hass, portal.address)) == 0.19398
    assert portal.asked.total() == 1
    freezer.tick(timedelta(days=1))
    await price(tariffs)
    assert portal.asked.total() == 2


async def test_while_the_portal_is_away_the_table_read_before_does(hass, portal, freezer):
    tariffs = OfficialTariffs(hass, portal.address)
    await price(tariffs)
    portal.status = 503
    freezer.tick(timedelta(days=3))
    for _ in range(3):
        assert await price(tariffs) == 0.19398
    assert portal.asked.total() == 2


async def test_a_portal_that_never_answered_is_left_alone_for_a_while(hass, portal, freezer):
    portal.status = 503
    tariffs = OfficialTariffs(hass, portal.address)
    for _ in range(3):
        with pytest.raises(MedError) as caught:
            await price(tariffs)
        assert caught.value.code == "OFFICIAL_PRICES_UNAVAILABLE"
    assert portal.asked.total() == 1
    portal.status = 200
    freezer.move_to(dt_util.utcnow() + timedelta(minutes=6))
    assert await price(tariffs) == 0.19398


async def test_a_day_without_a_price_is_named(hass, portal):
    with pytest.raises(InvalidRequest) as caught:
        await OfficialTariffs(hass, portal.address).async_price("base", 6, date(2001, 1, 1))
    assert caught.value.field == "power"
