"""When a server shows what it was given."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .server import VictoriaMetrics

# Without a flush, a server shows samples after a second or two, but a new series that has been
# looked for before only after 10 seconds: so long it remembers that there was none.
SHOWN_AFTER: Final = 15.0
_POLLED_FOR: Final = 20.0
_FLUSHED_FOR: Final = 2.0


async def until_shown(
    server: VictoriaMetrics, look: Callable[[], Awaitable[bool]], *, is_flushed: bool = False
) -> bool:
    """Look for what was written until all of it is there; return False when it does not come.

    `is_flushed` tells that the server was asked to show it since.
    """
    if is_flushed and await look():
        return True
    is_flushed = await server.flush()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (_FLUSHED_FOR if is_flushed else _POLLED_FOR)
    while not await look():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.5)
        await server.flush()
    return True
