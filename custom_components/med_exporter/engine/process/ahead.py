"""Work that a second process does ahead, so that two processors share a long export.

The process is a fork: it needs no start of its own, and hands over what it makes through a pipe,
which holds it back when nobody takes anything. It knows nothing that the first does not. Where it
fails, there is nothing wrong but its help.
"""

from __future__ import annotations

import os
import struct
import threading
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..rows.packing import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LENGTH = struct.Struct("<Q")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def can_work_ahead() -> bool:
    """Tell whether a second process has an idle processor, and is that of the main thread.

    Where the main thread does something else, as in Home Assistant, a fork would be of that.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(os, "fork"):
        return False
    return _was_idle()


@cache
def _was_idle() -> bool:
    """Tell whether others leave two processors: judged once, before our own work is among it."""
    return os.getloadavg()[0] + 1 < _processors()


def _processors() -> float:
    """Return how many processors this process may use, which a container may limit."""
    processors = float(os.process_cpu_count() or 1)
    with suppress(OSError, ValueError):
        quota, period = _QUOTA.read_text().split()
        # Without a limit the first is a word.
        processors = min(processors, int(quota) / int(period))
    return processors


@contextmanager
def made_ahead(make: Callable[[], Iterable[Any]]) -> Iterator[Iterator[Any]]:
    """Give what a function yields in a second process, as far as it comes.

    Args:
        make: yields plain values. It must not use what is open in this process, such as the
            connections of a database; but for a file that nobody reads or writes meanwhile.

    Yields:
        The values. They end where those of the function end, or where the process fails.

    """
    taken, given = os.pipe()
    child = os.fork()
    if not child:
        os.close(taken)
        _hand_over(make, given)
    os.close(given)
    try:
        with open(taken, "rb") as pipe:  # noqa: PTH123  # a descriptor
            yield _taken(pipe)
    finally:
        # Its next value finds the pipe closed.
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _hand_over(make: Callable[[], Iterable[Any]], given: int) -> None:
    """Write all values into a pipe, and end without any of what a process does when it ends."""
    try:
        with open(given, "wb") as pipe:
            for value in make():
                data = packed(value)
                pipe.write(_LENGTH.pack(len(data)))
                pipe.write(data)
                pipe.flush()
    finally:
        os._exit(0)


def _taken(pipe: BinaryIO) -> Iterator[Any]:
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = pipe.read(length)
        if len(data) < length:
            return
        yield unpacked(data)
