"""The page that shows what was measured: a part of the command replaces its own section."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE: Final = Path(__file__).parents[3] / "docs/performance-house.md"
_BEGINNING: Final = """# What Home Assistant notices

Written by `scripts/bench --house`, a section by each of its parts: a real Home Assistant with
emulated plugs on loopback. Processor time depends on the machine; what the event loop *computes*
at a time is its thread's own processor time, what it is *late* by is by the clock, with whatever
else the machine did meanwhile.
"""


def write_section(title: str, about: Iterable[str], table: Sequence[Sequence[object]]) -> None:
    """Put a table, its first row the heading, in the place of the section of this title."""
    load = os.getloadavg()[0]
    python = platform.python_version()
    machine = f"Machine: {os.cpu_count()} x {_processor()}, Python {python}, load {load:.0f}."
    head, *rows = ([str(cell) for cell in row] for row in table)
    lines = [
        f"## {title}", "", *about, machine, "",
        f"| {' | '.join(head)} |", f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows), "",
    ]  # fmt: skip
    sections = _sections()
    sections[title] = "\n".join(lines)
    PAGE.write_text("\n".join([_BEGINNING, *sections.values()]), encoding="utf-8")
    sys.stdout.write(sections[title])


def _sections() -> dict[str, str]:
    if not PAGE.exists():
        return {}
    _, *parts = PAGE.read_text(encoding="utf-8").split("\n## ")
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2].split("-")[0].strip()
    return platform.machine()
