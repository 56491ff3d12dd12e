"""A file export's request: read strictly and whole before any work starts."""

from __future__ import annotations

from .codes import NOT_APPLICABLE, NOT_SUPPORTED, UNKNOWN_FIELD
from .request import async_read_request

__all__ = ["NOT_APPLICABLE", "NOT_SUPPORTED", "UNKNOWN_FIELD", "async_read_request"]
