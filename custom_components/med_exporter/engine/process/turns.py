"""Turns on the processors, which all workers take so that one processor is left for others.

Where each processor has a worker, whoever wakes up waits until the system takes one of them off.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import Final

from ..errors import InvalidJobError

_TURN_SECONDS: Final = 0.25
# As long as one who waits needs to wake up and take the place.
_PAUSE_SECONDS: Final = 0.001
_LONGEST_SECONDS: Final = 30.0
"""That a turn may be late to end: whoever computes ends it, who waits for a server does not."""


class Turns:
    """The turns of one worker, of which no more than `places` have theirs at the same time.

    A place is a byte of a file that all of them have open, locked by whoever has it: the system
    frees that of a worker that dies. One byte more is for who has a second process.
    """

    def __init__(self, file: int, places: int) -> None:
        """`file` is the descriptor of a file to write to, `places` is 1 or more."""
        self._file = file
        self._places = places
        self._place = 0
        self._end = 0.0

    def begin(self) -> None:
        """Wait for a place and take it, for the first time."""
        self._take()
        threading.Thread(target=self._watch, daemon=True).start()

    def go_on(self) -> None:
        """Let others have the place if the turn is over, and wait for the next turn."""
        if time.monotonic() >= self._end:
            self._give()
            time.sleep(_PAUSE_SECONDS)
            self._take()

    def take_help(self) -> bool:
        """Tell whether this worker may have a second process, as one at a time may."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._places)
        except OSError:
            return False
        return True

    def _take(self) -> None:
        self._place = self._free_place()
        self._end = time.monotonic() + _TURN_SECONDS

    def _give(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._place)

    def _watch(self) -> None:
        """Let others have the place while this worker waits for something else."""
        while True:
            time.sleep(_LONGEST_SECONDS)
            if time.monotonic() >= self._end + _LONGEST_SECONDS:
                self._give()

    def _free_place(self) -> int:
        for place in range(self._places):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            return place
        place = os.getpid() % self._places
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, place)
        return place


def turns_of(data: object) -> Turns | None:
    """Return the turns that a request asks to take, `{"file", "places"}`, None for none.

    Raises InvalidJobError.
    """
    match data:
        case None:
            return None
        case {"file": int(file), "places": int(places)} if file > 2 and places > 0:
            return Turns(file, places)
    raise InvalidJobError("turns", "needs the number of a file and of places")
