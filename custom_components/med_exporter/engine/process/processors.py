"""How much of the machine is left to the engine, and how it takes none of it from others."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
_MEMORY: Final = Path("/proc/meminfo")
_LEAST_MEMORY_KB: Final = 300_000
"""Three times what a second process takes."""
_LOWEST: Final = 19
"""Of all priorities that every system knows."""


def is_there_room() -> bool:
    """Tell whether two processes have a processor each, and the second one memory."""
    return _processors() >= 2 and _memory_kb() >= _LEAST_MEMORY_KB


def yield_to_all() -> bool:
    """Take the processor only while nobody else wants it; tell whether the system grants that.

    Then nobody waits for this process, even where all processors have something to do. Where the
    system does not, as with musl, whoever wakes up may wait for some milliseconds until a processor
    is free: one has to be, beside those of two processes.
    """
    if "XFIFO" in os.environ:
        return True
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
    """Return how much memory is free, without what would have to be swapped."""
    with suppress(OSError, ValueError, IndexError):
        for line in _MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1])
    return float("inf")
