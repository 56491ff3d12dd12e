"""A line to an MQTT broker that a test can make bad: drop answers, freeze, cut, interrupt."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PUBACK, PUBREC, PUBCOMP, PUBLISH, PINGRESP = 4, 5, 7, 3, 13
ACKNOWLEDGEMENTS = frozenset({PUBACK, PUBREC, PUBCOMP})


@dataclass
class Line:
    """What becomes of the bytes on their way; everything that is not changed passes.

    Attributes:
        port: where to connect instead of to the broker.
        drops: kinds of packets that the broker sends and nobody gets.
        passing: how many of these still pass before the others are dropped.
        cuts: bytes after which connections break, one after the other; then they hold.
        crumbles: whether answers come byte by byte.
        pause: seconds before each answer.
        connections: how many there were.
        answers: how many packets of each kind the broker has sent.
        published: the messages that went to the broker.

    """

    broker: int
    port: int = 0
    drops: frozenset[int] = frozenset()
    passing: int = 0
    cuts: list[int] = field(default_factory=list)
    crumbles: bool = False
    pause: float = 0.0
    connections: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    published: list[bytes] = field(default_factory=list)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)
    _is_spent: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop_answers(self, *kinds: int, after: int) -> None:
        """Drop what the broker acknowledges after so many, and wait until one is dropped."""
        self.drops, self.passing = frozenset(kinds) or ACKNOWLEDGEMENTS, after
        self._is_spent.clear()
        await self._is_spent.wait()

    def freeze(self) -> None:
        """Let nothing through any more, while every connection stays up."""
        self._open.clear()

    def thaw(self) -> None:
        """Let everything through again, what was held back first."""
        self._open.set()

    def say(self, data: bytes) -> None:
        """Say something to everyone connected, as if the broker had."""
        for writer in self._lines:
            writer.write(data)

    def cut(self) -> None:
        """Break every connection."""
        for writer in self._lines:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one side ends it."""
        with suppress(ConnectionError):
            await self._carry(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        limit = self.cuts.pop(0) if self.cuts else None
        await self._open.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self.broker)
        self._lines.add(writer)
        returning = asyncio.create_task(self._return(there, writer))
        heard = bytearray()
        try:
            while data := await reader.read(4096 if limit is None else min(limit, 4096)):
                await self._open.wait()
                heard += data
                self.published += (one for one in _packets(heard) if one[0] >> 4 == PUBLISH)
                back.write(data)
                await back.drain()
                if limit is not None and (limit := limit - len(data)) <= 0:
                    break
        finally:
            self._lines.discard(writer)
            returning.cancel()
            writer.transport.abort()
            back.close()

    async def _return(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        with suppress(ConnectionError):
            while data := await there.read(4096):
                await self._open.wait()
                buffer += data
                for packet in _packets(buffer):
                    await asyncio.sleep(self.pause)
                    if self._passes(packet[0] >> 4):
                        size = 1 if self.crumbles else len(packet)
                        for at in range(0, len(packet), size):
                            writer.write(packet[at : at + size])
                            await asyncio.sleep(0)
        writer.transport.abort()

    def _passes(self, kind: int) -> bool:
        self.answers[kind] += 1
        if kind not in self.drops:
            return True
        self.passing -= 1
        if self.passing < 0:
            self._is_spent.set()
        return self.passing >= 0


def _packets(buffer: bytearray) -> Iterator[bytes]:
    """Take the packets that are whole out of what has come."""
    while (length := _whole(buffer)) is not None:
        packet = bytes(buffer[:length])
        del buffer[:length]
        yield packet


def _whole(buffer: bytearray) -> int | None:
    """Return how long the first packet is, if it is whole."""
    length = 0
    for place, digit in enumerate(buffer[1:5]):
        length |= (digit & 0x7F) << 7 * place
        if digit < 0x80:
            end = place + 2 + length
            return end if end <= len(buffer) else None
    return None


@asynccontextmanager
async def bad_line(broker: int, *cuts: int) -> AsyncIterator[Line]:
    """Offer a line to a broker's port; it is good until a test makes it bad."""
    line = Line(broker, cuts=list(cuts))
    line.thaw()
    listener = socket.create_server(("127.0.0.1", 0))
    # Else a frozen line swallows megabytes before it is full.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    line.port = listener.getsockname()[1]
    server = await asyncio.start_server(line.carry, sock=listener, limit=4096)
    try:
        yield line
    finally:
        line.thaw()
        server.close()
        line.cut()
