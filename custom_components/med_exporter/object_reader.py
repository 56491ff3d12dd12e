"""Strict reading of a JSON object from outside: each mistake is told with its field's name."""

from __future__ import annotations

import math
import re
from typing import Final

from .engine.object_reader import INVALID_REQUEST, INVALID_VALUE, shown
from .engine.object_reader import ObjectReader as EngineReader
from .errors import InvalidRequest

__all__ = [
    "INVALID_REQUEST",
    "INVALID_VALUE",
    "NotANumberError",
    "ObjectReader",
    "shown",
    "typed_number",
]

_NUMBER: Final = re.compile(
    r"[+-]?(\d{1,30}(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE
)


class NotANumberError(ValueError):
    """What somebody gave for a number is none."""


def typed_number(value: object) -> float:
    """Return a number, also one that forms and templates give as a text.

    Raises NotANumberError. Python's own takes more for one: true, full-width digits, `1_000`.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotANumberError
    try:
        number = float(value)
    except OverflowError as err:
        raise NotANumberError from err
    if not math.isfinite(number):
        raise NotANumberError
    return number


class ObjectReader(EngineReader):
    """One whose mistakes are those that callers are told: all methods raise InvalidRequest."""

    error = InvalidRequest
