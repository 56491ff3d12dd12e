"""The one place that makes clients of web servers: none of them follows a redirect.

What a server is told, a login among it, is for the address that the user has entered. aiohttp
follows redirects unless each request says otherwise, and those of websockets always. And what a
server says is no longer than an answer can be, from its first byte on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import TooManyRedirects, TraceConfig
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .answers import MOST_OF_AN_ANSWER
from .line import BoundedSocket, bounded_request

if TYPE_CHECKING:
    from aiohttp import (
        ClientSession,
        TraceConnectionReuseconnParams,
        TraceRequestRedirectParams,
    )

_DATA_SESSIONS: HassKey[dict[bool, ClientSession]] = HassKey(f"{DOMAIN}_web_sessions")


class Passage:
    """The way of one request, given to it as `trace_request_ctx`.

    Attributes:
        is_reused: whether it went over a connection that had served before.

    """

    is_reused = False


class _Context(Protocol):
    trace_request_ctx: object


@callback
def web_session(hass: HomeAssistant, *, verify_ssl: bool = True) -> ClientSession:
    """Return the session of all that need none of their own.

    It raises aiohttp's TooManyRedirects at the first redirect.
    """
    sessions = hass.data.setdefault(_DATA_SESSIONS, {})
    if verify_ssl not in sessions:
        # Else it would end with the config entry that needs it first.
        session = new_web_session(hass, verify_ssl=verify_ssl, auto_cleanup=False)
        sessions[verify_ssl] = session

        @callback
        def leave(_: Event) -> None:
            # The connections are Home Assistant's own.
            session.detach()

        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, leave)
    return sessions[verify_ssl]


@callback
def new_web_session(
    hass: HomeAssistant,
    *,
    most: int = 2 * MOST_OF_AN_ANSWER,
    **arguments: Any,  # noqa: ANN401 (Home Assistant's own)
) -> ClientSession:
    """Return a session of the caller's own, else as `web_session` has it.

    Args:
        hass: Home Assistant.
        most: bytes that one answer may be as it comes, with all that is around it; of a websocket,
            what comes from one `send_str` to the next.
        arguments: those of `async_create_clientsession`.

    """
    return async_create_clientsession(
        hass,
        trace_configs=[_tracing()],
        request_class=bounded_request(most),
        ws_response_class=BoundedSocket,
        **arguments,
    )


@cache
def _tracing() -> TraceConfig:
    """Return what all sessions tell of their requests: of hundreds of its own it is much memory."""
    tracing = TraceConfig()
    tracing.on_request_redirect.append(_refuse)
    tracing.on_connection_reuseconn.append(_note_reuse)
    return tracing


async def _refuse(_session: object, _context: object, told: TraceRequestRedirectParams) -> None:
    told.response.close()
    raise TooManyRedirects(told.response.request_info, (told.response,))


async def _note_reuse(
    _session: object, context: _Context, _told: TraceConnectionReuseconnParams
) -> None:
    if isinstance(passage := context.trace_request_ctx, Passage):
        passage.is_reused = True
