"""From a formula's text to SQL of our own, node by node from the checked tree.

Nothing that the user wrote is pasted: numbers are written anew from their value, texts as quoted
literals, fields and functions through fixed maps. What is not in the maps is refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..fields import Kind
from .errors import FormulaError, FormulaProblem
from .scanning import MAX_DEPTH, scan, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlglot.tokens import Token

MAX_NUMBER: Final = 1e15
"""Of a literal; above it a float no longer knows the units."""
_MAX_DIGITS: Final = 15


class _Type(Enum):
    """What a part of a formula gives; the value is how an error calls it."""

    NUMBER = "a number"
    FLAG = "true or false"
    TEXT = "a text"
    TIME = "a time"
    NOTHING = "NULL"


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


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as SQL templates, to be filled with `str.format_map`.

    Attributes:
        text: as the user wrote it.
        kind: of its values: NUMBER, FLAG, TEXT or TIME.
        fields: the names of the fields it uses; each stands in the templates in braces.
        totals: aggregate expressions, to be computed once per device.
        row: the expression for a row; the totals stand in it as `{total_0}` and so on. It has no
            value where a needed one is not known, a divisor is zero or a number overflows.

    """

    text: str
    kind: Kind
    fields: frozenset[str]
    totals: tuple[str, ...]
    row: str


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
    tokens = scan(text, fields)
    try:
        trees = sqlglot.parse(text, read="sqlite")
        if len(trees) != 1 or trees[0] is None:
            raise FormulaError(FormulaProblem.INCOMPLETE, 1, found=shown(text))
        return _Compiler(text, fields).formula(cast(exp.Expression, trees[0]))
    except SqlglotError as err:
        place, found = _place_of(err, tokens)
        raise FormulaError(FormulaProblem.INCOMPLETE, place, found=found) from err
    except RecursionError as err:
        raise FormulaError(FormulaProblem.TOO_DEEP, 1, limit=MAX_DEPTH) from err


def _place_of(err: SqlglotError, tokens: Sequence[Token]) -> tuple[int, str]:
    """Return where the parser stopped."""
    known = getattr(err, "errors", None) or [{}]
    line, column = known[0].get("line"), known[0].get("col")
    at = next((token for token in tokens if (token.line, token.col) == (line, column)), tokens[-1])
    return at.start + 1, shown(at.text)


@dataclass(slots=True)
class _Part:
    """A rewritten part of a formula."""

    sql: str
    type: _Type


@dataclass(slots=True)
class _Compiler:
    """Rewrites one formula."""

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
        return FormulaError(FormulaProblem.NOT_ALLOWED, _place(node), found=shown(node.key.upper()))

    def only(self, node: exp.Expression, *names: str) -> None:
        """Refuse a node that has more to it than what is rewritten."""
        for name, value in node.args.items():
            if value and name not in names:
                raise FormulaError(
                    FormulaProblem.WRONG_ARGUMENTS, _place(node), found=_name(node), expected="less"
                )

    def number(self, node: exp.Expression | None, owner: exp.Expression) -> str:
        """Rewrite a node that must be a number; true is 1 and false is 0."""
        part = self.argument(node, owner)
        if part.type is _Type.FLAG:
            return f"CAST({part.sql} AS REAL)"
        self.expect(part, owner, node, _Type.NUMBER)
        return part.sql

    def condition(self, node: exp.Expression | None, owner: exp.Expression) -> str:
        """Rewrite a node that must be true or false; a number that is not zero is true."""
        part = self.argument(node, owner)
        self.expect(part, owner, node, _Type.FLAG, _Type.NUMBER)
        return part.sql if part.type is _Type.FLAG else f"({part.sql} <> 0.0)"

    def argument(self, node: exp.Expression | None, owner: exp.Expression) -> _Part:
        """Rewrite an argument that must be there."""
        if node is None:
            raise FormulaError(
                FormulaProblem.WRONG_ARGUMENTS, _place(owner), found=_name(owner), expected="more"
            )
        return self.part(node)

    def expect(
        self,
        part: _Part,
        owner: exp.Expression,
        node: exp.Expression | None,
        *types: _Type,
    ) -> None:
        """Refuse a part of another type."""
        if part.type not in types:
            raise FormulaError(
                FormulaProblem.WRONG_TYPE,
                _place(node or owner),
                found=_name(owner),
                expected=types[0].value,
                given=part.type.value,
            )

    def alike(self, nodes: Sequence[exp.Expression], owner: exp.Expression) -> tuple[list[str], _Type]:
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
            self.expect(part, owner, node, wanted, _Type.NOTHING)
            texts.append(part.sql)
        return texts, wanted

    # One method for each kind of node.

    def column(self, node: exp.Expression) -> _Part:
        self.only(node, "this")
        name = node.name.lower()
        if node.this.args.get("quoted") or name not in self.known:
            raise FormulaError(
                FormulaProblem.UNKNOWN_FIELD,
                _place(node),
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
                _place(node),
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
            if type(side) in _COMPARISONS:
                raise FormulaError(FormulaProblem.CHAINED, _place(side))
        parts = [self.argument(side, node) for side in sides]
        for part, side in zip(parts, sides, strict=True):
            # A comparison with NULL is never true, which is never meant.
            self.expect(part, node, side, _Type.NUMBER, _Type.FLAG, _Type.TEXT, _Type.TIME)
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
            raise FormulaError(
                FormulaProblem.WRONG_ARGUMENTS, _place(node), found="CASE", expected="a WHEN"
            )
        conditions = []
        for branch in branches:
            self.only(branch, "this", "true")
            if subject is None:
                conditions.append(self.condition(branch.this, node))
            else:
                (left, right), _ = self.alike([subject, branch.this], node)
                conditions.append(f"({left} = {right})")
        default = node.args.get("default")
        results = [branch.args["true"] for branch in branches]
        texts, kind = self.alike(results if default is None else [*results, default], node)
        whens = [
            f"WHEN {condition} THEN {result}"
            for condition, result in zip(conditions, texts, strict=False)
        ]
        otherwise = "NULL" if default is None else texts[-1]
        return _Part(f"(CASE {' '.join(whens)} ELSE {otherwise} END)", kind)

    def rounded(self, node: exp.Expression) -> _Part:
        self.only(node, "this", "decimals")
        value = self.number(node.this, node)
        digits = node.args.get("decimals")
        sign, plain = (-1, digits.this) if isinstance(digits, exp.Neg) else (1, digits)
        count = 0
        if plain is not None:
            written = plain.this if isinstance(plain, exp.Literal) else None
            if not isinstance(written, str) or not written.isdecimal() or int(written) > _MAX_DIGITS:
                raise FormulaError(
                    FormulaProblem.WRONG_ARGUMENTS,
                    _place(plain) if plain else _place(node),
                    found="ROUND",
                    expected=f"a value and a whole number of digits up to {_MAX_DIGITS}",
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
        if len(arguments) < 2:  # noqa: PLR2004
            raise FormulaError(
                FormulaProblem.WRONG_ARGUMENTS,
                _place(node),
                found=_name(node),
                expected="two arguments or more",
            )
        texts, kind = self.alike(arguments, node)
        return _Part(f"{_CHOICES[type(node)]}({', '.join(texts)})", kind)

    def local(self, node: exp.Expression) -> _Part:
        """DATE and HOUR."""
        self.only(node, "this")
        part = self.argument(node.this, node)
        self.expect(part, node, node.this, _Type.TIME)
        kind = _Type.TEXT if isinstance(node, exp.Date) else _Type.NUMBER
        return _Part(f"formula_{node.key}({part.sql})", kind)

    def total(self, node: exp.Expression) -> _Part:
        """SUM, AVG, MIN, MAX with one argument, and COUNT."""
        self.only(node, "this", "big_int")
        if self.in_total:
            raise FormulaError(FormulaProblem.NESTED_TOTAL, _place(node), found=_name(node))
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
                raise FormulaError(
                    FormulaProblem.WRONG_ARGUMENTS,
                    _place(node),
                    found="COUNT(DISTINCT …)",
                    expected="one argument",
                )
            inner = values[0]
        part = self.argument(inner, node)
        return f"CAST(count({'DISTINCT ' if distinct else ''}{part.sql}) AS REAL)"


def _place(node: exp.Expression) -> int:
    """Return at which character a node, or the first of its parts that knows, begins."""
    for inner in node.walk():
        start = inner.meta.get("start")
        if isinstance(start, int):
            return start + 1
    return 1


def _name(node: exp.Expression) -> str:
    """Return how an error calls a node."""
    return _SIGNS.get(type(node), node.key.upper())


_ARITHMETIC: Final[dict[type[exp.Expression], str]] = {
    exp.Add: "({left} + {right})",
    exp.Sub: "({left} - {right})",
    exp.Mul: "({left} * {right})",
    exp.Div: "({left} / nullif({right}, 0.0))",
    exp.Mod: "formula_modulo({left}, {right})",
}
_COMPARISONS: Final[dict[type[exp.Expression], str]] = {
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.EQ: "=",
    exp.NEQ: "<>",
}
_CHOICES: Final[dict[type[exp.Expression], str]] = {
    exp.Least: "min",
    exp.Greatest: "max",
    exp.Coalesce: "coalesce",
}
_SIGNS: Final[dict[type[exp.Expression], str]] = {
    **_COMPARISONS,
    exp.Add: "+",
    exp.Sub: "-",
    exp.Neg: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Least: "MIN",
    exp.Greatest: "MAX",
}
_REWRITES: Final[dict[type[exp.Expression], Callable[[_Compiler, exp.Expression], _Part]]] = {
    exp.Column: _Compiler.column,
    exp.Literal: _Compiler.literal,
    exp.Boolean: _Compiler.boolean,
    exp.Null: _Compiler.null,
    exp.Paren: _Compiler.paren,
    exp.Neg: _Compiler.minus,
    exp.And: _Compiler.junction,
    exp.Or: _Compiler.junction,
    exp.Not: _Compiler.negation,
    exp.Is: _Compiler.is_null,
    exp.Case: _Compiler.case,
    exp.Round: _Compiler.rounded,
    exp.Abs: _Compiler.absolute,
    exp.Date: _Compiler.local,
    exp.Hour: _Compiler.local,
    exp.Sum: _Compiler.total,
    exp.Avg: _Compiler.total,
    exp.Min: _Compiler.total,
    exp.Max: _Compiler.total,
    exp.Count: _Compiler.total,
    **dict.fromkeys(_ARITHMETIC, _Compiler.arithmetic),
    **dict.fromkeys(_COMPARISONS, _Compiler.comparison),
    **dict.fromkeys(_CHOICES, _Compiler.choice),
}
