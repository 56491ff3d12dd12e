"""One question to a destination's web server, and a name for everything that can go wrong."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientTimeout,
    InvalidURL,
    ServerDisconnectedError,
)
from yarl import URL

from ..web.answers import ENCODING, StrangeAnswerError
from ..web.client import Passage
from ..web.retry_after import retry_after
from .base import DestinationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from aiohttp import ClientResponse, ClientSession

TIMEOUT: Final = 15
"""Seconds that a server has to answer, unless it is given more."""
OWN_CONNECTION: Final = {"Connection": "close"}
"""The header of what is not to go over a connection that has served before, nor to leave one."""

# Bytes in a second of the slowest line over which a year arrives: 64 kbit/s.
_SLOWEST: Final = 8192
# Requests that a server wants a moment for wait that long in all, and are made again.
_WAITED_OUT: Final = 10.0
# What a network says, or a proxy, that lets nobody through who has not logged in there.
_OF_THE_NETWORK: Final = frozenset(
    {
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
    }
)
# What OpenSSL finds wrong with a certificate (X509_V_ERR_…), where a word says it better.
_CERTIFICATES: Final = {
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    62: "other_name",
    64: "other_name",
}


@asynccontextmanager
async def request(
    session: ClientSession,
    method: str,
    url: str,
    *,
    seconds: float = TIMEOUT,
    answer_size: int = 0,
    is_known: bool = False,
    is_repeatable: bool = False,
    **arguments: Any,  # noqa: ANN401 (aiohttp's own)
) -> AsyncIterator[ClientResponse]:
    """Ask a server and give its answer, whatever its status, while the context lasts.

    `seconds` is how long it may be silent: what is sent, and an answer of some `answer_size` bytes,
    has the time besides that it takes over a slow line.
    It is packed as it came: `web_answers` has what reads it. `arguments` are those of
    `ClientSession.request`. Redirects are not followed: a login must not go to an address that the
    user has not entered. `is_known` and errors as in `named_errors`; a redirect is
    `NOT_EXPECTED_SERVER`, and so is a network that asks for a login first. A server that wants to
    be asked again within seconds is; else errors as `later_error`. `is_repeatable` says that a
    server may take the same twice, and so that it is asked once more where it had left the
    connection without a word: many do so after each answer, or after a few seconds.
    """
    data = arguments.get("data")
    sent = len(data) if isinstance(data, bytes) else 0
    encoding = ENCODING if pays(url) else "identity"
    headers = {**arguments.pop("headers", {}), "Accept-Encoding": encoding}
    ask = partial(
        session.request,
        method,
        url,
        timeout=ClientTimeout(
            total=patience(seconds, sent + answer_size), sock_read=patience(seconds, sent)
        ),
        allow_redirects=False,
        auto_decompress=False,
        **arguments,
    )
    left = _WAITED_OUT
    with named_errors(url, seconds, is_known=is_known):
        while True:
            async with await _answer_to(ask, headers, is_repeatable=is_repeatable) as response:
                if 300 <= response.status < 400:
                    raise DestinationError("not_expected_server", field="url", host=host_of(url))
                if (error := network_error(response.status, url)) is not None:
                    raise error
                error = later_error(response.status, response.headers, url)
                if error is None:
                    yield response
                    return
                # What was refused since it was one too many has not been looked at.
                pause = _pause(response.headers)
                is_soon = pause is not None and pause <= left
                if not is_soon or response.status != HTTPStatus.TOO_MANY_REQUESTS:
                    raise error
            pause = max(pause or 0, 1)
            left -= pause
            await asyncio.sleep(pause)


async def _answer_to(
    ask: Callable[..., Awaitable[ClientResponse]],
    headers: Mapping[str, str],
    *,
    is_repeatable: bool,
) -> ClientResponse:
    """Ask, once more where the connection was one that the server had left."""
    passage = Passage()
    try:
        return await ask(headers=headers, trace_request_ctx=passage)
    except (ClientOSError, ServerDisconnectedError):
        if not (is_repeatable and passage.is_reused):
            raise
    # Others that have served before may have been left, too.
    return await ask(headers={**headers, **OWN_CONNECTION})


def later_error(status: int, headers: Mapping[str, str], url: str) -> DestinationError | None:
    """Return what an answer is that wants to be asked later: `TOO_MANY_REQUESTS`, `SERVER_BUSY`.

    The second is a server that says when it is well again; others may be out of order for long.
    """
    pause = _pause(headers)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        code, variant = "too_many_requests", None if pause is None else "until"
    elif status == HTTPStatus.SERVICE_UNAVAILABLE and pause is not None:
        code, variant = "server_busy", None
    else:
        return None
    told = {} if pause is None else {"seconds": pause}
    return DestinationError(
        code, variant=variant, field="url", host=host_of(url), status=status, **told
    )


def _pause(headers: Mapping[str, str]) -> int | None:
    pause = retry_after(headers)
    return None if pause is None else ceil(pause.total_seconds())


def network_error(status: int, url: str) -> DestinationError | None:
    """Return what an answer is that comes from a network, or a proxy, that wants a login first."""
    if status not in _OF_THE_NETWORK:
        return None
    return DestinationError(
        "not_expected_server", variant="network", field="url", host=host_of(url), status=status
    )


@contextmanager
def named_errors(url: str, seconds: float, *, is_known: bool = False) -> Iterator[None]:
    """Name what goes wrong between aiohttp and a server that has some seconds to answer.

    A server that hangs up is another one than expected, unless it `is_known` from answers that it
    has given before. No error text names more of the address than its host and port.

    Raises:
        DestinationError: `NAME_NOT_RESOLVED`, `REFUSED`, `TIMED_OUT`, `TLS_CERTIFICATE`,
            `NOT_EXPECTED_SERVER`, `UNREACHABLE` or `CONNECTION_LOST`, at the field `url`.

    """
    host = host_of(url)
    try:
        yield
    except TimeoutError as err:
        raise DestinationError("timed_out", field="url", host=host, seconds=int(seconds)) from err
    except (ClientConnectorCertificateError, ClientConnectorSSLError) as err:
        raise _tls_error(err, host) from err
    except ClientConnectorDNSError as err:
        raise DestinationError("name_not_resolved", field="url", host=host) from err
    except ClientConnectorError as err:
        if not isinstance(err.os_error, ConnectionRefusedError):
            reason = err.os_error.strerror or type(err.os_error).__name__
            raise DestinationError("unreachable", field="url", host=host, reason=reason) from err
        variant = "loopback" if is_loopback(URL(url).host or "") else None
        raise DestinationError("refused", variant=variant, field="url", host=host) from err
    except (InvalidURL, StrangeAnswerError) as err:
        raise DestinationError("not_expected_server", field="url", host=host) from err
    except ConnectionError as err:
        raise DestinationError("connection_lost", field="url", host=host) from err
    except ClientError as err:
        ends = (ServerDisconnectedError, ClientOSError, ClientPayloadError)
        is_lost = is_known and isinstance(err, ends)
        code = "connection_lost" if is_lost else "not_expected_server"
        raise DestinationError(code, field="url", host=host) from err


def patience(seconds: float, size: int) -> float:
    """Return how many seconds it may take until some bytes are through, and answered."""
    return seconds + size / _SLOWEST


def host_of(url: str) -> str:
    """Return the host and port of an address, as error texts name a server."""
    parts = URL(url)
    host = parts.host or ""
    return f"[{host}]:{parts.port}" if ":" in host else f"{host}:{parts.port}"


def normalised(url: str) -> str:
    """Return the one spelling of an address: with its port, without a last slash."""
    parts = URL(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path.rstrip('/')}"


def pays(url: str) -> bool:
    """Return whether it pays to pack what goes to and from a server: not within one machine."""
    return not is_loopback(URL(url).host or "")


def is_loopback(host: str) -> bool:
    """Return whether a host means the machine, or the container, that asks."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def certificate_variant(err: object) -> str | None:
    """Return the variant of `TLS_CERTIFICATE` that names what is wrong, where one does."""
    return _CERTIFICATES.get(getattr(err, "verify_code", 0))


def _tls_error(
    err: ClientConnectorCertificateError | ClientConnectorSSLError, host: str
) -> DestinationError:
    cause = getattr(err, "certificate_error", None) or getattr(err, "os_error", err)
    if isinstance(err, ClientConnectorSSLError):
        # The server speaks no TLS at all.
        return DestinationError("not_expected_server", variant="tls", field="url", host=host)
    reason = getattr(cause, "verify_message", None) or str(cause)
    variant = certificate_variant(cause)
    return DestinationError(
        "tls_certificate", variant=variant, field="url", host=host, reason=reason
    )
