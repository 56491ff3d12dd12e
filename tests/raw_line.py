"""A line to any server that may lose what the server says, or bring it twice."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PIECE = 1 << 20


@dataclass
class RawLine:
    """What becomes of bytes on their way.

    Attributes:
        doubles: the share of what comes back that comes twice, the second time a moment later.
        is_dead: whether nothing comes back any more; nobody hangs up.
        doubled: how often something came twice.

    """

    upstream: int
    by: random.Random
    port: int = 0
    doubles: float = 0.0
    is_dead: bool = False
    doubled: int = 0
    _carrying: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        try:
            with suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", self.upstream)
                try:
                    sides = [
                        asyncio.create_task(self._there(reader, back)),
                        asyncio.create_task(self._back(there, writer)),
                    ]
                    try:
                        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
                        if self.is_dead:
                            await sides[0]
                    finally:
                        for side in sides:
                            side.cancel()
                finally:
                    back.transport.abort()
        finally:
            writer.transport.abort()
            self._carrying.discard(task)

    async def _there(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_PIECE):
                back.write(data)

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await there.read(_PIECE):
                if self.is_dead:
                    continue
                writer.write(data)
                if self.by.random() < self.doubles:
                    self.doubled += 1
                    # Within the same packet, or while the connection waits for its next question.
                    await asyncio.sleep(self.by.choice((0, 0.001)))
                    writer.write(data)

    async def end(self) -> None:
        """Hang up everywhere."""
        for task in (tasks := list(self._carrying)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def raw_line(upstream: int, seed: int = 0) -> AsyncIterator[RawLine]:
    """Run a line to a port of this machine."""
    line = RawLine(upstream, random.Random(seed))
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.end()
