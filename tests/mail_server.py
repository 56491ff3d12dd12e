"""A real mail server on loopback, with TLS, a login and moods as a test wants them."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Authority

USER = "house"
PASSWORD = "correct horse"
SENDER = "house@example.org"


@dataclass
class MailServer:
    """A mail server; its attributes may change while it runs.

    `security` is as in an account's form; `refused` and `deferred` are recipients it does not take,
    for good or for now; `inbox` has the messages, in order, and `recipients` to whom each went.
    """

    security: str = "none"
    password: str | None = PASSWORD
    authority: Authority | None = None
    largest: int = 32 * 1024 * 1024
    refused: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    sender_refused: bool | bytes = False
    hangs_up: bool = False
    inbox: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: int = 0
    port: int = field(default_factory=free_port)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Listen no more, and hang up."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._thread = None

    async def _listen(self) -> asyncio.Server:
        context = None
        if self.authority is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*self.authority.issue())
        over_tls = context if self.security == "tls" else None

        def session() -> SMTP:
            return SMTP(
                self,
                hostname="mail.test",
                tls_context=context if self.security == "starttls" else None,
                require_starttls=self.security == "starttls",
                authenticator=self._log_in,
                auth_required=self.password is not None,
                auth_require_tls=self.security == "starttls",
                data_size_limit=self.largest,
                loop=self._loop,
            )

        return await self._loop.create_server(session, "127.0.0.1", self.port, ssl=over_tls)

    async def _hang_up(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def form(self, **changes: Any) -> dict[str, Any]:
        """Return what a person enters for this server, with changes; None leaves a field empty."""
        values = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": self.security,
            "username": USER if self.password is not None else None,
            "password": self.password,
            "from": SENDER,
            **changes,
        }
        return {key: value for key, value in values.items() if value is not None}

    def _log_in(
        self, server: SMTP, session: Any, envelope: Any, kind: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        known = (
            isinstance(data, LoginPassword)
            and data.login == USER.encode()
            and data.password == (self.password or "").encode()
        )
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(  # noqa: N802  (named by aiosmtpd)
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if isinstance(self.sender_refused, bytes):
            # In an encoding of its own, which the library would not write.
            server.transport.write(self.sender_refused)
        if self.sender_refused:
            return "550 5.7.1 not your address"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  (named by aiosmtpd)
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        if address in self.deferred:
            return "450 4.2.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.hangs_up:
            server.transport.abort()
            return "421 bye"
        self.inbox.append(email.message_from_bytes(envelope.content, policy=default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """Run a mail server, in a thread of its own."""
    server = MailServer(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def add_account(hass: HomeAssistant, server: MailServer, **changes: Any) -> ConfigEntry:
    """Set a mail account up through the real flow."""
    result = await answer(hass, await start_flow(hass, "email"), server.form(**changes))
    assert result["type"] == "create_entry", result["errors"]
    await hass.async_block_till_done()
    return result["result"]
