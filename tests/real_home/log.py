"""What a Home Assistant wrote into its log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_HEADING = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+([+-]\d\d:\d\d)? "
    r"(?P<level>[A-Z]+) \([^)]*\) \[(?P<logger>[^\]]+)\] "
)
# Home Assistant warns of every custom integration there is.
_USUAL = "We found a custom integration"
# It repeats what it has refused, whatever names are in it.
_REFUSES = "homeassistant.components.http.security_filter"


class LogRecord(NamedTuple):
    """One record: its level, its logger, and its whole text with any traceback."""

    level: str
    logger: str
    text: str


def read_log(path: Path) -> list[LogRecord]:
    """Return the records of a log file, oldest first; what no record begins is left out."""
    records: list[LogRecord] = []
    if not path.exists():
        return records
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if heading := _HEADING.match(line):
            records.append(LogRecord(heading["level"], heading["logger"], line))
        elif records:
            last = records[-1]
            records[-1] = last._replace(text=f"{last.text}\n{line}")
    return records


def complaints(records: list[LogRecord], about: str) -> list[LogRecord]:
    """Return the warnings and errors that name `about` in their logger, text or traceback."""
    return [
        record
        for record in records
        if record.level in ("WARNING", "ERROR", "CRITICAL")
        and about in record.text
        and _USUAL not in record.text
        and record.logger != _REFUSES
    ]
