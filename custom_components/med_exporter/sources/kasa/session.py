"""The web session for newer plugs, which are spoken to over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kasa.httpclient import get_cookie_jar

from ...web_client import new_web_session

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from homeassistant.core import HomeAssistant


def kasa_session(hass: HomeAssistant) -> ClientSession:
    """Return a session that keeps the cookies the way the plugs want them kept."""
    return new_web_session(hass, verify_ssl=False, cookie_jar=get_cookie_jar())
