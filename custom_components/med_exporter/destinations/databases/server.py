"""What servers have in common that take lines of samples over HTTP."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from ...web_answers import beginning_of
from ..base import DestinationError
from ..web import host_of, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientSession


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

    async def send(
        self,
        url: str,
        lines: bytes,
        *,
        seconds: float,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, str] | None:
        """Send lines; return the status and the words of a refusal, None where they were taken."""
        async with request(
            self.session,
            "POST",
            url,
            seconds=seconds,
            is_known=self.is_known,
            params=query,
            data=gzip.compress(lines, compresslevel=1),
            headers={**headers, "Content-Encoding": "gzip"},
        ) as response:
            text = await beginning_of(response)
            if response.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.OK}:
                return response.status, text
            if text:
                # A website's page for every address, and not the server's empty answer.
                raise self.not_expected()
        return None
