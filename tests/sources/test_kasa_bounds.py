"""A plug that never stops talking is left, over both protocols, having cost next to nothing."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from kasa import DeviceConnectionParameters, DeviceEncryptionType, DeviceFamily
from kasa.transports import XorTransport

from custom_components.med_exporter.sources.connection import Connection, KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from custom_components.med_exporter.sources.kasa.bounds import BoundedXorTransport
from custom_components.med_exporter.sources.kasa.session import kasa_session
from tests.hostile_front import for_ever, never_held, whole
from tests.plug_emulator import EmulatedPlug

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.core import HomeAssistant

    from tests.hostile_front import Speech

pytestmark = pytest.mark.usefixtures("brief_waits")

TODAY = date(2026, 11, 20)
MEBI = 1024 * 1024
OLD = DeviceConnectionParameters(DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Xor)
NEWER = [
    DeviceConnectionParameters(family, encryption, 2)
    for family, encryption in (
        (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Klap),
        (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Aes),
        (DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Klap),
    )
]


async def refused(hass: HomeAssistant, port: int, kind: DeviceConnectionParameters) -> str:
    """Return by what name a plug is refused."""
    connection = Connection(host=f"127.0.0.1:{port}", parameters=kind.to_dict())
    host = KasaHost(connection, lambda: kasa_session(hass))
    async with never_held():
        with pytest.raises(KasaError) as caught:
            await host.poll(TODAY)
    await host.close()
    return caught.value.code


@asynccontextmanager
async def old_plug_of(length: int) -> AsyncIterator[tuple[int, Callable[[], int]]]:
    """Listen where each answer says to be so long, and goes on and on; tell how much was taken."""
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(1)
        writer.write(length.to_bytes(4, "big"))
        try:
            while sent < 200 * MEBI:
                writer.write(bytes(64 * 1024))
                await writer.drain()
                sent += 64 * 1024
        except ConnectionError:
            return
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], lambda: sent


@asynccontextmanager
async def newer_plug_of(says: Speech) -> AsyncIterator[tuple[int, Callable[[], int]]]:
    """Listen where each request is answered so; tell how often one was heard."""
    heard = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal heard
        heard += 1
        return await says(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], lambda: heard
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("length", [2**32 - 1, 100 * MEBI, 65 * 1024])
async def test_an_older_one_is_not_waited_for(hass: HomeAssistant, length: int) -> None:
    async with old_plug_of(length) as (port, taken):
        assert await refused(hass, port, OLD) == "not_kasa"
        # What lies in buffers of the system, at each of the library's tries.
        assert taken() < 40 * MEBI


BODIES: dict[str, Any] = {
    "endless": for_ever(bytes(64 * 1024)),
    "bomb": whole(gzip.compress(bytes(200 * MEBI), 1), encoding="gzip"),
    "long": whole(b"[" + b"[]," * MEBI + b"[]]"),
}


@pytest.mark.parametrize(
    "kind", NEWER, ids=lambda kind: f"{kind.device_family.value} {kind.encryption_type.value}"
)
@pytest.mark.parametrize("body", BODIES)
async def test_a_newer_one_is_not_waited_for(
    hass: HomeAssistant, kind: DeviceConnectionParameters, body: str
) -> None:
    async with newer_plug_of(BODIES[body]) as (port, heard):
        assert await refused(hass, port, kind) in {"not_kasa", "timed_out"}
        assert heard()


async def test_an_older_one_is_read_through_the_bounded_transport(hass: HomeAssistant) -> None:
    plug = EmulatedPlug(mac="50:C7:BF:00:02:01", alias="Fridge")
    await plug.connect("127.0.0.1", 0)
    connection = Connection(host=plug.address, parameters=OLD.to_dict())
    host = KasaHost(connection, lambda: kasa_session(hass))
    try:
        assert [one.identity.name for one in await host.poll(TODAY)] == ["Fridge"]
    finally:
        await host.close()
        plug.disconnect()


def test_python_kasa_keeps_its_reader_where_it_is_bounded() -> None:
    """Else its transport would read past the bound, and nobody would notice."""
    assert issubclass(BoundedXorTransport, XorTransport)
    names = XorTransport._connect.__code__.co_names + XorTransport._execute_send.__code__.co_names
    assert {"reader", "readexactly"} <= set(names)
