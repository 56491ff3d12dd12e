"""One question to a destination's web server, and a name for everything that can go wrong."""

from __future__ import annotations

import ipaddress
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
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
from .base import DestinationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from aiohttp import ClientResponse, ClientSession

TIMEOUT: Final = 15
"""Seconds that a server has to answer, unless it is given more."""

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
    is_known: bool = False,
    headers: Mapping[str, str] | None = None,
    **arguments: Any,  # noqa: ANN401 (aiohttp's own)
) -> AsyncIterator[ClientResponse]:
    """Ask a server and give its answer, whatever its status, while the context lasts.

    It is packed as it came: `web_answers` has what reads it. `arguments` are those of
    `ClientSession.request`. Redirects are not followed: a login must not go to an address that the
    user has not entered. `is_known` and errors as in `named_errors`; a redirect is
    `NOT_EXPECTED_SERVER`, and so is a network that asks for a login first.
    """
    with named_errors(url, seconds, is_known=is_known):
        async with session.request(
            method,
            url,
            timeout=ClientTimeout(total=seconds),
            allow_redirects=False,
            auto_decompress=False,
            headers={**(headers or {}), "Accept-Encoding": ENCODING if pays(url) else "identity"},
            **arguments,
        ) as response:
            if 300 <= response.status < 400:
                raise DestinationError("not_expected_server", field="url", host=host_of(url))
            if response.status in _OF_THE_NETWORK:
                raise DestinationError(
                    "not_expected_server",
                    variant="network",
                    field="url",
                    host=host_of(url),
                    status=response.status,
                )
            yield response


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
