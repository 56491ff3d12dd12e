"""How much a plug may say: python-kasa itself takes whatever comes, however long.

Both ways of speaking with plugs are bounded here by what python-kasa and aiohttp leave open: a
transport of one's own, and a web session whose answers end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from kasa import Device
from kasa.device_factory import GET_SYSINFO_QUERY, get_device_class_from_sys_info
from kasa.protocols import IotProtocol
from kasa.transports import XorTransport

if TYPE_CHECKING:
    import asyncio

    from kasa import DeviceConfig

    from ..connection import SessionFactory

MOST_OF_AN_OLD_PLUG: Final = 64 * 1024
"""Bytes of an answer: a strip of six with all it counts has 10,000. Unpacking more takes long."""


async def connected(config: DeviceConfig, session: SessionFactory) -> Device:
    """Return the device of a configuration, connected and read, as `Device.connect` does it.

    Args:
        config: python-kasa's, with everything that is known of the host.
        session: gives the web session for a device that speaks HTTP, whose answers are bounded.

    Raises what python-kasa raises.

    """
    if config.uses_http:
        config.http_client = session()
        return await Device.connect(config=config)
    protocol = IotProtocol(transport=BoundedXorTransport(config=config))
    try:
        info = await protocol.query(GET_SYSINFO_QUERY)
        device = get_device_class_from_sys_info(info)(config.host, protocol=protocol)
        device.update_from_discover_info(info)
        await device.update()
    except BaseException:
        await protocol.close()
        raise
    return device


class BoundedXorTransport(XorTransport):
    """python-kasa's own, but an answer that says to be longer than any is not waited for."""

    _bounded: _BoundedReader | None = None

    @property
    def reader(self) -> asyncio.StreamReader | None:
        """Return what python-kasa reads from."""
        return cast("asyncio.StreamReader | None", self._bounded)

    @reader.setter
    def reader(self, reader: asyncio.StreamReader | None) -> None:
        self._bounded = None if reader is None else _BoundedReader(reader)


class _BoundedReader:
    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readexactly(self, length: int) -> bytes:
        if length > MOST_OF_AN_OLD_PLUG:
            raise ValueError(f"an answer of {length} bytes")
        return await self._reader.readexactly(length)
