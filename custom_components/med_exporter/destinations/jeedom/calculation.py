"""What the calculation of a command makes of a value, as far as it is plain arithmetic."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLACE: Final = "#value#"
_LONGEST: Final = 200
_OPERATIONS: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def calculated(formula: str, value: float) -> float | None:
    """Return what a formula with `#value#` makes of a value.

    None where it is more than sums, products and brackets of numbers, or where Jeedom itself could
    not tell.
    """
    formula = formula.strip()
    if not formula:
        return value
    if len(formula) > _LONGEST:
        return None
    try:
        tree = ast.parse(formula.replace(_PLACE, f"({value!r})"), mode="eval")
        return _result(tree.body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError):
        return None


def _result(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        return float(node.value)  # type: ignore[arg-type]  # just looked at
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1 if isinstance(node.op, ast.USub) else 1
        return sign * _result(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_result(node.left), _result(node.right))
    raise ValueError
