from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    # The system's own resolver: the other one needs a library that fits.
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made
