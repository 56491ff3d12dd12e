"""The pytest fixture for tests that need plugs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .network import PlugNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@pytest.fixture
async def plug_network() -> AsyncGenerator[PlugNetwork]:
    """Give an empty network on a free port; it ends with the test. Needs loopback sockets."""
    async with PlugNetwork() as network:
        yield network
