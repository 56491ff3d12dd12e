"""What rewriting a formula is made of: its parts, and what is asked of the arguments of each."""

from __future__ import annotations

from dataclasses import field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .errors import FormulaError, FormulaProblem
from .nodes import place_of, wrong
from .scanning import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlglot import exp

    from ..readings.fields import Kind

    type Rule = Callable[[Rewriter, exp.Expression], Part]


class Type(Enum):
    """What a part of a formula gives."""

    NUMBER = auto()
    FLAG = auto()
    TEXT = auto()
    TIME = auto()
    NOTHING = auto()
    """NULL, written as such."""


_NUMERIC: Final = (Type.NUMBER, Type.FLAG)


@dataclass(slots=True)
class Part:
    """A rewritten part of a formula: SQL, and the type of its value."""

    sql: str
    type: Type


@dataclass(slots=True)
class Rewriter:
    """Rewrites one formula, each kind of node by its rule.

    Args:
        known: the names that the formula may use, in lower case, and what they hold.
        rules: what rewrites a node of each kind; any other is refused.
        used: the names that it has used so far.
        totals: the SQL of the aggregates that it has met so far, each once.
        in_total: whether what is being rewritten stands inside an aggregate.

    """

    known: Mapping[str, Kind]
    rules: Mapping[type[exp.Expression], Rule]
    used: set[str] = field(default_factory=set)
    totals: list[str] = field(default_factory=list)
    in_total: bool = False

    def part(self, node: exp.Expression) -> Part:
        """Rewrite a node and everything in it."""
        rule = self.rules.get(type(node))
        if rule is None:
            raise self.refused(node)
        return rule(self, node)

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
        if part.type is Type.FLAG:
            return f"CAST({part.sql} AS REAL)"
        if part.type is not Type.NUMBER:
            raise wrong(FormulaProblem.NEEDS_NUMBER, owner, node)
        return part.sql

    def condition(self, node: exp.Expression | None, owner: exp.Expression) -> str:
        """Rewrite a node that must be true or false; a number that is not zero is true."""
        part = self.argument(node, owner)
        if part.type not in _NUMERIC:
            raise wrong(FormulaProblem.NEEDS_CONDITION, owner, node)
        return part.sql if part.type is Type.FLAG else f"({part.sql} <> 0.0)"

    def argument(self, node: exp.Expression | None, owner: exp.Expression) -> Part:
        """Rewrite an argument that must be there."""
        if node is None:
            raise wrong(FormulaProblem.TOO_FEW_ARGUMENTS, owner)
        return self.part(node)

    def alike(
        self, nodes: Sequence[exp.Expression], owner: exp.Expression
    ) -> tuple[list[str], Type]:
        """Rewrite parts of which any may be the value: they must be of one type, or NULL."""
        parts = [self.part(node) for node in nodes]
        found = [part.type for part in parts if part.type is not Type.NOTHING]
        if not found:
            return [part.sql for part in parts], Type.NOTHING
        wanted = found[0]
        if set(found) == set(_NUMERIC):
            wanted = Type.NUMBER
        texts = []
        for part, node in zip(parts, nodes, strict=True):
            if part.type is Type.FLAG and wanted is Type.NUMBER:
                texts.append(f"CAST({part.sql} AS REAL)")
                continue
            if part.type not in (wanted, Type.NOTHING):
                raise wrong(FormulaProblem.NOT_ALIKE, owner, node)
            texts.append(part.sql)
        return texts, wanted
