"""The key with which python-kasa asks newer plugs who they are.

The library makes it in the event loop, by the first search of all, which waits for it. There is no
public way to have it made before; where this one is gone, the library does as ever.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Final

from kasa import discover

_MAKING: Final = threading.Lock()


async def async_make_discovery_key() -> None:
    """Have the key made outside the event loop, once; to be awaited before a search."""
    query: Any = getattr(discover, "_AesDiscoveryQuery", None)
    if query is not None and query.keypair is None:
        await asyncio.to_thread(_make, query)


def _make(query: Any) -> None:  # noqa: ANN401 (a class of the library's own)
    with _MAKING:
        if query.keypair is None:
            query.generate_query()
