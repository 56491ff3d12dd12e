"""Where an MQTT broker is, how to log in, and whose certificates to trust."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import certifi

from ...engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where a broker is and how to log in; certificates and the key are PEM text."""

    host: str
    port: int
    tls: bool = False
    verify_ssl: bool = True
    check_hostname: bool = True
    ca_certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    transport: Literal["tcp", "websockets"] = "tcp"
    websocket_path: str | None = None
    websocket_headers: Mapping[str, str] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Return `host:port`, for messages to people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_certificate(pem: str) -> bool:
    """Return whether a text holds certificates in PEM form and nothing unreadable."""
    try:
        _ca_context(pem)
    except (ssl.SSLError, ValueError):
        return False
    return True


def tls_context(broker: Broker) -> ssl.SSLContext:
    """Build the TLS context; reads certificates from disk, so never in the event loop."""
    if not broker.verify_ssl:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif broker.ca_certificate is not None:
        context = _ca_context(broker.ca_certificate)
    else:
        context = ssl.create_default_context(cafile=certifi.where())
    if not broker.check_hostname:
        context.check_hostname = False
    if broker.client_certificate is not None:
        # OpenSSL takes the client's certificate from files only.
        with tempfile.TemporaryDirectory() as folder:
            chain = Path(folder, "chain.pem")
            with os.fdopen(os.open(chain, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(f"{broker.client_key or ''}\n{broker.client_certificate}\n")
            context.load_cert_chain(chain)
    return context


def _ca_context(pem: str) -> ssl.SSLContext:
    """Trust one's own authority only, and without the extensions that home-made ones lack."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return context
