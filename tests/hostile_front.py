"""What stands before a real server, lets all through, and answers some of it itself if told so."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, ThreadedResolver, WSMsgType, web

from tests.real_home.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    type Speech = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What the loop's own thread may compute at a time: a hundredth of what a bomb costs.
LONGEST_HOLD = 0.05
_OF_THE_LINE = frozenset({"content-length", "transfer-encoding", "connection", "host"})


@dataclass
class Front:
    """Passes requests on, but those for whose path and words `hears` is true it answers."""

    upstream: str
    says: Speech | None = None
    hears: Callable[[str], bool] = lambda _: True
    # For websockets: what becomes of an answer; whoever raises ConnectionError hangs up.
    rewrites: Callable[[str], list[str]] | None = None
    port: int = field(default_factory=free_port)
    # Whether it ends each connection after an answer that does not say so.
    leaves: bool = False
    # How many requests were passed on.
    passed: int = 0

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        response = await self._answer(request)
        if self.leaves and request.transport is not None:
            await response.prepare(request)
            await response.write_eof()
            request.transport.close()
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._relay(request)
        await request.read()
        if self.says is not None and self.hears(request.path):
            return await self.says(request)
        return await self.pass_on(request)

    async def pass_on(self, request: web.Request) -> web.Response:
        """Give the server's answer to a request."""
        body = await request.read()
        self.passed += 1
        headers = {
            name: text for name, text in request.headers.items() if name.lower() not in _OF_THE_LINE
        }
        async with (
            _session(auto_decompress=False) as session,
            session.request(
                request.method, f"{self.upstream.rstrip('/')}{request.path_qs}", data=body,
                headers=headers, skip_auto_headers=("Accept-Encoding",), allow_redirects=False,
            ) as response,
        ):  # fmt: skip
            kept = {
                name: text
                for name, text in response.headers.items()
                if name.lower() not in _OF_THE_LINE
            }
            return web.Response(
                status=response.status, body=await response.read() or None, headers=kept
            )

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        near = web.WebSocketResponse(max_msg_size=0)
        await near.prepare(request)
        async with (
            _session() as session,
            session.ws_connect(
                f"{self.upstream.rstrip('/')}{request.path_qs}", max_msg_size=0
            ) as far,
        ):

            async def back() -> None:
                try:
                    async for message in far:
                        if message.type is WSMsgType.TEXT:
                            texts = [message.data]
                            if self.rewrites is not None:
                                texts = self.rewrites(message.data)
                            for text in texts:
                                await near.send_str(text)
                finally:
                    await near.close()

            answering = asyncio.create_task(back())
            async for message in near:
                await far.send_str(message.data)
            answering.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await answering
        return near


@asynccontextmanager
async def front_of(upstream: str) -> AsyncIterator[Front]:
    """Run a front in a thread of its own: its work is none of the test's event loop."""
    front = Front(upstream)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="front", daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", front.answer)
        runner = web.AppRunner(
            app, shutdown_timeout=0.1, handler_cancellation=True, auto_decompress=False,
            access_log=None,
        )  # fmt: skip
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", front.port).start()
        return runner

    runner = await _in(loop, start())
    try:
        yield front
    finally:
        await _in(loop, runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()


def _session(**options: Any) -> ClientSession:
    return ClientSession(connector=TCPConnector(resolver=ThreadedResolver()), **options)


async def _in[T](loop: asyncio.AbstractEventLoop, what: Any) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, loop))


def whole(body: bytes, encoding: str | None = None, status: int = 200, **others: str) -> Speech:
    """Say something whole, packed as it may be; `others` are headers, as in `Retry_After`."""
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    headers |= {name.replace("_", "-"): text for name, text in others.items()}

    async def say(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers=headers, status=status)

    return say


def for_ever(part: bytes, pause: float = 0) -> Speech:
    """Say the same again and again."""

    async def say(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(part)
            await asyncio.sleep(pause)

    return say


@asynccontextmanager
async def never_held() -> AsyncIterator[None]:
    """Watch how long the event loop computes without letting others have their turn."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
    assert longest < LONGEST_HOLD, f"{longest:.3f} s"
