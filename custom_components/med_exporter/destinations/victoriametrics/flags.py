"""What a VictoriaMetrics server tells about its settings."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from ...engine.lazy_dataclass import dataclass

_FLAG: Final = re.compile(r'^-(?P<name>[\w.]+)="(?P<value>[^"\n]*)"', re.MULTILINE)
_DURATION: Final = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>ms|[smhdwMy])")
_SIZE: Final = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[KMGT])?(?P<binary>i)?B?")
# As the server reckons: a month has 31 days, a year 365.
_SECONDS: Final = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
    "w": 7 * 86400,
    "M": 31 * 86400,
    "y": 365 * 86400,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """What a server tells about its settings; None where it does not."""

    retention: timedelta | None = None
    """How far back it keeps samples."""
    flush_interval: timedelta | None = None
    """How long samples may be in memory only."""
    merges_within: timedelta | None = None
    """Of the samples of a series within so long, one is left."""
    longest_line: int | None = None
    """Bytes of the longest line that it takes."""
    precision_bits: int | None = None
    """How many binary digits of a number it keeps."""


def flags_in(text: str) -> Flags:
    """Return what the page of a server's flags says of those that matter here."""
    flags = {match["name"]: match["value"] for match in _FLAG.finditer(text)}
    return Flags(
        retention=_duration(flags.get("retentionPeriod", "")),
        flush_interval=_duration(flags.get("inmemoryDataFlushInterval", "")),
        merges_within=_duration(flags.get("dedup.minScrapeInterval", "")),
        longest_line=_bytes(flags.get("import.maxLineLen", "")),
        precision_bits=_bytes(flags.get("precisionBits", "")),
    )


def _bytes(text: str) -> int | None:
    """Read a flag's size: `10485760`, `64KiB`, `10MB`."""
    size = _SIZE.fullmatch(text)
    if size is None:
        return None
    base = 1024 if size["binary"] else 1000
    return int(float(size["number"]) * base ** " KMGT".index(size["unit"] or " "))


def _duration(text: str) -> timedelta | None:
    """Read a flag's duration: `1y`, `1m30s`, or a number of months."""
    if text.isdecimal():
        text += "M"
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    seconds = sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
    return timedelta(seconds=seconds)
