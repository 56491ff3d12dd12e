"""A second process beside that of a file, which makes a part of its readings (`ahead.py`).

It is a fork, so that both share the memory of what is loaded, and is made while the first has one
thread. It waits for its part; each frame goes into a file behind the one before, and its size to
the first. Where the second cannot go on, it ends without a word, and the first does its work.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from ..database.connections import read_only
from ..readings.ahead import frames
from ..recorder.states import Recorder
from ..rows.packing import packed, unpacked
from .processors import yield_to_all

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from multiprocessing.connection import Connection

    from ..readings.part import Frame, Part, Second

    type Ours = Connection[Part, int]
    type Theirs = Connection[int, Part]
    """The line between both: the first sends a part, the second the sizes of its frames."""

_PATIENCE_SECONDS: Final = 0.1
"""That the second may be late in any case: a tenth of the shortest file's time, at most."""
_WORTH: Final = 0.25
"""Of the time in which the first would do it all, that it may be late besides.

That is the time of rows too, where only readings are spared: half of it would gain nothing.
"""
_LEFT_ON_DISK: Final = 512 * 1024 * 1024
"""Bytes that frames leave free for the file itself."""


@contextmanager
def second_process(url: str, folder: str) -> Iterator[Second | None]:
    """Give a second process, which ends when this is left; None where the system refuses.

    Args:
        url: of the recorder's database.
        folder: where frames wait, in a file without a name.

    """
    with ExitStack() as stack:
        try:
            second = _begun(stack, url, folder)
        except OSError:
            second = None
        yield second


def _begun(stack: ExitStack, url: str, folder: str) -> Second:
    context = get_context("fork")
    file = stack.enter_context(TemporaryFile(dir=folder or None))  # noqa: SIM115  # it is
    ours, theirs = context.Pipe()
    stack.enter_context(ours)
    with theirs:
        process = context.Process(target=_work, args=(url, file, ours, theirs), daemon=True)
        process.start()
    stack.callback(process.join)
    stack.callback(process.kill)
    return lambda part: _asked(part, ours, file.fileno())


def _work(url: str, file: BinaryIO, ours: Ours, theirs: Theirs) -> None:
    """Make the part that comes, as the second process."""
    ours.close()
    # Whoever started the first waits until nobody can say anything any more. What fails here is no
    # failure of the file's: the first finds out by itself what is one.
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  # no path
        for said in (1, 2):
            os.dup2(nowhere.fileno(), said)
    if not yield_to_all():
        return
    with read_only(url) as connect:
        for frame in frames(Recorder(connect), theirs.recv()):
            data = packed(frame)
            if _free_bytes(file) < _LEFT_ON_DISK:
                return
            file.write(data)
            file.flush()
            theirs.send(len(data))


def _free_bytes(file: BinaryIO) -> int:
    disk = os.fstatvfs(file.fileno())
    return disk.f_bavail * disk.f_frsize


def _asked(part: Part, line: Ours, file: int) -> Generator[Frame]:
    """Let the second begin a part, and return the frames of it that come in time."""
    with suppress(OSError):
        line.send(part)
    return _frames(part, line, file, time.monotonic())


def _frames(part: Part, line: Ours, file: int, began: float) -> Generator[Frame]:
    own = part.begin - part.start
    # Seconds that the first process took for a second of its own part.
    pace = (time.monotonic() - began) / own if own else 0.0
    place, reached, waited = 0, part.begin, 0.0
    # The second ends where nobody hears it any more.
    with line:
        while True:
            began = time.monotonic()
            patience = _PATIENCE_SECONDS + _WORTH * pace * (reached - part.begin)
            if not line.poll(max(patience - waited, 0.0)):
                return
            waited += time.monotonic() - began
            try:
                size = line.recv()
                data = os.pread(file, size, place)
            except (EOFError, OSError):
                # It has ended; before it took its part, the system calls that a reset.
                return
            place += size
            frame = cast("Frame", unpacked(data))
            reached = frame[0]
            yield frame
