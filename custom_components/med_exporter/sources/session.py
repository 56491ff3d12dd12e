"""The web session for newer plugs, which are spoken to over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.helpers.aiohttp_client import async_create_clientsession
from kasa.httpclient import get_cookie_jar

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from homeassistant.core import HomeAssistant


def kasa_session(hass: HomeAssistant) -> ClientSession:
    """Return a session that keeps the cookies the way the plugs want them kept."""
    return async_create_clientsession(hass, verify_ssl=False, cookie_jar=get_cookie_jar())
