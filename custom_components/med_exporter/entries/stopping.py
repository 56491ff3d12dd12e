"""Entries whose set-up is under way when Home Assistant stops."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.exceptions import ConfigEntryNotReady

if TYPE_CHECKING:
    from collections.abc import Generator

    from homeassistant.core import Event, HomeAssistant


@contextmanager
def awaited_at_stop(hass: HomeAssistant) -> Generator[None]:
    """Let a stop of Home Assistant wait until a set-up has ended, and none begin after it.

    A reload that is under way would be cancelled when all has been written, and older ones log
    that as an error of the entry.

    Raises ConfigEntryNotReady where the stop has begun.
    """
    if hass.is_stopping:
        raise ConfigEntryNotReady("Home Assistant is stopping")
    ended = hass.loop.create_future()

    async def wait(_: Event) -> None:
        await ended

    forget = hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, wait)
    try:
        yield
    finally:
        forget()
        ended.set_result(None)
