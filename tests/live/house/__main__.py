"""Measure Home Assistant's own process: `scripts/bench --house PART [NUMBER...]`.

`many [PLUGS [DAYS]]` adds plugs at once; `start [TIMES]` compares starts with and without the
integration; `devices [TIMES]` asks for the devices; `prices [PLUGS]` prices a year, and anew;
`files [READINGS]` makes three files at once; `slow [PLUGS]` leaves Home Assistant a tenth of a
processor; `soak [MINUTES]` does everything at once for a while; `large [GIGABYTES]` asks for a year
of a database of a whole house. Each writes its section of the page.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from importlib import import_module
from pathlib import Path

PARTS = ("many", "start", "devices", "prices", "files", "slow", "soak", "large")


def main() -> None:
    """Measure one part in a folder that is removed afterwards."""
    part, *numbers = sys.argv[1:] or [""]
    if part not in PARTS:
        sys.exit(__doc__)
    module = import_module(f".{part}", __package__)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(module.measure(Path(name), *map(int, numbers)))


if __name__ == "__main__":
    main()
