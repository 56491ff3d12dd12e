"""The door to formulas, which loads the parser only when there is one to read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..readings.fields import Kind
    from .formula import Formula


def compile_formula(text: str, fields: Mapping[str, Kind]) -> Formula:
    """Check a formula and return it as SQL.

    Numbers are floats. A value that is not known makes everything unknown that needs it: `NULL`
    in any argument of `MIN` and `MAX` with several arguments too. `SUM`, `AVG`, `COUNT(x)` and
    `MIN` and `MAX` with one argument go over all rows of the device and pass over what is not
    known; `AVG` counts every row alike. `ROUND` is Python's, as is all rounding in a file.
    Conditions may use `AND`, `OR`, `NOT`, `IS NULL`, `TRUE` and `FALSE`; a number that is not zero
    is true. Texts in single quotes can be compared, and be a result of `CASE`.

    Args:
        text: as the user wrote it.
        fields: the names it may use, in lower case, and what they hold.

    Raises:
        FormulaError: it is not a formula, or more than a formula may be.

    """
    return cast("Formula", import_module(".parsing", __package__).parse_formula(text, fields))
