"""A house whose ledger a test fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pushing import House

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant


@pytest.fixture
async def paper_house(
    hass_with_recorder: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    """The integration without entries, at noon in Paris on 20 November 2026."""
    house = House(hass_with_recorder, freezer, monkeypatch)
    await house.set_up()
    return house
