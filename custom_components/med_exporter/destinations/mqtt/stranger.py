"""What a server is that takes a connection and then says nothing that a broker would."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from .broker import tls_context

if TYPE_CHECKING:
    from .broker import Broker

_SECONDS: Final = 3.0
_QUESTION: Final = b"HEAD / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
_ANSWER: Final = b"HTTP/"


async def async_is_web(broker: Broker) -> bool:
    """Ask as a browser would, and return whether a web server answers.

    Many wait for the end of a line, which MQTT has none of: to a broker's client they are silent.
    A broker over websockets is a web server by right.
    """
    if broker.transport == "websockets":
        return False
    context = None
    if broker.tls:
        context = await asyncio.get_running_loop().run_in_executor(None, tls_context, broker)
    # Whoever hangs up, or is no better understood now, is none.
    with suppress(OSError, asyncio.IncompleteReadError):
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(broker.host, broker.port, ssl=context)
            try:
                writer.write(_QUESTION % broker.address.encode())
                return await reader.readexactly(len(_ANSWER)) == _ANSWER
            finally:
                writer.transport.abort()
    return False
