"""A file export's request: read strictly and whole before any work starts."""

from __future__ import annotations

from .codes import INVALID_FORMULA, NOT_APPLICABLE, NOT_SUPPORTED, UNKNOWN_FIELD
from .request import async_read_request
from .rows import async_check_formula

__all__ = [
    "INVALID_FORMULA",
    "NOT_APPLICABLE",
    "NOT_SUPPORTED",
    "UNKNOWN_FIELD",
    "async_check_formula",
    "async_read_request",
]
