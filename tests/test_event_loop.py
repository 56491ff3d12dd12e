"""Tests notice who calls the event loop from another thread."""

from __future__ import annotations

import asyncio

import pytest


async def test_a_call_from_another_thread_is_refused() -> None:
    loop = asyncio.get_running_loop()
    with pytest.raises(RuntimeError, match="Non-thread-safe operation"):
        await asyncio.to_thread(loop.call_soon, print)
