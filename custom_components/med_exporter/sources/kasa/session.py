"""The web session for newer plugs, which are spoken to over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kasa.httpclient import get_cookie_jar

from ...web.client import new_web_session

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from homeassistant.core import HomeAssistant


MOST_OF_A_NEWER_PLUG: Final = 256 * 1024
"""Bytes of an answer: a strip with all that it can do has a tenth of that."""


def kasa_session(hass: HomeAssistant) -> ClientSession:
    """Return a session that keeps the cookies the way the plugs want them kept.

    Its answers, which python-kasa reads whole, are taken as they come: plugs pack none.
    """
    return new_web_session(
        hass,
        most=MOST_OF_A_NEWER_PLUG,
        verify_ssl=False,
        cookie_jar=get_cookie_jar(),
        auto_decompress=False,
    )
