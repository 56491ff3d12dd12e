"""What all doors write alike."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def utc(moment: datetime | None) -> str | None:
    """Return a time as the API writes it, to the second."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def size_text(size: int) -> str:
    """Return a number of bytes as people read it, such as `2.1 MB`."""
    shown: float = size
    for unit in ("B", "KB", "MB"):
        if shown < 1024:
            return f"{shown:.0f} {unit}" if unit == "B" else f"{shown:.1f} {unit}"
        shown /= 1024
    return f"{shown:.1f} GB"
