"""From a parsed formula to SQL of our own, node by node.

Nothing that the user wrote is pasted: numbers are written anew from their value, texts as quoted
literals, fields and functions through fixed maps. What is not in the maps is refused.
"""

from __future__ import annotations

import math
from dataclasses import field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

from sqlglot import exp

from ..lazy_dataclass import dataclass
from ..readings.fields import Kind
from .errors import FormulaError, FormulaProblem
from .formula import Formula
from .nodes import NAMES, name_of, place_of, wrong
from .scanning import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MAX_NUMBER: Final = 1e15
"""Of a literal; above it a float no longer knows the units."""
_MAX_DIGITS: Final = 15


class _Type(Enum):
    """What a part of a formula gives."""

    NUMBER = auto()
    FLAG = auto()
    TEXT = auto()
    TIME = auto()
    NOTHING = auto()
    """NULL, written as such."""


_KINDS: Final = {
    Kind.NUMBER: _Type.NUMBER,
    Kind.AMOUNT: _Type.NUMBER,
    Kind.FLAG: _Type.FLAG,
    Kind.TEXT: _Type.TEXT,
    Kind.TIME: _Type.TIME,
}
_RESULTS: Final = {
    _Type.NUMBER: Kind.NUMBER,
    _Type.FLAG: Kind.FLAG,
    _Type.TEXT: Kind.TEXT,
    _Type.TIME: Kind.TIME,
}
_NUMERIC: Final = (_Type.NUMBER, _Type.FLAG)


def rewrite(text: str, tree: exp.Expression, fields: Mapping[str, Kind]) -> Formula:
    """Return a parsed formula as SQL templates.

    Args:
        text: as the user wrote it.
        tree: the same, parsed.
        fields: the names it may use, in lower case, and what they hold.

    Raises:
        FormulaError: it holds something that no formula has.

    """
    return _Rewriter(text, fields).formula(tree)


@dataclass(slots=True)
class _Part:
    """A rewritten part of a formula."""

    sql: str
    type: _Type


@dataclass(slots=True)
class _Rewriter:
    """Rewrites one formula; a method for each kind of node."""

    text: str
    known: Mapping[str, Kind]
    used: set[str] = field(default_factory=set)
    totals: list[str] = field(default_factory=list)
    in_total: bool = False

    def formula(self, tree: exp.Expression) -> Formula:
        """Return the formula of a whole tree."""
        part = self.part(tree)
        if part.type is _Type.NOTHING:
            raise FormulaError(FormulaProblem.NO_VALUE, 1)
        row = part.sql
        if part.type is _Type.NUMBER:
            # No file format has a way to write infinity.
            row = f"nullif(nullif({row}, 9e999), -9e999)"
        return Formula(
            self.text, _RESULTS[part.type], frozenset(self.used), tuple(self.totals), row
        )

    def part(self, node: exp.Expression) -> _Part:
        """Rewrite a node and everything in it."""
        rewrite = _REWRITES.get(type(node))
        if rewrite is None:
            raise self.refused(node)
        return rewrite(self, node)

    def refused(self, node: exp.Expression) -> FormulaError:
        """Return the error for a node that no formula has."""
        return FormulaError(
            FormulaProblem.NOT_ALLOWED, place_of(node), found=shown(node.key.upper())
        )

    def only(self, node: exp.Expression, *names: str) -> None:
        """Refuse a node that has more to it than what is rewritten."""
        for name, value in node.args.items():
            if value and name not in names:
                raise wrong(FormulaProblem.TOO_MANY_ARGUMENTS, node)

    def number(self, node: exp.Expression | None, owner: exp.Expression) -> str:
        """Rewrite a node that must be a number; true is 1 and false is 0."""
        part = self.argument(node, owner)
        if part.type is _Type.FLAG:
            return f"CAST({part.sql} AS REAL)"
        if part.type is not _Type.NUMBER:
            raise wrong(FormulaProblem.NEEDS_NUMBER, owner, node)
        return part.sql

    def condition(self, node: exp.Expression | None, owner: exp.Expression) -> str:
        """Rewrite a node that must be true or false; a number that is not zero is true."""
        part = self.argument(node, owner)
        if part.type not in _NUMERIC:
            raise wrong(FormulaProblem.NEEDS_CONDITION, owner, node)
        return part.sql if part.type is _Type.FLAG else f"({part.sql} <> 0.0)"

    def argument(self, node: exp.Expression | None, owner: exp.Expression) -> _Part:
        """Rewrite an argument that must be there."""
        if node is None:
            raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, owner)
        return self.part(node)

    def alike(
        self, nodes: Sequence[exp.Expression], owner: exp.Expression
    ) -> tuple[list[str], _Type]:
        """Rewrite parts of which any may be the value: they must be of one type, or NULL."""
        parts = [self.part(node) for node in nodes]
        found = [part.type for part in parts if part.type is not _Type.NOTHING]
        if not found:
            return [part.sql for part in parts], _Type.NOTHING
        wanted = found[0]
        if set(found) == set(_NUMERIC):
            wanted = _Type.NUMBER
        texts = []
        for part, node in zip(parts, nodes, strict=True):
            if part.type is _Type.FLAG and wanted is _Type.NUMBER:
                texts.append(f"CAST({part.sql} AS REAL)")
                continue
            if part.type not in (wanted, _Type.NOTHING):
                raise wrong(FormulaProblem.NOT_ALIKE, owner, node)
            texts.append(part.sql)
        return texts, wanted

    def column(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        name = node.name.lower()
        if node.this.args.get("quoted") or name not in self.known:
            raise FormulaError(
                FormulaProblem.UNKNOWN_FIELD,
                place_of(node),
                found=shown(node.name),
                known=", ".join(self.known),
            )
        self.used.add(name)
        kind = _KINDS[self.known[name]]
        place = f"{{{name}}}"
        return _Part(f"CAST({place} AS REAL)" if kind is _Type.NUMBER else place, kind)

    def literal(self, node: exp.Expression) -> _Part:
        value = cast(str, node.this)
        if node.args.get("is_string"):
            quoted = value.replace("'", "''").replace("{", "{{").replace("}", "}}")
            return _Part(f"'{quoted}'", _Type.TEXT)
        number = float(value)
        if not math.isfinite(number) or number > MAX_NUMBER:
            raise FormulaError(
                FormulaProblem.NUMBER_TOO_LARGE,
                place_of(node),
                found=shown(value),
                limit=f"{MAX_NUMBER:.0e}",
            )
        return _Part(repr(number), _Type.NUMBER)

    def boolean(self, node: exp.Expression) -> _Part:
        return _Part("1" if node.this else "0", _Type.FLAG)

    def null(self, _: exp.Expression) -> _Part:
        return _Part("NULL", _Type.NOTHING)

    def paren(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        return self.argument(node.this, node)

    def minus(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        return _Part(f"(- {self.number(node.this, node)})", _Type.NUMBER)

    def arithmetic(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "expression", "typed", "safe")
        left = self.number(node.this, node)
        right = self.number(node.args.get("expression"), node)
        return _Part(_ARITHMETIC[type(node)].format(left=left, right=right), _Type.NUMBER)

    def comparison(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "expression")
        sides = [node.this, node.args.get("expression")]
        for side in sides:
            if side is None:
                raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
            if type(side) in _COMPARISONS:
                raise FormulaError(FormulaProblem.CHAINED, place_of(side))
            if isinstance(side, exp.Null):
                raise FormulaError(FormulaProblem.NULL_COMPARED, place_of(node))
        (left, right), _ = self.alike(sides, node)
        return _Part(f"({left} {_COMPARISONS[type(node)]} {right})", _Type.FLAG)

    def junction(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "expression")
        left = self.condition(node.this, node)
        right = self.condition(node.args.get("expression"), node)
        return _Part(f"({left} {node.key.upper()} {right})", _Type.FLAG)

    def negation(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        return _Part(f"(NOT {self.condition(node.this, node)})", _Type.FLAG)

    def is_null(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "expression")
        if not isinstance(node.args.get("expression"), exp.Null):
            raise self.refused(node)
        return _Part(f"({self.argument(node.this, node).sql} IS NULL)", _Type.FLAG)

    def case(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "ifs", "default")
        subject = node.args.get("this")
        branches = node.args.get("ifs") or []
        if not branches:
            raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
        for branch in branches:
            self.only(branch, "this", "true")
        compared = ""
        if subject is None:
            conditions = [self.condition(branch.this, node) for branch in branches]
        else:
            values = [subject, *(branch.this for branch in branches)]
            (compared, *conditions), _ = self.alike(values, node)
        default = node.args.get("default")
        results = [branch.args["true"] for branch in branches]
        texts, kind = self.alike(results if default is None else [*results, default], node)
        whens = [
            f"WHEN {condition} THEN {result}"
            for condition, result in zip(conditions, texts, strict=False)
        ]
        otherwise = "NULL" if default is None else texts[-1]
        return _Part(f"(CASE {compared} {' '.join(whens)} ELSE {otherwise} END)", kind)

    def rounded(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "decimals")
        value = self.number(node.this, node)
        digits = node.args.get("decimals")
        sign, plain = (-1, digits.this) if isinstance(digits, exp.Neg) else (1, digits)
        count = 0
        if plain is not None:
            written = plain.this if isinstance(plain, exp.Literal) else None
            if (
                not isinstance(written, str)
                or not written.isdecimal()
                or int(written) > _MAX_DIGITS
            ):
                raise FormulaError(
                    FormulaProblem.WRONG_DIGITS, place_of(digits or node), limit=_MAX_DIGITS
                )
            count = sign * int(written)
        return _Part(f"formula_round({value}, {count})", _Type.NUMBER)

    def absolute(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        return _Part(f"abs({self.number(node.this, node)})", _Type.NUMBER)

    def choice(self, node: exp.Expression) -> _Part:
        """MIN, MAX with several arguments, and COALESCE."""
        self.only(node, "this", "expressions", "ignore_nulls")
        arguments = [node.this, *node.args.get("expressions", [])]
        if len(arguments) < 2:
            raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, node)
        texts, kind = self.alike(arguments, node)
        return _Part(f"{_CHOICES[type(node)]}({', '.join(texts)})", kind)

    def local(self, node: exp.Expression) -> _Part:
        """DATE and HOUR."""
        self.only(node, "this")
        part = self.argument(node.this, node)
        if part.type is not _Type.TIME:
            raise wrong(FormulaProblem.NEEDS_TIME, node, node.this)
        kind = _Type.TEXT if isinstance(node, exp.Date) else _Type.NUMBER
        return _Part(f"formula_{node.key}({part.sql})", kind)

    def total(self, node: exp.Expression) -> _Part:
        """SUM, AVG, MIN, MAX with one argument, and COUNT."""
        self.only(node, "this", "big_int")
        if self.in_total:
            raise FormulaError(FormulaProblem.NESTED_TOTAL, place_of(node), found=name_of(node))
        self.in_total = True
        inner = node.this
        if isinstance(node, exp.Count):
            sql, kind = self._count(node, inner), _Type.NUMBER
        elif isinstance(node, (exp.Min, exp.Max)):
            part = self.argument(inner, node)
            sql, kind = f"{node.key}({part.sql})", part.type
        else:
            sql, kind = f"{node.key}({self.number(inner, node)})", _Type.NUMBER
        self.in_total = False
        if sql not in self.totals:
            self.totals.append(sql)
        return _Part(f"{{total_{self.totals.index(sql)}}}", kind)

    def _count(self, node: exp.Expression, inner: exp.Expression | None) -> str:
        if isinstance(inner, exp.Star):
            return "CAST(count(*) AS REAL)"
        distinct = isinstance(inner, exp.Distinct)
        if isinstance(inner, exp.Distinct):
            self.only(inner, "expressions")
            values = inner.expressions
            if len(values) != 1:
                raise wrong(FormulaProblem.TOO_MANY_ARGUMENTS, node)
            inner = values[0]
        part = self.argument(inner, node)
        return f"CAST(count({'DISTINCT ' if distinct else ''}{part.sql}) AS REAL)"


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
_CHOICES: Final[dict[type[exp.Expression], str]] = {
    exp.Least: "min",
    exp.Greatest: "max",
    exp.Coalesce: "coalesce",
}
_REWRITES: Final[dict[type[exp.Expression], Callable[[_Rewriter, exp.Expression], _Part]]] = {
    exp.Column: _Rewriter.column,
    exp.Literal: _Rewriter.literal,
    exp.Boolean: _Rewriter.boolean,
    exp.Null: _Rewriter.null,
    exp.Paren: _Rewriter.paren,
    exp.Neg: _Rewriter.minus,
    exp.And: _Rewriter.junction,
    exp.Or: _Rewriter.junction,
    exp.Not: _Rewriter.negation,
    exp.Is: _Rewriter.is_null,
    exp.Case: _Rewriter.case,
    exp.Round: _Rewriter.rounded,
    exp.Abs: _Rewriter.absolute,
    exp.Date: _Rewriter.local,
    exp.Hour: _Rewriter.local,
    exp.Sum: _Rewriter.total,
    exp.Avg: _Rewriter.total,
    exp.Min: _Rewriter.total,
    exp.Max: _Rewriter.total,
    exp.Count: _Rewriter.total,
    **dict.fromkeys(_ARITHMETIC, _Rewriter.arithmetic),
    **dict.fromkeys(_COMPARISONS, _Rewriter.comparison),
    **dict.fromkeys(_CHOICES, _Rewriter.choice),
}
