"""Which processes wait until another one lets go of a lock of a file: only Linux shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection

_LOCKS: Final = Path("/proc/locks")

shows_who_waits = pytest.mark.skipif(
    not _LOCKS.exists(), reason="only Linux shows who waits for a lock"
)


def any_waits(pids: Collection[int]) -> bool:
    """Tell whether one of some processes waits for a lock."""
    wanted = set(map(str, pids))
    return any(
        "->" in line and wanted & set(line.split()) for line in _LOCKS.read_text().splitlines()
    )
