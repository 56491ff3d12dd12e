"""The shape of a reading on its way from the recorder into the spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    type Reading = tuple[
        float,
        float,
        int,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
        float | None,
    ]
    """One row, as `READING_COLUMNS` names it."""

READING_COLUMNS = (
    "timestamp",
    "until",
    "measured",
    "power_w",
    "voltage",
    "current",
    "energy_total_kwh",
    "energy_kwh",
    "is_on",
    "filled_from",
    "cost",
)
"""`until`: when the values stop to hold; `measured`: `CARRIED`, `MEASURED`, `FROM_STATISTICS`
or `FROM_LEDGER`;
`filled_from`: of a filled reading, when its gap begins, which may be before the range until
`edges.py` has cut it; `cost`: filled in by `reading_costs.py`."""

CARRIED = 0
"""What was in force when a range began, and is no reading of it."""
MEASURED = 1
FROM_STATISTICS = 2
"""An hour of the long-term statistics: its energy was used between timestamp and `until`."""
FROM_LEDGER = 3
"""Energy of a quarter-hour of the ledger, where the recorder has no counter."""
