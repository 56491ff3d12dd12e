"""What all tests share: Home Assistant with a recorder, loopback sockets, emulated plugs."""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import pytest_socket
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from hypothesis import HealthCheck, settings

import custom_components.med_exporter  # noqa: F401  (else Home Assistant does not find it)
from tests.pushing import House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

pytest_plugins = [
    "tests.metering_points",
    "tests.mosquitto",
    "tests.other_home",
    "tests.plug_emulator.fixtures",
    "tests.victoriametrics",
]

# A busy machine is no mistake of the code; and what CI finds, everyone should find.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("house")

_REAL_GETADDRINFO = socket.getaddrinfo


@pytest.fixture(autouse=True)
def name_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests resolve names, which the test kit forbids before each one."""
    monkeypatch.setattr(socket, "getaddrinfo", _REAL_GETADDRINFO)


@pytest.fixture
def persistent_database() -> bool:
    """Keep the recorder's database in a file, as a house does."""
    return True


@pytest.fixture
async def recorder_mock(recorder_config, async_test_recorder, hass):
    """A recorder that is closed as in a house: after the integration has heard of the stop."""
    async with async_test_recorder(hass, recorder_config) as instance:
        yield instance
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()


@pytest.fixture
def hass_with_recorder(recorder_mock, enable_custom_integrations, hass):
    """Home Assistant with a recorder, and custom integrations."""
    return hass


@pytest.fixture(autouse=True)
def broadcast_addresses() -> Iterator[list[str]]:
    """Search for plugs on loopback only; a test adds addresses to the list it gets."""
    addresses: list[str] = []

    async def loopback(hass):
        return set(addresses)

    with patch("homeassistant.components.network.async_get_ipv4_broadcast_addresses", loopback):
        yield addresses


def pytest_configure() -> None:
    """Open the sockets that the test kit closes: tests speak to real servers on loopback."""
    pytest_socket.disable_socket = pytest_socket.socket_allow_hosts = lambda *_, **__: None
    # Keep the database's own log out of failure reports.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


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
