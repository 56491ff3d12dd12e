"""A page that shows what was measured: each measurement replaces its own section."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DOCS: Final = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    """A page of the documentation with a section for each measurement, after its beginning."""

    path: Path
    beginning: str

    def write_section(
        self, title: str, about: Iterable[str], table: Sequence[Sequence[object]]
    ) -> None:
        """Put a table, its first row the heading, in the place of the section of this title."""
        load = os.getloadavg()[1]
        python = platform.python_version()
        machine = f"Machine: {os.cpu_count()} x {_processor()}, Python {python}, load {load:.0f}."
        head, *rows = ([str(cell) for cell in row] for row in table)
        lines = [
            f"## {title}", "", "\n".join(about).strip(), "", machine, "",
            f"| {' | '.join(head)} |", f"|{'---|' * len(head)}",
            *(f"| {' | '.join(row)} |" for row in rows), "",
        ]  # fmt: skip
        sections = self._sections()
        sections[title] = "\n".join(lines)
        self.path.write_text("\n".join([self.beginning, *sections.values()]), encoding="utf-8")
        sys.stdout.write(sections[title])

    def _sections(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        _, *parts = self.path.read_text(encoding="utf-8").split("\n## ")
        return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


EXPORTS: Final = MeasuredPage(
    _DOCS / "performance.md",
    """# How fast exports are

Files and pushes beside what does the same: each pair is measured three times in turn, a push five
times, and its ratio is that of the medians. Times depend on the machine, ratios little.
""",
)
HOUSE: Final = MeasuredPage(
    _DOCS / "performance-house.md",
    """# What Home Assistant notices

Written by `scripts/bench --house`, a section by each of its parts: a real Home Assistant with
emulated plugs on loopback. Processor time depends on the machine; what the event loop *computes*
at a time is its thread's own processor time, what it is *late* by is by the clock, with whatever
else the machine did meanwhile.
""",
)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2].split("-")[0].strip()
    return platform.machine()
