"""A connection in the words of python-kasa, and what that raises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kasa import Credentials, DeviceConfig, DeviceConnectionParameters, KasaException
from kasa.device_factory import get_device_class_from_family, get_protocol

from ..connection import split_host

if TYPE_CHECKING:
    from ..connection import Connection

# A plug that answers does so in a fraction of a second; this is for a bad radio link.
_QUERY_TIMEOUT = 5

# What python-kasa raises when a plug does not answer, or answers with nonsense.
FAILURES: Final = (KasaException, OSError, TimeoutError, ValueError, LookupError, TypeError)


def config_of(connection: Connection, credentials: Credentials | None = None) -> DeviceConfig:
    """Return python-kasa's configuration of a host whose parameters are known.

    Without any login it is that of a plug which belongs to no account, so that a plug which
    does can say so. Raises a KasaException or ValueError for parameters that nobody knows.
    """
    assert connection.parameters is not None
    host, port = split_host(connection.host)
    if credentials is None and connection.credentials_hash is None:
        credentials = Credentials()
    return DeviceConfig(
        host,
        timeout=_QUERY_TIMEOUT,
        port_override=port,
        credentials=credentials,
        credentials_hash=None if credentials else connection.credentials_hash,
        connection_type=DeviceConnectionParameters.from_dict(connection.parameters),
    )


def is_silence(error: BaseException) -> bool:
    """Return whether nobody answered in time; older libraries say so only in the cause."""
    return isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)


def with_login(connection: Connection, credentials: Credentials) -> Connection:
    """Return a known connection with another login, which nobody has tried yet."""
    config = config_of(connection, credentials)
    protocol = get_protocol(config)
    family = config.connection_type.device_family.value
    device_class = get_device_class_from_family(family, https=config.connection_type.https)
    if protocol is None or device_class is None:
        return connection
    device = device_class(config.host, protocol=protocol)
    return replace(connection, credentials_hash=device.credentials_hash)
