"""The one place that makes clients of web servers: none of them follows a redirect.

What a server is told, a login among it, is for the address that the user has entered. aiohttp
follows redirects unless each request says otherwise, and those of websockets always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aiohttp import ClientPayloadError, StreamReader, TooManyRedirects, TraceConfig
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

if TYPE_CHECKING:
    from aiohttp import ClientSession, TraceRequestEndParams, TraceRequestRedirectParams

_DATA_SESSIONS: HassKey[dict[bool, ClientSession]] = HassKey(f"{DOMAIN}_web_sessions")


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
    most: int | None = None,
    **arguments: Any,  # noqa: ANN401 (Home Assistant's own)
) -> ClientSession:
    """Return a session of the caller's own, else as `web_session` has it.

    Args:
        hass: Home Assistant.
        most: bytes of a body that is read as a whole, for libraries that read without limit: what
            is longer raises aiohttp's ClientPayloadError. Whoever reads by `web_answers` needs
            none.
        arguments: those of `async_create_clientsession`.

    """
    tracing = TraceConfig()
    tracing.on_request_redirect.append(_refuse)
    if most is not None:

        async def bound(_session: object, _context: object, told: TraceRequestEndParams) -> None:
            told.response.content = cast("StreamReader", _Bounded(told.response.content, most))

        tracing.on_request_end.append(bound)
    return async_create_clientsession(hass, trace_configs=[tracing], **arguments)


async def _refuse(_session: object, _context: object, told: TraceRequestRedirectParams) -> None:
    told.response.close()
    raise TooManyRedirects(told.response.request_info, (told.response,))


class _Bounded:
    """A body that is not read to an end that does not come; all else is as it was."""

    def __init__(self, body: StreamReader, most: int) -> None:
        self._body = body
        self._most = most

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (aiohttp's own)
        return getattr(self._body, name)

    async def read(self) -> bytes:
        taken = bytearray()
        async for piece in self._body.iter_any():
            taken += piece
            if len(taken) > self._most:
                raise ClientPayloadError(f"more than {self._most} bytes")
        return bytes(taken)
