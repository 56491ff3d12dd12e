"""Sessions over the websocket."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest
from homeassistant.components.websocket_api.const import TYPE_RESULT

from custom_components.med_exporter.const import DOMAIN
from tests.file_exports import add_user


class Caller:
    """A websocket session of one user."""

    def __init__(self, socket):
        self.socket = socket
        self._ids = count(1)
        self._events = []

    async def send(self, command, **fields):
        number = next(self._ids)
        await self.socket.send_json({"id": number, "type": f"{DOMAIN}/{command}", **fields})
        return number

    async def ask(self, command, **fields):
        """Ask, and return the whole answer."""
        number = await self.send(command, **fields)
        while True:
            answer = await self.socket.receive_json()
            if answer["id"] == number and answer["type"] == TYPE_RESULT:
                return answer
            self._events.append(answer["event"])

    async def get(self, command, **fields):
        answer = await self.ask(command, **fields)
        assert answer["success"], answer
        return answer["result"]

    async def refused(self, command, **fields):
        """Ask for what is refused, and return code and field."""
        answer = await self.ask(command, **fields)
        assert not answer["success"], answer
        error = answer["error"]
        assert " " in error["message"], "not translated"
        assert error["translation_domain"] == DOMAIN
        return error["code"], error["field"]

    async def follow(self, command, **fields):
        """Follow, and return what is shown first."""
        answer = await self.ask(f"{command}/subscribe", **fields)
        assert answer["success"], answer
        return await self.shown()

    async def shown(self, until=lambda _: True):
        """Return the next thing shown that is so."""
        async with asyncio.timeout(20):
            while True:
                if not self._events:
                    self._events.append((await self.socket.receive_json())["event"])
                if until(event := self._events.pop(0)):
                    return event


@pytest.fixture
async def administrator(jobs, fridge, hass_ws_client):
    return Caller(await hass_ws_client())


@pytest.fixture
def log_in(jobs, fridge, hass, hass_ws_client):
    """Return a function that logs a new user in who may read these entities."""

    async def log_in(*readable):
        user = add_user(hass, *readable)
        token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
        return Caller(await hass_ws_client(hass, hass.auth.async_create_access_token(token)))

    return log_in
