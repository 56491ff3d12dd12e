"""The custom fields of a job: what their formulas may use, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidJobError
from ..rows.aggregation import function_of
from .fields import FIELDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..formulas import Formula
    from ..job import Job

CONSTANTS: Mapping[str, Kind] = {
    "device_id": Kind.TEXT,
    "device_ip": Kind.TEXT,
    "device_name": Kind.TEXT,
    "rated_power": Kind.NUMBER,
}
"""What formulas know of a device itself: attributes of the job's devices."""

DECIMALS = 6
"""Digits after the point of a number when the user asks for none in particular."""


def usable_fields(aggregation: str, functions: Mapping[str, str]) -> dict[str, Kind]:
    """Return the names that a formula may use, and what they hold in the rows of an export.

    Args:
        aggregation: one of `job.AGGREGATIONS`.
        functions: field name → function, where not the default.

    """
    return {
        name: field.kind
        if aggregation == "raw" or field.function is None
        else field.of_period(function_of(field, functions))[0]
        for name, field in FIELDS.items()
    } | dict(CONSTANTS)


def formulas_of(job: Job) -> Sequence[Formula]:
    """Compile the formulas of a job's custom fields, in their order.

    Raises:
        InvalidJobError: one of them is not a formula.

    """
    if not job.custom_fields:
        return ()
    # Loads a library that is not needed without formulas.
    from ..formulas import FormulaError, compile_formula  # noqa: PLC0415

    known = usable_fields(job.aggregation, job.aggregation_functions)
    try:
        return [compile_formula(custom.formula, known) for custom in job.custom_fields]
    except FormulaError as err:
        raise InvalidJobError("custom_fields.formula", str(err)) from err
