"""Everything at once for a while: polling, pushing, files, a panel that is open."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import aiohttp

from tests.measured_page import HOUSE
from tests.mosquitto import Mosquitto

from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import Most, look, used

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.real_home import RealHome

_PLUGS = 5
_WARM = 120
_FEEDS = ("files", "destinations")


async def measure(folder: Path, minutes: int = 20) -> None:
    """Let a home do all that it does, and write what had grown between the first and last look."""
    async with AsyncExitStack() as stack:
        plugs = await stack.enter_async_context(plugs_in_use(_PLUGS, days=60))
        broker = Mosquitto(folder).start()
        stack.callback(broker.stop)
        home = await stack.enter_async_context(watched_home(folder / "home"))
        entry = await add_plugs(home, plugs)
        await home.options_flow(entry, {"next_step_id": "polling"}, {"polling_interval": 5})
        destination = await home.flow(
            "med_exporter",
            {"next_step_id": "mqtt"},
            {"broker": f"mqtt://127.0.0.1:{broker.port}", "topic_prefix": "house"},
        )
        done: dict[str, int] = {}
        works = [
            _again(done, "files", 10, lambda: _make_file(home)),
            _again(done, "pushes", 20, lambda: _push(home, destination["entry_id"])),
            _again(done, "panels", 30, lambda: _open_panel(home)),
        ]
        working = [asyncio.create_task(work) for work in works]
        await asyncio.wait(working, timeout=_WARM, return_when=asyncio.FIRST_EXCEPTION)
        most, first = Most(), (used(home.pid), await look(home))
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            ended, _ = await asyncio.wait(working, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if ended:
                break
            most.add(await look(home))
        for task in working:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*working)
        await asyncio.sleep(15)
        last = used(home.pid), await look(home)
        complaints = home.complaints()
    HOUSE.write_section(
        f"{minutes} minutes of everything at once",
        [
            f"{_PLUGS} plugs read every 5 s; {done.get('pushes', 0)} pushes to a broker,",
            f"{done.get('files', 0)} files, {done.get('panels', 0)} panels opened and left.",
            "",
        ],
        [
            ("figure", f"after {_WARM // 60} minutes", "at the end"),
            ("memory", *(f"{one.memory / 2**20:.0f} MB" for one, _ in (first, last))),
            ("descriptors", *(one.descriptors for one, _ in (first, last))),
            ("tasks", *(seen.tasks for _, seen in (first, last))),
            ("the loop computes at a time, at most", "", f"{most.held:.0f} ms"),
            ("Python collects garbage at a time, at most", "", f"{most.swept:.0f} ms"),
            ("the recorder's thread does one thing, at most", "", f"{most.busy:.0f} ms"),
            ("warnings and errors in the log", "", len(complaints)),
        ],
    )
    for kind, what in most.what.items():
        print(kind, what)  # noqa: T201
    for one in complaints:
        print(one)  # noqa: T201


async def _again(
    done: dict[str, int], name: str, pause: float, work: Callable[[], Awaitable[None]]
) -> None:
    while True:
        await work()
        done[name] = done.get(name, 0) + 1
        await asyncio.sleep(pause)


async def _make_file(home: RealHome) -> None:
    status = await home.post("/api/exports/create", {
        "export_type": "device_data", "format": "csv", "date_range": "last_30_days",
        "aggregation": "hourly",
    })  # fmt: skip
    while status["status"] in ("queued", "running"):
        status = await home.get(f"/api/exports/{status['export_id']}")
    assert status["status"] == "completed", status
    await home.delete(f"/api/exports/{status['export_id']}")


async def _push(home: RealHome, entry_id: str) -> None:
    await home.call_action("med_exporter.run_push", {"destination": entry_id})


async def _open_panel(home: RealHome) -> None:
    """Follow what the panel's first page does, look at it for a while, and leave."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{home.url}/api/websocket", max_msg_size=0) as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": home.token})
        await socket.receive_json()
        for number, feed in enumerate(_FEEDS, 1):
            await socket.send_json({"id": number, "type": f"med_exporter/{feed}/subscribe"})
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                while True:
                    answer = await socket.receive_json()
                    assert answer.get("success", True), answer
