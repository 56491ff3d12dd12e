"""How one host is reached and logged in to, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from kasa import (
    Credentials,
    DeviceConfig,
    DeviceConnectionParameters,
    DeviceEncryptionType,
    KasaException,
)
from kasa.device_factory import get_device_class_from_family, get_protocol

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ...vault import Vault

DEFAULT_PORT: Final = 9999
# A plug that answers does so in a fraction of a second; this is for a bad radio link.
_QUERY_TIMEOUT = 5

OFFLINE_CODES: Final = frozenset({"name_not_resolved", "refused", "timed_out"})
"""What a plug looks like that is switched off."""
LOGIN_CODES: Final = frozenset({"invalid_auth", "login_missing"})
"""What a plug answers that asks for another login."""

# What python-kasa raises when a plug does not answer, or answers with nonsense.
FAILURES: Final = (KasaException, OSError, TimeoutError, ValueError, LookupError, TypeError)

type SessionFactory = Callable[[], ClientSession]


class KasaError(Exception):
    """A plug that cannot be read; `code` names the mistake.

    Codes: name_not_resolved, refused, timed_out, not_kasa, no_energy, invalid_auth (another
    login is needed), login_missing (one is needed, and there is none). `connection` is what
    asked for the login.
    """

    def __init__(self, code: str, host: str, connection: Connection | None = None) -> None:
        super().__init__(f"{host}: {code}")
        self.code = code
        self.host = host
        self.connection = connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """How to reach and log in to one host. `parameters` is python-kasa's own description."""

    host: str
    parameters: dict[str, Any] | None = None
    credentials_hash: str | None = field(default=None, repr=False)

    @property
    def proves_itself(self) -> bool:
        """Whether the plug shows that it knows the login before anything of it is sent there."""
        kind = (self.parameters or {}).get("encryption_type")
        return bool(kind == DeviceEncryptionType.Klap.value)

    @classmethod
    def from_stored(cls, stored: dict[str, Any], vault: Vault) -> Connection:
        """Return the connection that `to_stored` described. Raises SecretLostError."""
        token = stored["credentials_hash"]
        return cls(
            host=stored["host"],
            parameters=stored["parameters"],
            credentials_hash=vault.decrypt(token) if token else None,
        )

    def to_stored(self, vault: Vault) -> dict[str, Any]:
        """Return the connection as a config entry may hold it, the secret encrypted."""
        secret = self.credentials_hash
        return {
            "host": self.host,
            "parameters": self.parameters,
            "credentials_hash": vault.encrypt(secret) if secret else None,
        }

    def config(self, credentials: Credentials | None = None) -> DeviceConfig:
        """Return python-kasa's configuration of a host whose parameters are known.

        Without any login it is that of a plug which belongs to no account, so that a plug which
        does can say so. Raises a KasaException or ValueError for parameters that nobody knows.
        """
        assert self.parameters is not None
        host, port = split_host(self.host)
        if credentials is None and self.credentials_hash is None:
            credentials = Credentials()
        return DeviceConfig(
            host,
            timeout=_QUERY_TIMEOUT,
            port_override=port,
            credentials=credentials,
            credentials_hash=None if credentials else self.credentials_hash,
            connection_type=DeviceConnectionParameters.from_dict(self.parameters),
        )


def is_silence(error: BaseException) -> bool:
    """Return whether nobody answered in time; older libraries say so only in the cause."""
    return isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)


def split_host(text: str) -> tuple[str, int | None]:
    """Return host and port of `host` or `host:port`. The port is None where none is given.

    Raises ValueError for anything else.
    """
    host, colon, port = text.strip().partition(":")
    if not host or any(not (c.isalnum() or c in "-._") for c in host):
        raise ValueError(text)
    if not colon:
        return host, None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host, int(port)


def with_login(connection: Connection, credentials: Credentials) -> Connection:
    """Return a known connection with another login, which nobody has tried yet."""
    config = connection.config(credentials)
    protocol = get_protocol(config)
    family = config.connection_type.device_family.value
    device_class = get_device_class_from_family(family, https=config.connection_type.https)
    if protocol is None or device_class is None:
        return connection
    device = device_class(config.host, protocol=protocol)
    return replace(connection, credentials_hash=device.credentials_hash)
