"""What servers have in common that take lines of samples over HTTP."""

from __future__ import annotations

import gzip
import re
import sys
from base64 import b64encode
from dataclasses import field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ...engine.lazy_dataclass import dataclass
from ...web.answers import beginning_of, in_turn
from ..base import DestinationError
from ..web import host_of, pays, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientSession

_ONE_PACKET: Final = 1400
_MOST_OF_A_REASON: Final = 200
_TOO_LARGE: Final = 413
# As Go, nginx and Apache put it.
_ENCRYPTED_ONLY: Final = re.compile(r"plain HTTP|HTTP request to an HTTPS", re.IGNORECASE)


def reason_of(status: int, text: str) -> str:
    """Return why a server refuses, in its own words, else in those that its status has.

    `text` holds no secret any more. A status without words counts as the first of its class, as
    RFC 9110 (15) has it.
    """
    if said := " ".join(text.split())[:_MOST_OF_A_REASON].rstrip(" ."):
        return said
    known = status in HTTPStatus
    return HTTPStatus(status if known else status // 100 * 100).phrase


@dataclass(slots=True)
class _Portion:
    """How many bytes a server, or a proxy before it, takes at once, as far as it is known."""

    most: int = sys.maxsize


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A server as one talks to it; every method raises DestinationError.

    Attributes:
        session: for requests.
        url: its address, without a path of the API.
        username: None where it asks for no login.
        password: of the user.
        is_known: as in `web.named_errors`.

    """

    session: ClientSession
    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    is_known: bool = True
    _portion: _Portion = field(default_factory=_Portion, init=False, repr=False, compare=False)

    @property
    def host(self) -> str:
        """Return the host and port, as error texts name the server."""
        return host_of(self.url)

    @property
    def login(self) -> dict[str, str]:
        """Return the headers of a user's login."""
        if self.username is None:
            return {}
        login = f"{self.username}:{self.password or ''}".encode()
        return {"Authorization": f"Basic {b64encode(login).decode()}"}

    def not_expected(self) -> DestinationError:
        """Return what an answer is that such a server does not give."""
        return DestinationError("not_expected_server", field="url", host=self.host)

    def stranger(self, status: int, text: str) -> DestinationError | None:
        """Return what an answer is that comes from no such server, nor from a proxy before one."""
        if status == HTTPStatus.BAD_REQUEST and _ENCRYPTED_ONLY.search(text):
            return DestinationError(
                "not_expected_server", variant="https", field="url", host=self.host
            )
        is_page = status == HTTPStatus.BAD_REQUEST and text.lstrip().startswith("<")
        return self.not_expected() if is_page or status < HTTPStatus.BAD_REQUEST else None

    async def send(
        self,
        url: str,
        lines: bytes,
        *,
        seconds: float,
        headers: Mapping[str, str],
        is_repeatable: bool,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, str] | None:
        """Send lines, packed where it pays, and in parts where they are too many at once.

        Proxies take no more than a megabyte, mostly, and servers what they were told to: how much
        that is shows once, and is kept to from then on.
        `is_repeatable` as in `web.request`.
        Returns the status and the words of a refusal, None where they were taken.
        """
        ask = partial(self._send, url, seconds, headers, query, is_repeatable)
        while True:
            part, rest = self._parted(lines)
            refusal = await ask(part)
            if refusal is None:
                if not rest:
                    return None
                lines = rest
            elif refusal[0] == _TOO_LARGE and (halves := self._halves(part)):
                self._portion.most = min(self._portion.most, max(map(len, halves)))
                lines = b"".join((*halves, rest))
            else:
                return refusal

    def halves_of_line(self, line: bytes) -> tuple[bytes, bytes] | None:
        """Return two lines that say together what one does, None where it is one sample."""
        return None

    def _halves(self, part: bytes) -> tuple[bytes, bytes] | None:
        """Return two parts of whole lines, as even as can be; None where it is one sample."""
        middle, last = len(part) // 2, len(part) - 1
        ends = {part.rfind(b"\n", 0, middle) + 1, part.find(b"\n", middle, last) + 1} - {0}
        if not ends:
            return self.halves_of_line(part)
        end = min(ends, key=lambda one: abs(2 * one - len(part)))
        return part[:end], part[end:]

    def _parted(self, lines: bytes) -> tuple[bytes, bytes]:
        """Return the first of as many even parts as a server takes one by one, and the rest."""
        most = self._portion.most
        if len(lines) <= most:
            return lines, b""
        even = -(-len(lines) // -(-len(lines) // most))
        end = lines.find(b"\n", even - 1) + 1
        if not 0 < end <= most:
            end = lines.rfind(b"\n", 0, most) + 1
        if end:
            return lines[:end], lines[end:]
        line, end_of_line, rest = lines.partition(b"\n")
        if halves := self.halves_of_line(line + end_of_line):
            return self._parted(b"".join((*halves, rest)))
        return line + end_of_line, rest

    async def _send(
        self,
        url: str,
        seconds: float,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        is_repeatable: bool,  # noqa: FBT001 (of a row of arguments)
        lines: bytes,
    ) -> tuple[int, str] | None:
        headers = dict(headers)
        if len(lines) > _ONE_PACKET and pays(url):
            lines = await in_turn(partial(gzip.compress, lines, compresslevel=1))
            headers["Content-Encoding"] = "gzip"
        async with request(
            self.session,
            "POST",
            url,
            seconds=seconds,
            is_known=self.is_known,
            is_repeatable=is_repeatable,
            params=query,
            data=lines,
            headers=headers,
        ) as response:
            text = await beginning_of(response)
            if response.status == HTTPStatus.OK:
                # All of these servers say that there is no content: this is a website's answer for
                # every address, with a page or without.
                raise self.not_expected()
            return None if response.status == HTTPStatus.NO_CONTENT else (response.status, text)
