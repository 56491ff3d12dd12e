"""A second Home Assistant, in a process of its own, that all tests share."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import api

from tests.real_home import HomeClient, RealHome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path


class OtherHome:
    """Steers the process from a loop of its own, since each test has another one."""

    def __init__(self, home: RealHome, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self._loop = loop
        self.url = home.url

    @property
    def token(self) -> str:
        assert self._home.token is not None
        return self._home.token

    @property
    def folder(self) -> Path:
        return self._home.folder

    async def do[T](self, ask: Callable[[RealHome], Awaitable[T]]) -> T:
        """Await something of the home in its own loop."""
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(_awaited(ask, self._home), self._loop)
        )

    async def kill(self) -> None:
        await self.do(lambda home: home.kill(children=True))

    async def start(self) -> None:
        await self.do(_started)

    async def stop(self) -> None:
        await self.do(RealHome.stop)


async def _awaited[T](ask: Callable[[RealHome], Awaitable[T]], home: RealHome) -> T:
    return await ask(home)


async def _started(home: RealHome) -> None:
    await home.start()
    await home.wait_until_running()


@contextmanager
def other_home_in(folder: Path, **options: Any) -> Iterator[OtherHome]:
    """Start a Home Assistant with an administrator; end it afterwards."""
    loop = asyncio.new_event_loop()
    # Where a test lets its own clock stand still, this one's goes on.
    loop.time = api.real_monotonic  # type: ignore[method-assign]
    thread = threading.Thread(target=loop.run_forever, name="other home", daemon=True)
    thread.start()

    async def begin() -> RealHome:
        home = await RealHome(folder, **options).__aenter__()
        try:
            await home.onboard()
        except BaseException:
            await home.__aexit__(None, None, None)
            raise
        return home

    try:
        home = asyncio.run_coroutine_threadsafe(begin(), loop).result()
        try:
            yield OtherHome(home, loop)
        finally:
            asyncio.run_coroutine_threadsafe(home.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def other_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherHome]:
    """Another Home Assistant with a recorder; each test has metering points of its own in it."""
    with other_home_in(tmp_path_factory.mktemp("other_home")) as home:
        yield home


@pytest.fixture
async def other_client(other_home: OtherHome) -> AsyncIterator[HomeClient]:
    """An administrator's session with the other Home Assistant."""
    async with HomeClient(other_home.url, other_home.token) as client:
        yield client
