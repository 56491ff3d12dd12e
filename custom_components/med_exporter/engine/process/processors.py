"""How much of the machine is left to the engine, and how it takes none of it from others."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
_LIMITED: Final = Path("/sys/fs/cgroup/memory.stat")
_MEMORY: Final = Path("/proc/meminfo")
_LEAST_MEMORY_KB: Final = 300_000
"""Three times what a second process takes."""
_LOWEST: Final = 19
"""Of all priorities that every system knows."""


def places() -> int:
    """Return how many engines may compute at the same time: a processor is Home Assistant's."""
    return max(int(_processors()) - 1, 1)


def is_there_room() -> bool:
    """Tell whether two processes have a processor each, and the second one memory."""
    return _processors() >= 2 and _memory_kb() >= _LEAST_MEMORY_KB


def yield_to_all() -> bool:
    """Take the processor only while nobody else wants it; tell whether the system grants that.

    Then nobody waits for this process, even where all processors have something to do. Where the
    system does not, as with musl, whoever wakes up may wait for some milliseconds until a processor
    is free: one has to be, beside those of two processes.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        os.nice(_LOWEST)
        return _processors() > 2
    return True


def _processors() -> float:
    """Return how many processors this process may use, which a container may limit."""
    processors = float(os.process_cpu_count() or 1)
    with suppress(OSError, ValueError):
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        # Without a limit the first is a word.
        processors = min(processors, int(quota) / int(period))
    return processors


def _memory_kb() -> float:
    """Return how much memory is free, without what would have to be swapped.

    That of the machine, or what a container may have beside what its processes have for themselves.
    """
    free = float("inf")
    with suppress(OSError, ValueError, KeyError):
        free = _numbers(_MEMORY)["MemAvailable:"]
    with suppress(OSError, ValueError, KeyError):
        # Without a limit it is a word.
        limit = int(_LIMIT.read_text(encoding="ascii"))
        free = min(free, (limit - _numbers(_LIMITED)["anon"]) / 1024)
    return free


def _numbers(path: Path) -> dict[str, int]:
    """Return the numbers of a file of the kernel's that has a name and one in each line."""
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {line[0]: int(line[1]) for line in lines}
