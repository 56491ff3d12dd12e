"""A component that looks from within how Home Assistant fares, and what its process has used."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.real_home import RealHome

_COMPONENT: Final = '''
import asyncio
import gc
import threading
import time
from asyncio.events import Handle

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.recorder import get_instance


class Look(RecorderTask):
    """Notes how long it has waited in the recorder's queue."""

    commit_before = False

    def __init__(self, waited):
        self.begun, self.waited = time.perf_counter(), waited

    def run(self, instance):
        self.waited.append((time.perf_counter() - self.begun, ""))


def timed(owner, name, clock, times, describe):
    """Let a method note how long each of its calls takes, and what the longest were."""
    method = getattr(owner, name)

    def run(*args):
        begun = clock()
        try:
            return method(*args)
        finally:
            if (taken := clock() - begun) > 0.0005:
                times.append((taken, describe(*args) if taken > 0.015 else ""))

    setattr(owner, name, run)


class Sweeping:
    """How long Python has collected garbage in the event loop's thread: all of it, whose ever."""

    def __init__(self):
        self.thread, self.begun, self.total, self.times = threading.get_ident(), 0.0, 0.0, []

    def note(self, phase, info):
        if threading.get_ident() != self.thread:
            return
        if phase == "start":
            self.begun = time.thread_time()
        else:
            taken = time.thread_time() - self.begun
            self.total += taken
            self.times.append((taken, ""))

    def computed(self):
        return time.thread_time() - self.total


async def async_setup(hass, config):
    lag, held, stuck, busy, worked, waited = [], [], [], [], [], []
    sweeping = Sweeping()
    gc.callbacks.append(sweeping.note)

    async def watch_loop():
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.002)
            lag.append((max(0, time.perf_counter() - begun - 0.002), ""))

    async def watch_recorder():
        number = 0
        while True:
            number += 1
            hass.states.async_set("sensor.second", str(number))
            for _ in range(10):
                get_instance(hass).queue_task(Look(waited))
                await asyncio.sleep(0.1)

    class Seen(HomeAssistantView):
        url = name = "/api/loop_probe"

        async def get(self, request):
            answer = {}
            watched = {"lag": lag, "held": held, "stuck": stuck, "busy": busy, "worked": worked}
            watched |= {"waited": waited, "swept": sweeping.times}
            for key, many in watched.items():
                found = sorted(many) or [(0.0, "")]
                many.clear()
                shares = {str(n): found[len(found) * n // 1000][0] for n in (500, 990, 999)}
                answer[key] = {**shares, "most": found[-1][0], "what": found[-3:]}
            answer["tasks"] = len(asyncio.all_tasks())
            return self.json(answer)

    process = "_guarded_process_one_task_or_event_or_recover"
    def who(handle):
        return repr(getattr(handle._callback, "__self__", handle))[:300]

    timed(Handle, "_run", sweeping.computed, held, who)
    timed(Handle, "_run", time.perf_counter, stuck, who)
    timed(Recorder, process, time.perf_counter, busy, lambda _, task: repr(task)[:300])
    timed(Recorder, process, time.thread_time, worked, lambda _, task: repr(task)[:300])
    hass.http.register_view(Seen)
    hass.async_create_background_task(watch_loop(), "loop probe")
    hass.async_create_background_task(watch_recorder(), "recorder probe")
    return True
'''
NAME: Final = "loop_probe"
# The clock of a process's processor time, in ns, which /proc tells in hundredths of a second.
_SCHEDULED: Final = 2


def install_probe(folder: Path) -> None:
    """Put the component into the configuration folder of a Home Assistant that is not started."""
    probe = folder / "custom_components" / NAME
    probe.mkdir(parents=True)
    # A namespace would forget this folder in favour of the checkout's.
    (probe.parent / "__init__.py").touch()
    (probe / "__init__.py").write_text(_COMPONENT)
    (probe / "manifest.json").write_text(
        '{"domain": "loop_probe", "name": "Loop probe", "dependencies": ["http", "recorder"],'
        ' "version": "1"}'
    )


@dataclass(frozen=True)
class Times:
    """Times in ms: the median, 99 %, 99.9 %, the most, and what took the longest."""

    median: float
    nearly: float
    rarely: float
    most: float
    what: list[tuple[float, str]]


@dataclass(frozen=True)
class Seen:
    """How Home Assistant fared since the last look.

    `lag` is how late the event loop was, `held` how long it computed at a time without what Python
    collected of garbage, `swept` how long that took, `stuck` how long all took by the clock, `busy`
    how long the recorder's thread did one thing by the clock, `worked` how long it computed for it,
    `waited` how long a task stood in its queue.
    """

    lag: Times
    held: Times
    stuck: Times
    busy: Times
    worked: Times
    waited: Times
    swept: Times
    tasks: int


async def look(home: RealHome) -> Seen:
    """Return what the component has seen since the last look."""
    answer = await home.get("/api/loop_probe")

    def times(key: str) -> Times:
        *seconds, what = answer[key].values()
        return Times(*(1000 * one for one in seconds), what)

    return Seen(
        lag=times("lag"),
        held=times("held"),
        stuck=times("stuck"),
        busy=times("busy"),
        worked=times("worked"),
        waited=times("waited"),
        swept=times("swept"),
        tasks=answer["tasks"],
    )


@dataclass(frozen=True)
class Used:
    """What a process has used: `processor` in seconds, `memory` and `written` in bytes."""

    processor: float
    memory: int
    written: int
    descriptors: int


def used(pid: int) -> Used:
    """Return what a process has used so far, without its children."""
    process = Path(f"/proc/{pid}")
    resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    io = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
    return Used(
        processor=time.clock_gettime(~pid << 3 | _SCHEDULED),
        memory=resident,
        written=int(io["wchar"]),
        descriptors=len(list((process / "fd").iterdir())),
    )


class Most:
    """The most of several looks, in ms, and what took the longest."""

    def __init__(self) -> None:
        self.held = self.lag_99 = self.busy = self.worked = self.waited = self.swept = 0.0
        self.what: dict[str, list[tuple[float, str]]] = {"held": [], "busy": [], "worked": []}

    def add(self, seen: Seen) -> None:
        """Take in a look."""
        self.held = max(self.held, seen.held.most)
        self.lag_99 = max(self.lag_99, seen.lag.nearly)
        self.busy = max(self.busy, seen.busy.most)
        self.worked = max(self.worked, seen.worked.most)
        self.waited = max(self.waited, seen.waited.most)
        self.swept = max(self.swept, seen.swept.most)
        for kind, times in (("held", seen.held), ("busy", seen.busy), ("worked", seen.worked)):
            self.what[kind] = sorted([*self.what[kind], *map(tuple, times.what)])[-3:]
