"""Kill servers while a year goes to them: `python -m tests.destinations.kills [--kills 20] [kind]`.

A real ledger has a year of two metering points, whose runs go to the destination as they do in a
house. Its server is killed at moments by chance (for MQTT, the line to it is cut), and in half of
the cases the destination is loaded anew, which ends the run. In the end everything is compared
with the ledger, value by value. Prints for each kind how many values were lost, wrong or stored
twice, and how many were settled and not there after a kill.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Nothing of Home Assistant is imported before pytest, whose kit has to be the first.
import pytest


class Asked:
    """Has pytest, whose fixtures make the house, measure what is asked for."""

    def __init__(self, kinds: list[str], kills: int) -> None:
        self._kinds = kinds
        self._kills = kills

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Measure all kinds, or those that are named."""
        from .stands import STANDS  # noqa: PLC0415

        kinds = self._kinds or list(STANDS)
        if unknown := set(kinds) - STANDS.keys():
            raise pytest.UsageError(f"{', '.join(sorted(unknown))}: not of {', '.join(STANDS)}")
        metafunc.parametrize(("kind", "kills"), [(kind, self._kills) for kind in kinds])


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="kind")
    parser.add_argument("--kills", type=int, default=20, help="how many for each kind")
    asked = parser.parse_args()
    measured = str(Path(__file__).with_name("enduring.py"))
    arguments = ["-q", "-s", "-p", "no:cacheprovider", measured]
    return pytest.main(arguments, plugins=[Asked(asked.kinds, asked.kills)])


if __name__ == "__main__":
    sys.exit(main())
