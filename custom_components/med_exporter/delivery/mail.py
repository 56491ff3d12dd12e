"""Mail over SMTP, and a name for everything that can go wrong with it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from contextlib import asynccontextmanager
from email.utils import parseaddr
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from homeassistant.helpers.importlib import async_import_module
from homeassistant.util.ssl import client_context

from ..engine.lazy_dataclass import dataclass
from .errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from types import ModuleType

    import aiosmtplib
    from homeassistant.core import HomeAssistant

    from .message import Message

TIMEOUT: Final = 30
"""Seconds that a server has for each answer."""
LONGEST: Final = 600
"""Seconds that a whole message may take, however often something is answered meanwhile."""
LONGEST_LOGIN: Final = 60
"""Seconds in which a server has let us in, however it answers."""
# Bytes that wait to be sent: more come when these have gone.
_MOST_WAITING: Final = 256 * 1024
_LOOK_SECONDS: Final = 0.01

_CAUSES: Final[tuple[tuple[type[BaseException], str, str], ...]] = (
    (ssl.SSLCertVerificationError, "tls_certificate", "host"),
    (ssl.SSLError, "no_tls", "security"),
    (socket.gaierror, "name_not_resolved", "host"),
    (ConnectionRefusedError, "refused", "port"),
    (TimeoutError, "timed_out", "host"),
)
"""Exception → code, and the field at fault."""
_UNREACHABLE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH})


class Security(StrEnum):
    """How the connection is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


DEFAULT_PORTS: Final = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A mail account, its password in clear; `sender` is the address that mail comes from."""

    host: str
    port: int
    security: Security
    sender: str
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Return what may be shown."""
        return f"Account({self.host}:{self.port})"

    @property
    def address(self) -> str:
        """Return the server as error texts name it."""
        return f"{self.host}:{self.port}"


async def async_test_account(hass: HomeAssistant, account: Account) -> None:
    """Connect and log in, and send nothing. Raises DeliveryError with the mistake."""
    async with _connected(hass, account):
        return


async def async_send(
    hass: HomeAssistant, account: Account, message: Message, recipients: Sequence[str]
) -> dict[str, DeliveryError]:
    """Send a message and return whom the server refuses; the others have it.

    Raises DeliveryError with the mistake where nobody has it for another reason, and
    FileNotFoundError where the file is gone.
    """
    smtp = await _library(hass)
    refused: dict[str, DeliveryError] = {}
    async with _connected(hass, account) as client:
        try:
            async with asyncio.timeout(LONGEST):
                size = [f"size={message.size}"] if client.supports_extension("size") else []
                await client.mail(parseaddr(account.sender)[1], options=size)
                for one in recipients:
                    try:
                        await client.rcpt(one)
                    except smtp.SMTPRecipientRefused as err:
                        refused[one] = _recipient_refused(one, err)
                if len(refused) < len(recipients):
                    await _hand_over(hass, smtp, client, message)
        except smtp.SMTPSenderRefused as err:
            if _is_too_large(err.code, err.message):
                raise _too_large(account) from err
            raise DeliveryError(
                "sender_refused", field="from", sender=account.sender, reason=_reason(err)
            ) from err
        except smtp.SMTPResponseException as err:
            if _is_too_large(err.code, err.message):
                raise _too_large(account) from err
            raise DeliveryError(
                "server_refused", host=account.address, reason=_reason(err)
            ) from err
        except FileNotFoundError:
            raise
        except (smtp.SMTPException, OSError) as err:
            raise _lost(account, err) from err
    return refused


async def _hand_over(
    hass: HomeAssistant, smtp: ModuleType, client: aiosmtplib.SMTP, message: Message
) -> None:
    """Send the message itself, no faster than it goes: the library would hold all of it at once."""
    said = await client.execute_command(b"DATA")
    if said.code != smtp.SMTPStatus.start_input:
        raise smtp.SMTPDataError(said.code, said.message)
    pieces = message.pieces()
    while (piece := await hass.async_add_executor_job(next, pieces, None)) is not None:
        # A line of one dot is the end, so one that begins with a dot gets another.
        start = b"." if piece.startswith(b".") else b""
        transport = _open_transport(smtp, client)
        transport.write(start + piece.replace(b"\r\n.", b"\r\n.."))
        begun = hass.loop.time()
        while (waiting := transport.get_write_buffer_size()) > _MOST_WAITING:
            await asyncio.sleep(_LOOK_SECONDS)
            if transport.get_write_buffer_size() < waiting:
                begun = hass.loop.time()
            if hass.loop.time() - begun > TIMEOUT:
                raise TimeoutError
            transport = _open_transport(smtp, client)
    said = await client.execute_command(b".")
    if said.code != smtp.SMTPStatus.completed:
        raise smtp.SMTPDataError(said.code, said.message)


def _open_transport(smtp: ModuleType, client: aiosmtplib.SMTP) -> asyncio.WriteTransport:
    transport = client.transport
    if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
        raise smtp.SMTPServerDisconnected("Connection lost")
    return transport


async def _library(hass: HomeAssistant) -> ModuleType:
    return await async_import_module(hass, "aiosmtplib")


@asynccontextmanager
async def _connected(hass: HomeAssistant, account: Account) -> AsyncIterator[aiosmtplib.SMTP]:
    """Give a connection that is logged in, once, and end it."""
    smtp = await _library(hass)
    client = smtp.SMTP(
        hostname=account.host,
        port=account.port,
        timeout=TIMEOUT,
        use_tls=account.security is Security.TLS,
        start_tls=False,
        tls_context=client_context(),
    )
    try:
        async with asyncio.timeout(LONGEST_LOGIN):
            await _log_in(smtp, client, account)
    except (smtp.SMTPException, OSError) as err:
        client.close()
        raise _connection_error(smtp, account, err) from err
    try:
        yield client
    finally:
        # A server that does not say goodbye is left all the same.
        client.close()


async def _log_in(smtp: ModuleType, client: aiosmtplib.SMTP, account: Account) -> None:
    await client.connect()
    await _greet(smtp, client)
    if account.security is Security.STARTTLS:
        if not client.supports_extension("starttls"):
            raise smtp.SMTPNotSupported("STARTTLS")
        await client.starttls()
        await _greet(smtp, client)
    if account.username:
        await client.login(account.username, account.password or "")


async def _greet(smtp: ModuleType, client: aiosmtplib.SMTP) -> None:
    """Say hello, by which a server tells what it can; an old one knows a shorter one only."""
    try:
        await client.ehlo()
    except smtp.SMTPHeloError:
        await client.helo()


def _connection_error(smtp: ModuleType, account: Account, err: Exception) -> DeliveryError:
    """Name the mistake behind a connection that did not come about."""
    host = account.address
    if isinstance(err, smtp.SMTPAuthenticationError):
        return DeliveryError("wrong_password", field="password", host=host)
    if isinstance(err, smtp.SMTPNotSupported):
        if "starttls" in str(err).casefold():
            return DeliveryError("no_starttls", field="security", host=host)
        return DeliveryError("no_login", field="username", host=host)
    if (known := _network_error(host, err)) is not None:
        return known
    if isinstance(err, smtp.SMTPResponseException):
        return DeliveryError("server_refused", field="host", host=host, reason=_reason(err))
    return DeliveryError("not_expected_server", field="port", host=host)


def _network_error(host: str, err: Exception) -> DeliveryError | None:
    for cause in _causes(err):
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return DeliveryError("unreachable", field="host", host=host)
        for kind, code, field in _CAUSES:
            if isinstance(cause, kind):
                reason = getattr(cause, "verify_message", "")
                return DeliveryError(code, field=field, host=host, reason=reason, seconds=TIMEOUT)
    return None


def _causes(err: BaseException | None) -> Iterator[BaseException]:
    while err is not None:
        yield err
        err = err.__cause__ or err.__context__


def _recipient_refused(recipient: str, err: aiosmtplib.SMTPResponseException) -> DeliveryError:
    kind = "recipient_deferred" if 400 <= err.code < 500 else "recipient_refused"
    return DeliveryError(kind, recipient=recipient, reason=_reason(err))


def _reason(err: aiosmtplib.SMTPResponseException) -> str:
    """Return a server's own words, or its number where it has none."""
    return err.message.strip() or str(err.code)


def _is_too_large(code: int, said: str) -> bool:
    """Return whether a server refuses a message for its size: RFC 1870 has 552 and 452 for it."""
    return code == 552 or (code in {452, 523, 554} and "size" in said.casefold())


def _too_large(account: Account) -> DeliveryError:
    return DeliveryError("message_too_large", host=account.address)


def _lost(account: Account, err: Exception) -> DeliveryError:
    if isinstance(err, TimeoutError):
        return DeliveryError("timed_out", host=account.address, seconds=TIMEOUT)
    return DeliveryError("connection_lost", host=account.address)
