"""The rows that a spool has, as a table: columns, units, digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...formats import FORMATS
from ...readings.custom_fields import DECIMALS, formulas_of
from ...readings.fields import FIELDS, Function, Kind
from ...rows.aggregation import function_of
from ...rows.tables import Column, Rounding, Table
from ...tariff.energy import PRODUCTION
from .totals import rounded_together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...job import Job
    from ...rows.spool import Spool
    from ...rows.tables import Chunk
    from .totals import SumsByColumn

_SPANS = {"daily": "day", "weekly": "day", "monthly": "month"}
_PAGE_DECIMALS = {
    "power_w": 1, "voltage": 1, "current": 2, "energy_kwh": 3, "energy_total_kwh": 3, "cost": 2,
    "is_on": 0,
}  # fmt: skip
"""Digits after the point that people read; amounts still add up."""
_COARSE = 3
"""Digits after the point up to which the rounding of many devices would be seen in their sum."""


def _column(name: str, job: Job) -> Column:
    field = FIELDS[name]
    kind, decimals, function = field.kind, field.decimals, None
    if field.function is not None and job.aggregation != "raw":
        function = function_of(field, job.aggregation_functions)
        kind, decimals = field.of_period(function)
    asked = job.options.decimal_places
    if function is Function.COUNT:
        return Column(name, kind, decimals)
    unit = job.currency if name == "cost" else ""
    if FORMATS[job.format].on_pages:
        decimals = min(decimals, _PAGE_DECIMALS.get(name, decimals))
        unit = "%" if _is_share(job, name) else unit
    if asked is not None:
        decimals = asked
    span = _SPANS.get(job.aggregation, "") if name == "timestamp" else ""
    return Column(name, kind, decimals, unit, span=span)


def _is_share(job: Job, name: str) -> bool:
    """Tell whether a column has the share of time in which a device was on."""
    field = FIELDS[name]
    return (
        name == "is_on"
        and job.aggregation != "raw"
        and function_of(field, job.aggregation_functions) is Function.AVERAGE
    )


def columns_of(job: Job) -> list[Column]:
    """Return the columns of a job's fields, in their order."""
    asked = job.options.decimal_places
    digits = DECIMALS if asked is None else asked
    custom = {
        one.name: Column(
            one.name,
            formula.kind,
            digits if formula.kind is Kind.NUMBER and not formula.is_whole else 0,
            one.unit,
        )
        for one, formula in zip(job.custom_fields, formulas_of(job), strict=True)
    }
    return [custom.get(name) or _column(name, job) for name in job.fields]


def table_of(
    job: Job, spool: Spool, count: int, limit: int = -1, sums: SumsByColumn | None = None
) -> Table:
    """Return the rows that the spool has, the first `limit` of them, as a table.

    `sums` are those of all rows: with few digits, devices are then rounded such that they add up.
    """
    columns = columns_of(job)

    chunks = _chunks(job, spool, columns, limit, sums or {})
    # What is used and what is produced have no sum.
    one_role = len({device.role == PRODUCTION for device in job.devices}) < 2
    return Table("device_data", columns, count, chunks, adds_up=one_role)


def _chunks(
    job: Job, spool: Spool, columns: Sequence[Column], limit: int, sums: SumsByColumn
) -> Iterator[Chunk]:
    rounding = Rounding(columns)
    together = {
        column.name: rounded_together(job, column, sums[column.name])
        for column in columns
        if column.name in sums and column.decimals <= _COARSE
    }
    place = {name: index for index, name in enumerate(spool.value_fields, 2)}
    identity = {
        name: [getattr(device, name) for device in job.devices]
        for name in ("device_id", "device_ip", "device_name")
    }
    for stored in spool.columns(limit):
        moments, owners = stored[0], stored[1]
        values: Any
        chunk: Chunk = []
        for index, column in enumerate(columns):
            if column.name == "timestamp":
                chunk.append(list(moments))
            elif column.name in identity:
                texts = identity[column.name]
                chunk.append(list(map(texts.__getitem__, owners)))
            elif (shares := together.get(column.name)) is not None:
                values = zip(stored[place[column.name]], owners, strict=True)
                chunk.append(
                    [
                        None if value is None else shares[owner].rounded(owner, value)
                        for value, owner in values
                    ]
                )
            else:
                values = stored[place[column.name]]
                if column.name == "is_on" and column.unit == "%":
                    values = [None if one is None else 100 * one for one in values]
                chunk.append(rounding.column(index, values, owners))
        yield chunk
