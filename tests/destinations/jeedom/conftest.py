"""A Home Assistant beside a Jeedom, and a destination that pushes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from homeassistant.util import dt as dt_util

from tests.jeedom_server import Jeedom, jeedom

from .measured import NOW, destination_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination

__all__ = ["jeedom"]


@pytest.fixture
async def home_assistant(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Home Assistant in Paris whose clock stands still."""
    await hass.config.async_set_time_zone("Europe/Paris")
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as made:
        yield made


@pytest.fixture
def destination(jeedom: Jeedom, session: ClientSession) -> JeedomDestination:
    return destination_at(jeedom, session)
