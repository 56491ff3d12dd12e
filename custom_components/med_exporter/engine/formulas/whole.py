"""Which formulas give whole numbers only, and are written without a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from ..readings.fields import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS: Final = (
    exp.Hour,
    exp.Count,
    exp.Null,
    exp.Boolean,
    exp.Predicate,
    exp.And,
    exp.Or,
    exp.Not,
)
"""NULL has no digits, and what is true or false counts as 1 or 0."""
_OF_ITS_PARTS: Final = (
    *(exp.Paren, exp.Neg, exp.Abs, exp.Sum, exp.Min, exp.Max, exp.Least, exp.Greatest),
    *(exp.Coalesce, exp.Add, exp.Sub, exp.Mul, exp.Mod),
)
"""What makes whole numbers of whole numbers."""


def is_whole(node: exp.Expression, fields: Mapping[str, Kind]) -> bool:
    """Return whether a part of a formula is a whole number, whatever the row.

    Args:
        node: of a formula that has been checked.
        fields: what the names hold that it uses.

    """
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        results = [branch.args["true"] for branch in node.args["ifs"]]
        results += [] if default is None else [default]
        return all(is_whole(result, fields) for result in results)
    if isinstance(node, exp.Column):
        return fields[node.name.lower()] is Kind.FLAG
    if isinstance(node, exp.Literal):
        return float(node.this).is_integer()
    if isinstance(node, exp.Round):
        digits = node.args.get("decimals")
        is_short = digits is None or isinstance(digits, exp.Neg) or float(digits.this) == 0
        return is_short or is_whole(node.this, fields)
    if isinstance(node, _OF_ITS_PARTS):
        return all(is_whole(part, fields) for part in node.iter_expressions())
    return isinstance(node, _ALWAYS)
