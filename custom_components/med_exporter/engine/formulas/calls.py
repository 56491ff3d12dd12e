"""The rules for functions: of a row's values, and aggregates over the rows of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from .errors import FormulaError, FormulaProblem
from .nodes import name_of, place_of, wrong
from .rewriter import Part, Type

if TYPE_CHECKING:
    from .rewriter import Rewriter, Rule

_MAX_DIGITS: Final = 15
_CHOICES: Final[dict[type[exp.Expression], str]] = {
    exp.Least: "min",
    exp.Greatest: "max",
    exp.Coalesce: "coalesce",
}


def _rounded(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this", "decimals")
    value = rewriter.number(node.this, node)
    digits = node.args.get("decimals")
    sign, plain = (-1, digits.this) if isinstance(digits, exp.Neg) else (1, digits)
    count = 0
    if plain is not None:
        written = plain.this if isinstance(plain, exp.Literal) else None
        if not isinstance(written, str) or not written.isdecimal() or int(written) > _MAX_DIGITS:
            raise FormulaError(
                FormulaProblem.WRONG_DIGITS, place_of(digits or node), limit=_MAX_DIGITS
            )
        count = sign * int(written)
    return Part(f"formula_round({value}, {count})", Type.NUMBER)


def _absolute(rewriter: Rewriter, node: exp.Expression) -> Part:
    rewriter.only(node, "this")
    return Part(f"abs({rewriter.number(node.this, node)})", Type.NUMBER)


def _choice(rewriter: Rewriter, node: exp.Expression) -> Part:
    """MIN, MAX with several arguments, and COALESCE."""
    rewriter.only(node, "this", "expressions", "ignore_nulls")
    arguments = [node.this, *node.args.get("expressions", [])]
    if len(arguments) < 2:
        raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
    texts, kind = rewriter.alike(arguments, node)
    return Part(f"{_CHOICES[type(node)]}({', '.join(texts)})", kind)


def _local(rewriter: Rewriter, node: exp.Expression) -> Part:
    """DATE and HOUR."""
    rewriter.only(node, "this")
    part = rewriter.argument(node.this, node)
    if part.type is not Type.TIME:
        raise wrong(FormulaProblem.NEEDS_TIME, node, node.this)
    kind = Type.TEXT if isinstance(node, exp.Date) else Type.NUMBER
    return Part(f"formula_{node.key}({part.sql})", kind)


def _total(rewriter: Rewriter, node: exp.Expression) -> Part:
    """SUM, AVG, MIN, MAX with one argument, and COUNT."""
    rewriter.only(node, "this", "big_int")
    if rewriter.in_total:
        raise FormulaError(FormulaProblem.NESTED_TOTAL, place_of(node), found=name_of(node))
    rewriter.in_total = True
    inner = node.this
    if isinstance(node, exp.Count):
        sql, kind = _count(rewriter, node, inner), Type.NUMBER
    elif isinstance(node, (exp.Min, exp.Max)):
        part = rewriter.argument(inner, node)
        sql, kind = f"{node.key}({part.sql})", part.type
    else:
        sql, kind = f"{node.key}({rewriter.number(inner, node)})", Type.NUMBER
    rewriter.in_total = False
    if sql not in rewriter.totals:
        rewriter.totals.append(sql)
    return Part(f"{{total_{rewriter.totals.index(sql)}}}", kind)


def _count(rewriter: Rewriter, node: exp.Expression, inner: exp.Expression | None) -> str:
    if isinstance(inner, exp.Star):
        return "CAST(count(*) AS REAL)"
    distinct = isinstance(inner, exp.Distinct)
    if isinstance(inner, exp.Distinct):
        rewriter.only(inner, "expressions")
        values = inner.expressions
        if len(values) != 1:
            raise wrong(FormulaProblem.TOO_MANY_ARGUMENTS, node)
        inner = values[0]
    part = rewriter.argument(inner, node)
    return f"CAST(count({'DISTINCT ' if distinct else ''}{part.sql}) AS REAL)"


CALLS: Final[dict[type[exp.Expression], Rule]] = {
    exp.Round: _rounded,
    exp.Abs: _absolute,
    exp.Date: _local,
    exp.Hour: _local,
    exp.Sum: _total,
    exp.Avg: _total,
    exp.Min: _total,
    exp.Max: _total,
    exp.Count: _total,
    **dict.fromkeys(_CHOICES, _choice),
}
