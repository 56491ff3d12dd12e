"""Custom fields: expressions over the fields of a row, as SQL over the spool.

`compile_formula` reads one, `CustomColumns` computes it for all rows of an export, `guard` stands
behind both. Reading one loads sqlglot, which takes a moment: it belongs into an executor or the
engine's process.
"""

from __future__ import annotations

from .columns import CustomColumns
from .compiling import Formula, compile_formula
from .errors import FormulaError, FormulaProblem
from .guard import guard

__all__ = [
    "CustomColumns",
    "Formula",
    "FormulaError",
    "FormulaProblem",
    "compile_formula",
    "guard",
]
