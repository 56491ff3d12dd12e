"""Nodes of a parsed formula as errors tell of them: where they stand and what they are called."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from .errors import FormulaError, FormulaProblem

NAMES: Final[dict[type[exp.Expression], str]] = {
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.Add: "+",
    exp.Sub: "-",
    exp.Neg: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Least: "MIN",
    exp.Greatest: "MAX",
}


def wrong(
    problem: FormulaProblem, owner: exp.Expression, node: exp.Expression | None = None
) -> FormulaError:
    """Return the error for a part of a function or operation, at that part."""
    return FormulaError(problem, place_of(node or owner), found=name_of(owner))


def place_of(node: exp.Expression) -> int:
    """Return at which character the first part of a node stands, counted from 1."""
    starts = [inner.meta["start"] for inner in node.walk() if "start" in inner.meta]
    return min(starts, default=0) + 1


def name_of(node: exp.Expression) -> str:
    """Return how an error calls a node."""
    return NAMES.get(type(node), node.key.upper())
