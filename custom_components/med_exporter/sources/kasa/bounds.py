"""How much a plug may say: python-kasa itself takes whatever comes, however long.

Both ways of speaking with plugs are bounded here by what python-kasa and aiohttp leave open: a
transport of one's own, and a web session whose answers end. What is said in them is readable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from kasa import Device, DeviceFamily
from kasa.device_factory import GET_SYSINFO_QUERY, get_device_class_from_sys_info
from kasa.protocols import IotProtocol
from kasa.transports import XorTransport

from .readable import klap_transport, readable_of_old

if TYPE_CHECKING:
    import asyncio

    from kasa import DeviceConfig
    from kasa.transports import BaseTransport

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
    transport: BaseTransport = BoundedXorTransport(config=config)
    if config.uses_http:
        config.http_client = session()
        family = config.connection_type.device_family
        klap = klap_transport(config) if family is DeviceFamily.IotSmartPlugSwitch else None
        if klap is None:
            return await Device.connect(config=config)
        transport = klap
    protocol = IotProtocol(transport=transport)
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
        self._is_length = False

    async def readexactly(self, length: int) -> bytes:
        if length > MOST_OF_AN_OLD_PLUG:
            raise ValueError(f"an answer of {length} bytes")
        self._is_length = not self._is_length
        said = await self._reader.readexactly(length)
        return said if self._is_length else readable_of_old(said)
