# ruff: noqa: T201  # it says what it sees
"""What was pressed, what should have come of it, and what each place says."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

PLACES = ("entity", "ledger", "statistics", "file", "mqtt", "victoriametrics", "pushed")
Found = float | str | None


@dataclass
class Table:
    """Rows of inputs; `wrong` holds those in which a place says something else."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(
        self, what: str, expected: float | str, /, *, within: float = 0.002, **found: Found
    ) -> None:
        """Note what places say of an input; numbers may lie `within` of what is expected.

        A place that is not given has nothing to say of it.
        """
        for place, said in found.items():
            if not _agree(said, expected, within):
                self.wrong.append(f"{what}: {place} says {_told(said)}, not {_told(expected)}")
        told = [_told(found[one]) if one in found else "" for one in PLACES]
        self.rows.append((what, _told(expected), *told))
        print(" | ".join(self.rows[-1]), flush=True)

    def say(self, what: str, expected: object, said: object) -> None:
        """Note something that is no energy."""
        if said != expected:
            self.wrong.append(f"{what}: {said!r}, not {expected!r}")
        self.rows.append((what, str(expected), str(said), *[""] * (len(PLACES) - 1)))
        print(" | ".join(self.rows[-1]), flush=True)

    def show(self) -> None:
        """Print all of it."""
        rows = [("input", "expected", *PLACES), *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print(" | ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)))
        for one in self.wrong:
            print(f"WRONG: {one}")
        print(f"{len(self.rows)} rows, {len(self.wrong)} wrong")


def _agree(said: Found, expected: float | str, within: float) -> bool:
    if isinstance(said, float | int) and isinstance(expected, float | int):
        return math.isclose(said, expected, rel_tol=0, abs_tol=within)
    return said == expected


def _told(value: Found) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else str(value)
