"""How one host is reached and logged in to, and what may be wrong with it.

Nothing of python-kasa is needed to say so: it is loaded when a plug is to be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from ..vault import Vault

DEFAULT_PORT: Final = 9999
KLAP: Final = "KLAP"
"""What python-kasa calls the handshake in which a plug shows that it knows the login."""

LOGIN_CODES: Final = frozenset({"invalid_auth", "login_missing"})
"""What a plug answers that asks for another login."""

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
        return bool(kind == KLAP)

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


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundDevice:
    """A device that answered a broadcast; `connection` is how it says it is spoken to.

    `measures` is None where only a login can tell; `is_plain` is whether all of its model that are
    known have no meter.
    """

    mac: str
    name: str
    model: str
    connection: Connection
    measures: bool | None
    is_plain: bool = False

    @property
    def host(self) -> str:
        """The address that it answered from."""
        return self.connection.host


def split_host(text: str) -> tuple[str, int | None]:
    """Return host and port of `host` or `host:port`. The port is None where none is given.

    Raises ValueError for anything else.
    """
    host, colon, port = text.strip().partition(":")
    if not host or any(not (c.isalnum() or c in "-._") for c in host):
        raise ValueError(text)
    if not colon:
        return host, None
    if not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65536:
        raise ValueError(text)
    return host, int(port)
