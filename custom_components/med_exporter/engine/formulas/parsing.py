"""From a formula's text to SQL templates: scan, parse, rewrite."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .errors import FormulaError, FormulaProblem
from .rewriting import rewrite
from .scanning import MAX_DEPTH, scan, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot.tokenizer_core import Token

    from ..readings.fields import Kind
    from .formula import Formula


def parse_formula(text: str, fields: Mapping[str, Kind]) -> Formula:
    """Return a formula as SQL templates; see `compile_formula`."""
    tokens = scan(text, fields)
    try:
        trees = sqlglot.parse(text, read="sqlite")
        if len(trees) != 1 or trees[0] is None:
            raise FormulaError(FormulaProblem.INCOMPLETE, 1, found=shown(text))
        return rewrite(text, cast(exp.Expression, trees[0]), fields)
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
