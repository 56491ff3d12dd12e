"""What the demo says, and the list of what went wrong."""

from __future__ import annotations

import time


class DemoError(Exception):
    """A part of the demo failed; the text is the reason."""


class Report:
    """Prints as it goes and remembers failures, which are printed again at the end."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._begun = time.monotonic()

    def step(self, text: str) -> None:
        """Tell of a step, with the seconds since the start."""
        print(f"[{time.monotonic() - self._begun:5.1f} s] {text}", flush=True)

    def line(self, text: str = "") -> None:
        """Print a detail."""
        print(f"          {text}".rstrip(), flush=True)

    def fail(self, reason: str) -> None:
        """Note that a part failed."""
        self.failures.append(reason)
        print(f"          FAILED: {reason}", flush=True)

    def conclude(self) -> None:
        """Say how it went."""
        if self.failures:
            self.step("The demo failed:")
            for reason in self.failures:
                self.line(f"- {reason}")
        else:
            self.step("Everything arrived, and all sums agree.")
