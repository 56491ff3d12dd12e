"""A loopback network of plugs, with the broadcast address by which discovery finds them."""

from __future__ import annotations

import asyncio
import fcntl
import socket
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from types import TracebackType

    from .device import EmulatedDevice
    from .server import Address

BROADCAST_ADDRESS = "127.255.255.255"
_FIRST_HOST = 10


class PlugNetwork:
    """Puts devices on loopback addresses and passes broadcast queries on to all of them.

    `port` is where devices listen that are given no other; without it the first device finds
    a free one and the others share it, as real plugs share 9999. Use it as an async context
    manager, or call :meth:`stop`.
    """

    def __init__(self, port: int | None = None) -> None:
        self.port = port or 0
        self.devices: list[EmulatedDevice] = []
        self._broadcasts: dict[int, asyncio.DatagramTransport] = {}
        self._turn: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        if self.port:
            # One test of the machine at a time: the port of real plugs is the same for all.
            self._turn = Path(f"/tmp/med-exporter-port-{self.port}.lock").open("ab")  # noqa: ASYNC230, SIM115
            await asyncio.to_thread(fcntl.flock, self._turn, fcntl.LOCK_EX)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
        if self._turn:
            self._turn.close()

    async def start(
        self, device: EmulatedDevice, *, host: str | None = None, port: int | None = None
    ) -> str:
        """Put a device on the network and return its `host:port`.

        Without `host` it gets the next address from 127.0.0.10 on. `port` 0 finds a free one.
        Raises OSError when the address is taken, RuntimeError when the device has one already.
        """
        await device.connect(host or self._next_host(), self.port if port is None else port)
        self.devices.append(device)
        if port is None:
            self.port = device.port
        await self._listen_for_broadcasts(device.port)
        return device.address

    async def move(
        self, device: EmulatedDevice, *, host: str | None = None, port: int | None = None
    ) -> str:
        """Give a device another address, as a router may; return the new `host:port`.

        Its MAC and its counters stay. Without `port` it keeps the one it has.
        """
        host, port = host or self._next_host(), device.port if port is None else port
        await self.stop(device)
        return await self.start(device, host=host, port=port)

    async def stop(self, device: EmulatedDevice | None = None) -> None:
        """Take one device off the network, or all of them and the broadcast address too."""
        for leaving in [device] if device else list(self.devices):
            self.devices.remove(leaving)
            leaving.disconnect()
        if not device:
            for transport in self._broadcasts.values():
                transport.close()
            self._broadcasts.clear()
        await asyncio.sleep(0)  # lets the loop close what was asked to close

    def _next_host(self) -> str:
        taken = {device.host for device in self.devices}
        return next(
            host for number in range(_FIRST_HOST, 255) if (host := f"127.0.0.{number}") not in taken
        )

    async def _listen_for_broadcasts(self, port: int) -> None:
        if port in self._broadcasts:
            return
        shared = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Two networks on one machine may share a port; each then hears every query.
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.bind((BROADCAST_ADDRESS, port))
        shared.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Broadcasts(self, port), sock=shared
        )
        self._broadcasts[port] = transport

    def pass_on(self, port: int, query: bytes, sender: Address) -> None:
        """Let every device at `port` hear a query that was sent to all."""
        for device in self.devices:
            if device.port == port:
                device.hear(query, sender)


class _Broadcasts(asyncio.DatagramProtocol):
    def __init__(self, network: PlugNetwork, port: int) -> None:
        self._network = network
        self._port = port

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._network.pass_on(self._port, data, addr)
