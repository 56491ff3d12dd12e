"""From a parsed formula to SQL of our own, node by node.

Nothing that the user wrote is pasted: numbers are written anew from their value, texts as quoted
literals, fields and functions through fixed maps. What is not in the maps is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..readings.fields import Kind
from .calls import CALLS
from .errors import FormulaError, FormulaProblem
from .formula import Formula
from .operators import OPERATORS
from .rewriter import Rewriter, Type
from .whole import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

_RESULTS: Final = {
    Type.NUMBER: Kind.NUMBER,
    Type.FLAG: Kind.FLAG,
    Type.TEXT: Kind.TEXT,
    Type.TIME: Kind.TIME,
}
_RULES: Final = {**OPERATORS, **CALLS}


def rewrite(text: str, tree: exp.Expression, fields: Mapping[str, Kind]) -> Formula:
    """Return a parsed formula as SQL templates.

    Args:
        text: as the user wrote it.
        tree: the same, parsed.
        fields: the names it may use, in lower case, and what they hold.

    Raises:
        FormulaError: it holds something that no formula has.

    """
    rewriter = Rewriter(fields, _RULES)
    part = rewriter.part(tree)
    if part.type is Type.NOTHING:
        raise FormulaError(FormulaProblem.NO_VALUE, 1)
    row = part.sql
    if part.type is Type.NUMBER:
        # No file format has a way to write infinity.
        row = f"nullif(nullif({row}, 9e999), -9e999)"
    return Formula(
        text,
        _RESULTS[part.type],
        frozenset(rewriter.used),
        tuple(rewriter.totals),
        row,
        part.type is Type.NUMBER and is_whole(tree, fields),
    )
