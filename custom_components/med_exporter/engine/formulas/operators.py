"""The rules for names, literals, operators and CASE.

Numbers are written anew from their value, texts as quoted literals, names through the known ones.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

from sqlglot import exp

from ..readings.fields import Kind
from .errors import FormulaError, FormulaProblem
from .nodes import NAMES, place_of, wrong
from .rewriter import Part, Type
from .scanning import shown

if TYPE_CHECKING:
    from .rewriter import Rewriter, Rule

_MAX_NUMBER: Final = 1e15
"""Of a literal; above it a float no longer knows the units."""

_KINDS: Final = {
    Kind.NUMBER: Type.NUMBER,
    Kind.AMOUNT: Type.NUMBER,
    Kind.FLAG: Type.FLAG,
    Kind.TEXT: Type.TEXT,
    Kind.TIME: Type.TIME,
}
_ARITHMETIC: Final[dict[type[exp.Expression], str]] = {
    exp.Add: "({left} + {right})",
    exp.Sub: "({left} - {right})",
    exp.Mul: "({left} * {right})",
    exp.Div: "({left} / nullif({right}, 0.0))",
    exp.Mod: "formula_modulo({left}, {right})",
}
_COMPARISONS: Final[dict[type[exp.Expression], str]] = {
    kind: NAMES[kind] for kind in (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.EQ, exp.NEQ)
}


def _column(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this")
    name = node.name.lower()
    if node.this.args.get("quoted") or name not in rewriter.known:
        raise FormulaError(
            FormulaProblem.UNKNOWN_FIELD,
            place_of(node),
            found=shown(node.name),
            known=", ".join(rewriter.known),
        )
    rewriter.used.add(name)
    kind = _KINDS[rewriter.known[name]]
    place = f"{{{name}}}"
    return Part(f"CAST({place} AS REAL)" if kind is Type.NUMBER else place, kind)


def _literal(rewriter: Rewriter, node: exp.Expression) -> Part:
    value = cast("str", node.this)
    if node.args.get("is_string"):
        quoted = value.replace("'", "''").replace("{", "{{").replace("}", "}}")
        return Part(f"'{quoted}'", Type.TEXT)
    number = float(value)
    if not math.isfinite(number) or number > _MAX_NUMBER:
        raise FormulaError(
            FormulaProblem.NUMBER_TOO_LARGE,
            place_of(node),
            found=shown(value),
            limit=f"{_MAX_NUMBER:.0e}",
        )
    return Part(repr(number), Type.NUMBER)


def _boolean(rewriter: Rewriter, node: exp.Expression) -> Part:
    return Part("1" if node.this else "0", Type.FLAG)


def _null(_: Rewriter, __: exp.Expression) -> Part:
    return Part("NULL", Type.NOTHING)


def _paren(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this")
    return rewriter.argument(node.this, node)


def _minus(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this")
    return Part(f"(- {rewriter.number(node.this, node)})", Type.NUMBER)


def _arithmetic(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "expression", "typed", "safe")
    left = rewriter.number(node.this, node)
    right = rewriter.number(node.args.get("expression"), node)
    return Part(_ARITHMETIC[type(node)].format(left=left, right=right), Type.NUMBER)


def _comparison(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "expression")
    sides = [node.this, node.args.get("expression")]
    for side in sides:
        if side is None:
            raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
        if type(side) in _COMPARISONS:
            raise FormulaError(FormulaProblem.CHAINED, place_of(side))
        if isinstance(side, exp.Null):
            raise FormulaError(FormulaProblem.NULL_COMPARED, place_of(node))
    (left, right), _ = rewriter.alike(sides, node)
    return Part(f"({left} {_COMPARISONS[type(node)]} {right})", Type.FLAG)


def _junction(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "expression")
    left = rewriter.condition(node.this, node)
    right = rewriter.condition(node.args.get("expression"), node)
    return Part(f"({left} {node.key.upper()} {right})", Type.FLAG)


def _negation(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this")
    return Part(f"(NOT {rewriter.condition(node.this, node)})", Type.FLAG)


def _is_null(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "expression")
    if not isinstance(node.args.get("expression"), exp.Null):
        raise rewriter.refused(node)
    return Part(f"({rewriter.argument(node.this, node).sql} IS NULL)", Type.FLAG)


def _case(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "ifs", "default")
    subject = node.args.get("this")
    branches = node.args.get("ifs") or []
    if not branches:
        raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
    for branch in branches:
        rewriter.only(branch, "this", "true")
    compared = ""
    if subject is None:
        conditions = [rewriter.condition(branch.this, node) for branch in branches]
    else:
        values = [subject, *(branch.this for branch in branches)]
        (compared, *conditions), _ = rewriter.alike(values, node)
    default = node.args.get("default")
    results = [branch.args["true"] for branch in branches]
    texts, kind = rewriter.alike(results if default is None else [*results, default], node)
    whens = [
        f"WHEN {condition} THEN {result}"
        for condition, result in zip(conditions, texts, strict=False)
    ]
    otherwise = "NULL" if default is None else texts[-1]
    return Part(f"(CASE {compared} {' '.join(whens)} ELSE {otherwise} END)", kind)


OPERATORS: Final[dict[type[exp.Expression], Rule]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Paren: _paren,
    exp.Neg: _minus,
    exp.And: _junction,
    exp.Or: _junction,
    exp.Not: _negation,
    exp.Is: _is_null,
    exp.Case: _case,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_COMPARISONS, _comparison),
}
