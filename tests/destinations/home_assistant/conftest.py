"""Another Home Assistant, and a destination that pushes to it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.measurements import PointName

from .measured import remote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

    from tests.other_home import OtherHome
    from tests.real_home import HomeClient


@pytest.fixture
def hass(hass: HomeAssistant, enable_custom_integrations: None) -> HomeAssistant:
    return hass


@pytest.fixture
def client(other_client: HomeClient) -> HomeClient:
    return other_client


@pytest.fixture
async def destination(hass, other_home: OtherHome) -> AsyncIterator[HomeAssistantDestination]:
    destination = HomeAssistantDestination(hass, remote(other_home))
    yield destination
    await destination.async_close()


@pytest.fixture
def point() -> PointName:
    """A metering point that the other Home Assistant has never heard of."""
    slug = uuid.uuid4().hex[:10]
    return PointName(pdl=slug.upper(), slug=slug, name="House")
