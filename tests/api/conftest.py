from __future__ import annotations

import pytest

from tests.file_exports import add_plug, add_user


@pytest.fixture
async def client(jobs, fridge, hass_client):
    """Return an administrator's client."""
    return await hass_client()


@pytest.fixture
async def anonymous(jobs, fridge, hass_client_no_auth):
    """Return a client without a login."""
    return await hass_client_no_auth()


@pytest.fixture
def oven(jobs, hass):
    plug = add_plug(hass, "Oven", "192.168.1.101", "aabbccddee02")
    plug.reads(power_w=2000, energy_total_kwh=9, is_on="on")
    return plug


@pytest.fixture
def log_in(jobs, fridge, hass, hass_client):
    """Return a function that logs a new user in who may read these entities."""

    async def log_in(*readable):
        user = add_user(hass, *readable)
        token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        return await hass_client(hass.auth.async_create_access_token(token))

    return log_in
