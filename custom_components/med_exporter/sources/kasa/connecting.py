"""Finding out how a host is spoken to, and why it cannot be."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kasa import (
    AuthenticationError,
    Device,
    DeviceConnectionParameters,
    DeviceEncryptionType,
    DeviceFamily,
    Discover,
    UnsupportedDeviceError,
)

from ..connection import DEFAULT_PORT, Connection, KasaError, split_host
from .bounds import connected
from .configuration import FAILURES, config_of, is_silence

if TYPE_CHECKING:
    from kasa import Credentials

    from ..connection import SessionFactory

DISCOVERY_TIMEOUT = 3
# python-kasa tries four times; nobody wants to wait for that in front of a form.
CONNECT_LIMIT = 10
# For saying what was learned by then.
_GRACE = 0.5

_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 4433
_NO_ROUTE: Final = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN})
_OLD: Final = DeviceConnectionParameters(
    device_family=DeviceFamily.IotSmartPlugSwitch, encryption_type=DeviceEncryptionType.Xor
)
# What a newer firmware may speak, the likeliest first.
_NEW: Final = tuple(
    DeviceConnectionParameters(
        device_family=family, encryption_type=encryption, login_version=version, https=https
    )
    for family, encryption, version, https in (
        (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Klap, 2, False),
        (DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Klap, 2, False),
        (DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Klap, None, False),
        (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Aes, 2, False),
        (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Klap, 2, True),
    )
)


class _LoginRefusedError(Exception):
    """A host asks for another login; `connection` is how it was spoken to."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.host)
        self.connection = connection


async def open_device(
    connection: Connection, credentials: Credentials | None, session: SessionFactory
) -> Device:
    """Return the device behind a host, connected and read.

    Where its kind is not known, or not what it was, it is asked by a datagram; where none comes
    through, all kinds of connection are tried over TCP. Raises KasaError.
    """
    has_login = credentials is not None or connection.credentials_hash is not None
    deadline = asyncio.get_running_loop().time() + CONNECT_LIMIT
    try:
        async with asyncio.timeout_at(deadline + _GRACE):
            if connection.parameters is not None:
                try:
                    return await _connect(connection, credentials, session)
                except FAILURES:
                    if credentials is None:
                        raise
            return await _find(connection.host, credentials, session, deadline)
    except _LoginRefusedError as err:
        code = "invalid_auth" if has_login else "login_missing"
        raise KasaError(code, connection.host, err.connection) from err
    except UnsupportedDeviceError as err:
        raise KasaError("not_kasa", connection.host) from err
    except FAILURES as err:
        raise await _diagnosis(connection, is_silent=is_silence(err)) from err


async def _connect(
    connection: Connection, credentials: Credentials | None, session: SessionFactory
) -> Device:
    try:
        return await connected(config_of(connection, credentials), session)
    except AuthenticationError as err:
        raise _LoginRefusedError(connection) from err


async def _find(
    address: str, credentials: Credentials | None, session: SessionFactory, deadline: float
) -> Device:
    host, port = split_host(address)
    await _resolve(address, host)
    ports = (port,) if port else (DEFAULT_PORT, _HTTP_PORT, _HTTPS_PORT)
    knocking = asyncio.gather(*(_knock(host, one) for one in ports))
    try:
        kind = await _discovered(host, port)
        if kind is not None:
            return await _connect(_of_kind(address, kind), credentials, session)
        reasons = await knocking
    finally:
        if not knocking.done():
            knocking.cancel()
    listening = [one for one, reason in zip(ports, reasons, strict=True) if reason is None]
    if not listening:
        # A port that refuses shows that somebody is there.
        raise KasaError("refused" if "refused" in reasons else "timed_out", address)
    old, new = (
        [_of_kind(address, kind) for kind in kinds if _port_of(kind, port) in listening]
        for kinds in ((_OLD,), _NEW)
    )
    return await _first([way for way in (old, new) if way], credentials, session, deadline)


async def _first(
    ways: list[list[Connection]],
    credentials: Credentials | None,
    session: SessionFactory,
    deadline: float,
) -> Device:
    """Return the first device that answers; the ways are tried side by side."""
    errors: list[list[Exception]] = [[] for _ in ways]
    waiting = {
        asyncio.create_task(_one_of(way, credentials, session, errors[at]))
        for at, way in enumerate(ways)
    }
    loop = asyncio.get_running_loop()
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for task in done:
                if (device := task.result()) is not None:
                    return device
    finally:
        await _cancel(waiting)
    # A way on which nobody has said anything by now is silent.
    raise _telling([error for way in errors for error in way or [TimeoutError()]])


async def _one_of(
    way: list[Connection],
    credentials: Credentials | None,
    session: SessionFactory,
    errors: list[Exception],
) -> Device | None:
    """Try kinds that share a web session one after the other, noting what is wrong with each."""
    for connection in way:
        if not connection.proves_itself and any(isinstance(e, _LoginRefusedError) for e in errors):
            continue  # its handshake has shown what it speaks
        try:
            return await _connect(connection, credentials, session)
        except (*FAILURES, _LoginRefusedError) as err:
            errors.append(err)
    return None


async def _cancel(tasks: set[asyncio.Task[Device | None]]) -> None:
    for task in tasks:
        task.cancel()
    for answer in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(answer, Device):
            with suppress(*FAILURES):
                await answer.disconnect()


def _telling(errors: list[Exception]) -> Exception:
    """Return the error that says most: a login that is asked for, then silence."""
    asked = (error for error in errors if isinstance(error, _LoginRefusedError))
    silent = (error for error in errors if is_silence(error))
    return next(asked, None) or next(silent, None) or errors[0]


async def _discovered(host: str, port: int | None) -> DeviceConnectionParameters | None:
    """Return what the device says of itself by datagram; None where none comes back."""
    try:
        found = await Discover.discover_single(host, port=port, discovery_timeout=DISCOVERY_TIMEOUT)
    except UnsupportedDeviceError:
        raise
    except FAILURES:
        return None
    if found is None:
        return None
    kind = found.config.connection_type
    await found.disconnect()
    return kind


def _of_kind(address: str, kind: DeviceConnectionParameters) -> Connection:
    return Connection(host=address, parameters=kind.to_dict())


async def _diagnosis(connection: Connection, *, is_silent: bool) -> KasaError:
    """Tell apart what python-kasa reports alike: try a bare connection where the plug listens."""
    try:
        host, port = split_host(connection.host)
        await _resolve(connection.host, host)
    except KasaError as err:
        return err
    kind = _OLD
    if connection.parameters is not None:
        with suppress(*FAILURES):
            kind = DeviceConnectionParameters.from_dict(connection.parameters)
    elif port is None:
        # All its ports were knocked at.
        return KasaError("timed_out" if is_silent else "not_kasa", connection.host)
    reason = await _knock(host, _port_of(kind, port))
    return KasaError(reason or ("timed_out" if is_silent else "not_kasa"), connection.host)


def _port_of(kind: DeviceConnectionParameters, port: int | None) -> int:
    if port or kind.http_port:
        return port or kind.http_port or DEFAULT_PORT
    if kind.encryption_type is DeviceEncryptionType.Xor:
        return DEFAULT_PORT
    return _HTTPS_PORT if kind.https else _HTTP_PORT


async def _resolve(address: str, host: str) -> None:
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise KasaError("name_not_resolved", address) from err


async def _knock(host: str, port: int) -> str | None:
    """Return why nothing can be said at a port, None where somebody listens."""
    try:
        async with asyncio.timeout(DISCOVERY_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return "timed_out"
    except OSError as err:
        return "timed_out" if err.errno in _NO_ROUTE else "refused"
    writer.close()
    return None
