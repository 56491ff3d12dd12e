"""Press inputs into a real Home Assistant, and print what each place says of them: Linux.

`python -m tests.live.inputs [--keep FOLDER] [readings] [month_ends] [nights:Lord_Howe] …`

Inputs that have a house for each zone press one alone where a part of its name follows them.

Plugs are emulated, python-kasa, the broker and the database are real, and the house lives by a
clock of its own. Ends with 1 where a place says something else than expected.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from .corrections import press_corrections
from .counters import press_month_ends, press_readings
from .elsewhere import press_elsewhere
from .exchanges import press_exchanges
from .firmwares import press_firmwares
from .former_ids import press_former_ids
from .histories import press_histories
from .jitter import press_jitter
from .joins import press_joins
from .leaps import press_leaps
from .makers import press_makers
from .meters import press_meters
from .money import press_money
from .nights import press_nights
from .overlaps import press_overlaps
from .refusals import press_refusals
from .settings import press_settings
from .table import Table
from .zones import press_clock_changes, press_zones

# Those that have a house for each zone.
OF_ZONES = {"elsewhere": press_elsewhere, "nights": press_nights, "joins": press_joins}
INPUTS = {
    "readings": press_readings,
    "month_ends": press_month_ends,
    **OF_ZONES,
    "zones": press_zones,
    "clock_changes": press_clock_changes,
    "refusals": press_refusals,
    "histories": press_histories,
    "firmwares": press_firmwares,
    "settings": press_settings,
    "corrections": press_corrections,
    "meters": press_meters,
    "makers": press_makers,
    "overlaps": press_overlaps,
    "exchanges": press_exchanges,
    "former_ids": press_former_ids,
    "leaps": press_leaps,
    "money": press_money,
    "jitter": press_jitter,
}


async def main() -> int:
    """Press what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="*", metavar="input", help=", ".join(INPUTS))
    parser.add_argument("--keep", type=Path, help="where the houses are to stay")
    asked = parser.parse_args()
    parts = [one.partition(":") for one in asked.inputs or INPUTS]
    if unknown := {"".join(one) for one in parts if one[0] not in (OF_ZONES if one[1] else INPUTS)}:
        parser.error(f"{', '.join(sorted(unknown))}: not of {', '.join(INPUTS)}")
    table = Table()
    with tempfile.TemporaryDirectory() as temporary:
        for name, picked, only in parts:
            folder = (asked.keep or Path(temporary)) / name
            if picked:
                await OF_ZONES[name](table, folder, only)
            else:
                await INPUTS[name](table, folder)
    table.show()
    return 1 if table.wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
