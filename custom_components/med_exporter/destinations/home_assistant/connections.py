"""Connections to another Home Assistant: a few, each for one series at a time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_URL
from homeassistant.core import callback
from homeassistant.util import slugify

from ...const import DOMAIN
from ...entries.finding import metering_point_slugs
from ...web.answers import in_turn
from ..base import DestinationError
from .api import Remote, RemoteConnection
from .states import STATE_KEYS, entity_id_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping

    from homeassistant.core import HomeAssistant

# A connection serves many series of a run. Nobody listens to it in between, so it must not last: a
# Home Assistant that stops would wait for it.
_IDLE_SECONDS: Final = 2.0


class Connections:
    """Opens connections where they are asked for, and hangs up when nobody has for a while.

    Args:
        hass: Home Assistant.
        remote: the other one.
        most: how many there are at once.

    """

    def __init__(self, hass: HomeAssistant, remote: Remote, most: int) -> None:
        self.remote = remote
        self._hass = hass
        self._free: list[RemoteConnection] = []
        self._used = 0
        self._places = asyncio.Semaphore(most)
        self._idle: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Hang up on all that nobody uses; whoever uses one does when it fails."""
        self._stop_idling()
        while self._free:
            await self._free.pop().close()

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[RemoteConnection]:
        """Have one for oneself, while the context lasts. Raises DestinationError."""
        async with self._places:
            connection = await self._open()
            self._used += 1
            try:
                yield connection
            except BaseException:
                # What it may still answer belongs to nothing that comes.
                await connection.close()
                raise
            finally:
                self._used -= 1
            self._free.append(connection)
            self._stop_idling()
            self._idle = self._hass.loop.call_later(_IDLE_SECONDS, self._hang_up)

    async def _open(self) -> RemoteConnection:
        """Return a connection that answers; the first one that is opened is checked."""
        while self._free:
            connection = self._free.pop()
            if await _is_there(connection):
                return connection
        connection = await RemoteConnection.open(self._hass, self.remote)
        if not self._used:
            try:
                await check_owners(connection, metering_point_slugs(self._hass))
            except BaseException:
                await connection.close()
                raise
        return connection

    @callback
    def _hang_up(self) -> None:
        self._idle = None
        while self._free:
            connection = self._free.pop()
            self._hass.async_create_background_task(
                connection.close(), f"{DOMAIN} hangs up on {connection.host}"
            )

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


async def _is_there(connection: RemoteConnection) -> bool:
    """Return whether somebody answers at the other end; hangs up where nobody does."""
    is_there = False
    try:
        is_there = await connection.answers()
    finally:
        if not is_there:
            await connection.close()
    return is_there


async def check_owners(connection: RemoteConnection, slugs: set[str]) -> None:
    """Refuse a Home Assistant that has one of the entities of metering points by itself.

    It would overwrite what is sent, or this would overwrite its own. Where a user has renamed the
    entities of a metering point, its device tells.
    """
    ours = {entity_id_of(slug, key) for slug in slugs for key in STATE_KEYS}
    # Not the whole registry, which may be of any length.
    entities = await connection.command(
        "config/entity_registry/get_entries", entity_ids=sorted(ours)
    )
    with connection.understood():
        owned = [
            (name, str(one["platform"])) for name, one in entities.items() if one and name in ours
        ]
    devices = await connection.command("config/device_registry/list")
    with connection.understood():
        owned += await in_turn(
            lambda: [
                (str(one["model"]), DOMAIN) for one in devices if _is_metering_point(one, slugs)
            ]
        )
    for what, platform in owned:
        raise _own_entities(connection, what, platform)


def _is_metering_point(device: Mapping[str, Any], slugs: Collection[str]) -> bool:
    is_ours = any(identifier[0] == DOMAIN for identifier in device["identifiers"])
    return is_ours and bool(device["model"]) and slugify(device["model"]) in slugs


def _own_entities(connection: RemoteConnection, what: str, platform: str) -> DestinationError:
    return DestinationError(
        "own_instance",
        variant="entities",
        field=CONF_URL,
        host=connection.host,
        entity=what,
        platform=platform,
    )
