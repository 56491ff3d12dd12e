"""The way to another Home Assistant: its websocket for commands, its REST API for states."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import ClientWSTimeout, WSServerHandshakeError
from awesomeversion import AwesomeVersion
from homeassistant.const import CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers.json import json_dumps

from ...const import DOMAIN
from ...engine.lazy_dataclass import dataclass
from ...web.answers import parsed, understood
from ...web.client import web_session
from ...web.line import BoundedSocket
from ..base import DestinationError
from ..redaction import without_secrets
from ..web import TIMEOUT, host_of, later_error, named_errors, network_error, request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from aiohttp import ClientResponse
    from homeassistant.core import Event, HomeAssistant

# The registries of a large house. Hours are asked for in slices.
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_GOODBYE_SECONDS: Final = 2.0
_VERSION: Final = re.compile(r"\d{1,5}\.\d{1,3}[\w.]{0,20}")
_CHALLENGE: Final = f"{DOMAIN}_challenge"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """Where another Home Assistant is, and what opens it.

    `url` may end with a path that a proxy has put before it.
    """

    url: str
    token: str = field(repr=False)
    verify_ssl: bool = True

    def at(self, path: str) -> str:
        """Return the address of a path."""
        return f"{self.url.rstrip('/')}{path}"


class CommandRefusedError(DestinationError):
    """The other Home Assistant did not do what a command asked for; `reason` is its own code."""

    def __init__(self, host: str, reason: str, text: str) -> None:
        super().__init__("command_refused", host=host, reason=text or reason)
        self.reason = reason


class RemoteConnection:
    """An open connection, logged in as an administrator.

    Its methods raise DestinationError; one command is under way at a time.
    """

    def __init__(self, hass: HomeAssistant, remote: Remote, socket: BoundedSocket) -> None:
        self._hass = hass
        self._remote = remote
        self._socket = socket
        self._last_id = 0
        self._busy = asyncio.Lock()
        self.version = AwesomeVersion("0")
        self.components: frozenset[str] = frozenset()

    @property
    def host(self) -> str:
        """Return the host and port, as error texts name it."""
        return host_of(self._remote.url)

    @classmethod
    async def open(cls, hass: HomeAssistant, remote: Remote) -> Self:
        """Connect, log in, and make sure that this is another instance and an administrator.

        Raises:
            DestinationError: `UNAUTHORIZED` or `NOT_ADMINISTRATOR` at the field `token`,
                `OWN_INSTANCE` at `url`, or one of those of `web.named_errors`.

        """
        try:
            socket = await _open_socket(hass, remote)
            connection = cls(hass, remote, socket)
            try:
                await connection._log_in()
            except BaseException:
                await connection.close()
                raise
        except DestinationError as err:
            if err.key != "destination_not_expected_server":
                raise
            raise _unexpected(host_of(remote.url)) from err
        return connection

    async def close(self) -> None:
        """Hang up."""
        await self._socket.close()

    async def command(self, kind: str, *, seconds: float = TIMEOUT, **fields: object) -> Any:  # noqa: ANN401
        """Send a command and return its result. Raises CommandRefusedError, DestinationError."""
        async with self._busy:
            self._last_id += 1
            with named_errors(self._remote.url, seconds, is_known=True):
                async with asyncio.timeout(seconds):
                    await self._socket.send_json(
                        {"id": self._last_id, "type": kind, **fields}, dumps=json_dumps
                    )
                    answer = await self._receive()
                    # What an earlier command was answered too late is nobody's any more.
                    while answer.get("id") != self._last_id or answer.get("type") != "result":
                        answer = await self._receive()
        with self.understood():
            if answer["success"] is True:
                return answer["result"]
            error = answer["error"]
            reason, text = (
                without_secrets(str(error.get(key, "")), self._remote.token)
                for key in ("code", "message")
            )
        raise CommandRefusedError(self.host, reason, text)

    def understood(self) -> AbstractContextManager[None]:
        """Take an answer apart: one of another form is that of another server."""
        return understood(partial(_unexpected, self.host))

    async def answers(self) -> bool:
        """Return whether somebody is still there."""
        try:
            await self.command("auth/current_user")
        except DestinationError:
            return False
        return True

    async def set_state(self, entity_id: str, state: str, attributes: Mapping[str, object]) -> None:
        """Make a state, or overwrite it. Raises DestinationError."""
        async with request(
            web_session(self._hass, verify_ssl=self._remote.verify_ssl),
            "POST",
            self._remote.at(f"/api/states/{entity_id}"),
            is_known=True,
            is_repeatable=True,
            headers={"Authorization": f"Bearer {self._remote.token}"},
            json={"state": state, "attributes": dict(attributes)},
        ) as response:
            self._check_answer(entity_id, response)

    async def delete_state(self, entity_id: str) -> None:
        """Take a state away again, if it is still there. Raises DestinationError."""
        async with request(
            web_session(self._hass, verify_ssl=self._remote.verify_ssl),
            "DELETE",
            self._remote.at(f"/api/states/{entity_id}"),
            is_known=True,
            headers={"Authorization": f"Bearer {self._remote.token}"},
        ) as response:
            if response.status != HTTPStatus.NOT_FOUND:
                self._check_answer(entity_id, response)

    def _check_answer(self, entity_id: str, response: ClientResponse) -> None:
        if response.status == HTTPStatus.UNAUTHORIZED:
            raise DestinationError("unauthorized", field=CONF_TOKEN, host=self.host)
        if response.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise DestinationError(
                "state_refused", host=self.host, entity=entity_id, status=response.status
            )

    async def _log_in(self) -> None:
        with named_errors(self._remote.url, TIMEOUT):
            async with asyncio.timeout(TIMEOUT):
                greeting = await self._receive()
                if greeting.get("type") != "auth_required":
                    raise _unexpected(self.host)
                await self._socket.send_json({"type": "auth", "access_token": self._remote.token})
                answer = await self._receive()
                # A line may bring twice what was said once.
                while answer == greeting:
                    answer = await self._receive()
        if answer.get("type") != "auth_ok":
            raise DestinationError("unauthorized", field=CONF_TOKEN, host=self.host)
        user = await self.command("auth/current_user")
        with self.understood():
            user_id, is_administrator = str(user["id"]), user["is_admin"] is True
        if not is_administrator:
            raise DestinationError("not_administrator", field=CONF_TOKEN, host=self.host)
        # Ids of users are random: one that is known here is this instance's, or that of a copy.
        if await self._hass.auth.async_get_user(user_id) is not None and await self._is_self():
            raise DestinationError("own_instance", field="url", host=self.host)
        config = await self.command("get_config")
        with self.understood():
            self.version = AwesomeVersion(_VERSION.match(config["version"])[0])  # type: ignore[index]
            self.components = frozenset(map(str, config["components"]))

    async def _is_self(self) -> bool:
        """Return whether an event that is fired there happens here."""
        nonce, is_heard = uuid.uuid4().hex, False

        @callback
        def listen(event: Event) -> None:
            nonlocal is_heard
            is_heard = is_heard or event.data.get("nonce") == nonce

        stop_listening = self._hass.bus.async_listen(_CHALLENGE, listen)
        try:
            await self.command("fire_event", event_type=_CHALLENGE, event_data={"nonce": nonce})
        finally:
            stop_listening()
        return is_heard

    async def _receive(self) -> dict[str, Any]:
        try:
            answer = await parsed(await self._socket.answer())
        except (ValueError, TypeError) as err:
            raise _unexpected(self.host) from err
        if not isinstance(answer, dict):
            raise _unexpected(self.host)
        return answer


async def _open_socket(hass: HomeAssistant, remote: Remote) -> BoundedSocket:
    session = web_session(hass, verify_ssl=remote.verify_ssl)
    address = remote.at("/api/websocket")
    with named_errors(address, TIMEOUT):
        try:
            async with asyncio.timeout(TIMEOUT):
                socket = await session.ws_connect(
                    address,
                    max_msg_size=_LARGEST_ANSWER,
                    timeout=ClientWSTimeout(ws_close=_GOODBYE_SECONDS),
                )
        except WSServerHandshakeError as err:
            if (error := network_error(err.status, address)) is not None:
                raise error from err
            if (error := later_error(err.status, err.headers or {}, address)) is not None:
                raise error from err
            if err.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                # Most often a proxy before it, while it starts anew.
                raise DestinationError(
                    "server_error", field="url", host=host_of(address), status=err.status
                ) from err
            if err.status != HTTPStatus.FORBIDDEN:
                raise
            # It bans addresses that failed to log in too often.
            raise DestinationError(
                "server_refused", variant="banned", field="url", host=host_of(address)
            ) from err
    if socket._response.history:  # noqa: SLF001 (nothing public tells)
        # A redirect of websockets alone: the token is for the address that the user has entered.
        await socket.close()
        raise _unexpected(host_of(address))
    # As all of that session.
    assert isinstance(socket, BoundedSocket)
    return socket


def _unexpected(host: str) -> DestinationError:
    return DestinationError("not_expected_server", variant="home_assistant", field="url", host=host)
