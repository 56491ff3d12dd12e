"""What the rows of devices add up to: one figure for what is used, and one for what is produced."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from ...costs.apportioning import Apportioning, rounded
from ...readings.fields import FIELDS, Function
from ...rows.aggregation import function_of
from ...rows.content import Figure
from ...tariff.energy import CONSUMPTION, IGNORED, PRODUCTION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...job import Job
    from ...rows.spool import Spool
    from ...rows.tables import Column

    type SumsByColumn = Mapping[str, Mapping[int, float | None]]
    """What the rows of each device (its place) add up to, by the column."""

_TOTALS = {
    "energy_kwh": (("total_energy", 1), ("total_production", 1)),
    "cost": (("energy_cost", 1), ("feed_in", -1)),
}
"""Fields that are summed up, and their figures: of what is used, and of what is produced. Feeding
in costs less than nothing, and brings what the figure says. No standing charge is in a reading."""
_DECIMALS_OF_TOTALS = {"energy_kwh": 3, "cost": 2}
"""Digits after the point of a total, when the user asks for none in particular."""


def sums_by_column(job: Job, spool: Spool, columns: Sequence[Column]) -> SumsByColumn:
    """Return what the devices' rows add up to, by the columns that are sums.

    Args:
        job: what is wanted.
        spool: has all rows.
        columns: of the table.

    """
    names = [column.name for column in columns if _is_sum(job, column.name)]
    by_device = spool.sums(names) if names else {}
    return {
        name: {device: values[place] for device, values in by_device.items()}
        for place, name in enumerate(names)
    }


def rounded_together(
    job: Job, column: Column, sums: Mapping[int, float | None]
) -> dict[int, Apportioning[int]]:
    """Return what rounds a column's rows, by device, so that they add up to the column's figures.

    What is used, what is produced, and what stands beside both add up apart.

    Args:
        job: what is wanted.
        column: which is a sum.
        sums: of its rows by device.

    """
    groups: dict[str, dict[int, float]] = defaultdict(dict)
    for place, total in sums.items():
        groups[job.devices[place].role][place] = total or 0.0
    return {
        place: rounding
        for totals in groups.values()
        for rounding in (Apportioning(column.decimals, totals),)
        for place in totals
    }


def totals_of(job: Job, column: Column, sums: Mapping[int, float | None]) -> list[Figure]:
    """Return the figures of a column, apart for what is used and what is produced.

    Args:
        job: what is wanted.
        column: which is a sum.
        sums: of its rows by device.

    """
    decimals = column.decimals
    if job.options.decimal_places is None:
        decimals = min(decimals, _DECIMALS_OF_TOTALS[column.name])
    figures = []
    for (name, sign), devices in zip(_TOTALS[column.name], used_and_made(job), strict=True):
        if not devices:
            continue
        known = [total for place in devices if (total := sums.get(place)) is not None]
        figures.append(
            Figure(
                name=name,
                value=sign * rounded(math.fsum(known), column.decimals) + 0.0 if known else None,
                unit=column.unit or "kWh",
                decimals=decimals,
            )
        )
    return figures


def used_and_made(job: Job) -> tuple[list[int], list[int]]:
    """Return the places of devices that count as consumption, and as production.

    What a metering point ignores is in the energy of another device: it counts where it is alone.
    """
    places: dict[str, list[int]] = {CONSUMPTION: [], PRODUCTION: [], IGNORED: []}
    for place, device in enumerate(job.devices):
        places[device.role].append(place)
    return places[CONSUMPTION] or places[IGNORED], places[PRODUCTION]


def _is_sum(job: Job, name: str) -> bool:
    """Return whether a field's rows add up to a figure."""
    if name not in _TOTALS:
        return False
    functions = job.aggregation_functions
    return job.aggregation == "raw" or function_of(FIELDS[name], functions) is Function.SUM
