"""Strict reading of a JSON object from outside: each mistake is told with its field's name."""

from __future__ import annotations

from .engine.object_reader import INVALID_REQUEST, INVALID_VALUE, shown
from .engine.object_reader import ObjectReader as EngineReader
from .errors import InvalidRequest

__all__ = ["INVALID_REQUEST", "INVALID_VALUE", "ObjectReader", "shown"]


class ObjectReader(EngineReader):
    """One whose mistakes are those that callers are told: all methods raise InvalidRequest."""

    error = InvalidRequest
