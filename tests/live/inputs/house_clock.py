"""The clock of a house: its plugs know the time, its machine what it is made to show."""

from __future__ import annotations

import mmap
import struct
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")
_OFFSETS = struct.Struct("2d")


class HouseClock:
    """A time that begins where it is set, and a machine whose wall clock may be wrong.

    `environment` makes a process live by it; needs a C compiler. Time is only moved on while that
    process does not run, as ticks cannot be.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        library, file = folder / "house_clock.so", folder / "house_clock"
        compile_it = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-lm"]
        subprocess.run(compile_it, check=True)
        file.write_bytes(_OFFSETS.pack(0, 0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _OFFSETS.size)
        self._began = self._passed = now - datetime.now(UTC)
        self._wrong = timedelta()
        self._tell()
        self.environment = {"LD_PRELOAD": str(library), "HOUSE_CLOCK": str(file)}

    def __call__(self) -> datetime:
        """Return the true time, in UTC."""
        return datetime.now(UTC) + self._passed

    def move_to(self, now: datetime) -> None:
        """Let time pass until then."""
        self._passed = now - datetime.now(UTC)
        self._tell()

    def put_wrong(self, by: timedelta) -> None:
        """Let the machine's wall clock be off by so much; nothing puts it right."""
        self._wrong = by
        self._tell()

    def _tell(self) -> None:
        wall, passed = self._passed + self._wrong, self._passed - self._began
        self._shared[:] = _OFFSETS.pack(wall.total_seconds(), passed.total_seconds())
