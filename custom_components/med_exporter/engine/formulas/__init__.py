"""Custom fields: expressions over the fields of a row, as SQL over the spool.

`compile_formula` reads one, `CustomColumns` computes it for all rows of an export, `guard` stands
behind both. Compiling loads sqlglot, which takes a moment: it belongs into an executor or the
engine's process. Importing this package does not.
"""

from __future__ import annotations

from .columns import CustomColumns
from .compiling import compile_formula
from .errors import FormulaError, FormulaProblem
from .formula import Formula
from .guard import guard

__all__ = [
    "CustomColumns",
    "Formula",
    "FormulaError",
    "FormulaProblem",
    "compile_formula",
    "guard",
]
