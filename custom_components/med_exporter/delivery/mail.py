"""Mail over SMTP, and a name for everything that can go wrong with it."""

from __future__ import annotations

import errno
import mimetypes
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from homeassistant.helpers.importlib import async_import_module
from homeassistant.util import dt as dt_util
from homeassistant.util.ssl import client_context

from .errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    import aiosmtplib
    from homeassistant.core import HomeAssistant

TIMEOUT: Final = 30
"""Seconds that a server has for each answer."""

# Any server takes seven bits.
_POLICY: Final = SMTP_POLICY.clone(cte_type="7bit")

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
    hass: HomeAssistant, account: Account, message: bytes, recipients: Sequence[str]
) -> dict[str, DeliveryError]:
    """Send a message and return whom the server refuses; the others have it.

    Raises DeliveryError with the mistake where nobody has it for another reason.
    """
    async with _connected(hass, account) as client:
        smtp = await _library(hass)
        try:
            refused, _ = await client.sendmail(
                parseaddr(account.sender)[1], list(recipients), message
            )
        except smtp.SMTPRecipientsRefused as err:
            return {
                one.recipient: _recipient_refused(one.recipient, one.code, one.message)
                for one in err.recipients
            }
        except smtp.SMTPSenderRefused as err:
            if _is_too_large(err.code, err.message):
                raise _too_large(account) from err
            raise DeliveryError(
                "sender_refused", field="from", sender=account.sender, reason=err.message
            ) from err
        except smtp.SMTPResponseException as err:
            if _is_too_large(err.code, err.message):
                raise _too_large(account) from err
            raise DeliveryError("server_refused", host=account.address, reason=err.message) from err
        except (smtp.SMTPException, OSError) as err:
            raise _lost(account, err) from err
    return {one: _recipient_refused(one, said.code, said.message) for one, said in refused.items()}


def mail(
    *,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    body: str,
    message_id: str,
    attachment: Path | None = None,
) -> bytes:
    """Return a message with a plain text and a file. Reads the file: call it in an executor.

    The message carries no name of a machine or a user beside the addresses. `message_id` is the
    same for each try, so that a repeat can be told.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(dt_util.now())
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{message_id}@{domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    if attachment is not None:
        kind, encoding = mimetypes.guess_type(attachment.name)
        if kind is None or encoding is not None:
            kind = "application/gzip" if encoding == "gzip" else "application/octet-stream"
        main, _, sub = kind.partition("/")
        message.add_attachment(
            attachment.read_bytes(), maintype=main, subtype=sub, filename=attachment.name
        )
    return message.as_bytes()


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
        await client.connect()
        if account.security is Security.STARTTLS:
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise smtp.SMTPNotSupported("STARTTLS")
            await client.starttls()
        if account.username:
            await client.login(account.username, account.password or "")
    except (smtp.SMTPException, OSError) as err:
        client.close()
        raise _connection_error(smtp, account, err) from err
    try:
        yield client
    finally:
        # A server that does not say goodbye is left all the same.
        client.close()


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
        return DeliveryError("server_refused", field="host", host=host, reason=err.message)
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


def _recipient_refused(recipient: str, code: int, said: str) -> DeliveryError:
    if 400 <= code < 500:
        return DeliveryError("recipient_deferred", recipient=recipient, reason=said)
    return DeliveryError("recipient_refused", recipient=recipient, reason=said)


def _is_too_large(code: int, said: str) -> bool:
    """Return whether a server refuses a message for its size: RFC 1870 has 552 and 452 for it."""
    return code == 552 or (code in {452, 523, 554} and "size" in said.casefold())


def _too_large(account: Account) -> DeliveryError:
    return DeliveryError("message_too_large", host=account.address)


def _lost(account: Account, err: Exception) -> DeliveryError:
    if isinstance(err, TimeoutError):
        return DeliveryError("timed_out", host=account.address, seconds=TIMEOUT)
    return DeliveryError("connection_lost", host=account.address)
