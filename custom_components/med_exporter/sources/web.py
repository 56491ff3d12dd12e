"""One question to a server of the grid's data, and a name for everything that can go wrong."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSSLError,
    ClientTimeout,
)
from yarl import URL

from ..web.answers import ENCODING, in_turn, taken_apart, text_of, understood
from ..web.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiohttp import ClientResponse, ClientSession

# Given to a request; also bounds a server that sends without end.
TIMEOUT: Final = timedelta(seconds=15)
_MAX_BODY: Final = 4 * 1024 * 1024

_STATUS_CODES: Final = {
    401: "unauthorized",
    403: "forbidden",
    408: "timed_out",
    429: "rate_limited",
    509: "rate_limited",
}
USER_AGENT: Final = "MED Exporter for Home Assistant"
"""Who asks, where a server is one of a few people who like to know."""

# Ways of saying that something is elsewhere, and how often that may be said.
_LEADING: Final = frozenset({301, 302, 303, 307, 308})
_MOST_STEPS: Final = 4


class _RequestOptions(TypedDict):
    headers: dict[str, str]
    auto_decompress: bool
    timeout: ClientTimeout


class SourceError(Exception):
    """A server that cannot be used; `code` names the mistake.

    Codes: name_not_resolved, refused, timed_out, tls, unauthorized, forbidden, rate_limited,
    server_error, not_expected_server, and with RTE's account invalid_auth, not_subscribed.
    `status` is the HTTP status where there was one, `retry_after` how long the server asked to be
    left alone.
    """

    def __init__(
        self, code: str, *, status: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(code if status is None else f"{code} (HTTP {status})")
        self.code = code
        self.status = status
        self.retry_after = retry_after


async def request_json[T](
    session: ClientSession,
    url: str,
    reader: Callable[[object], T],
    *,
    method: str = "GET",
    params: Mapping[str, str] | list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> T:
    """Return what a function reads in the JSON that a server answers with. Raises SourceError.

    The function is the only one that sees the answer: outside the event loop where that is long,
    and whatever it breaks on is not what was expected. It may raise SourceError itself.

    The session is one of `web_client`, so that a login goes to no other address.
    """
    with _named():
        async with session.request(
            method,
            url,
            params=params,
            **_manners({"Accept": "application/json", **(headers or {})}),
        ) as response:
            if response.status != 200:
                raise _status_error(response)
            text = await text_of(response, _MAX_BODY)
    with understood(_not_expected):
        return await taken_apart(text, reader)


async def request_text[T](
    session: ClientSession,
    url: str,
    reader: Callable[[str], T],
    *,
    headers: Mapping[str, str],
    most: int,
    may_lead_to: Callable[[str], bool],
) -> T:
    """Return what a function reads in the text that a server answers with. Raises SourceError.

    Args:
        session: one of `web_client`.
        url: where to ask first.
        reader: as that of `request_json`.
        headers: of the request; no login, as the address may lead elsewhere.
        most: bytes of the answer.
        may_lead_to: tells whether a server may lead to another address.

    """
    with _named():
        for _ in range(_MOST_STEPS):
            async with session.get(url, allow_redirects=False, **_manners(headers)) as response:
                if response.status == 200:
                    text = await text_of(response, most)
                    break
                if response.status not in _LEADING:
                    raise _status_error(response)
                url = str(response.url.join(URL(response.headers.get("Location", ""))))
            if not may_lead_to(url):
                raise _not_expected()
        else:
            raise _not_expected()
    with understood(_not_expected):
        return await in_turn(lambda: reader(text))


def _not_expected() -> SourceError:
    return SourceError("not_expected_server")


def _manners(headers: Mapping[str, str]) -> _RequestOptions:
    """Return how anything is asked for: packed, and not waited for without end."""
    return {
        "headers": {**headers, "Accept-Encoding": ENCODING},
        "auto_decompress": False,
        "timeout": ClientTimeout(total=TIMEOUT.total_seconds()),
    }


@contextmanager
def _named() -> Iterator[None]:
    """Raise SourceError for whatever goes wrong in between."""
    try:
        yield
    except TimeoutError as err:
        raise SourceError("timed_out") from err
    except ClientSSLError as err:
        raise SourceError("tls") from err
    except ClientConnectorDNSError as err:
        raise SourceError("name_not_resolved") from err
    except ClientConnectorError as err:
        raise SourceError("refused") from err
    except (ClientError, OSError, ValueError) as err:
        # Cut off, led elsewhere, without end, no JSON, no HTTP, or a name that no host can have.
        raise SourceError("not_expected_server") from err


def _status_error(response: ClientResponse) -> SourceError:
    status = response.status
    code = _STATUS_CODES.get(status, "server_error" if status >= 500 else "not_expected_server")
    return SourceError(code, status=status, retry_after=retry_after(response.headers))
