from __future__ import annotations

import pytest

from tests.file_exports import add_user


@pytest.fixture
async def client(jobs, fridge, hass_client):
    """Return an administrator's client."""
    return await hass_client()


@pytest.fixture
async def anonymous(jobs, fridge, hass_client_no_auth):
    """Return a client without a login."""
    return await hass_client_no_auth()


@pytest.fixture
def log_in(jobs, fridge, hass, hass_client):
    """Return a function that logs a new user in who may read these entities."""

    async def log_in(*readable):
        user = add_user(hass, *readable)
        token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        return await hass_client(hass.auth.async_create_access_token(token))

    return log_in
