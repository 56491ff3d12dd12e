"""Strict reading of a JSON object from outside: each mistake is told with its field's name."""

from __future__ import annotations

import math
import re
from typing import Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from .engine.object_reader import INVALID_REQUEST, INVALID_VALUE, shown, whole
from .engine.object_reader import ObjectReader as EngineReader
from .errors import InvalidRequest

__all__ = [
    "INVALID_REQUEST",
    "INVALID_VALUE",
    "NotANumberError",
    "ObjectReader",
    "shown",
    "typed_flag",
    "typed_number",
    "typed_whole",
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


def typed_whole(value: object) -> int:
    """Return a whole number, as `typed_number` takes numbers. Raises NotANumberError for 1.5."""
    number = whole(typed_number(value))
    if number is None:
        raise NotANumberError
    return number


def typed_flag(value: object) -> bool:
    """Return true or false, in any of the words that Home Assistant has for them, or as 1 or 0.

    Raises vol.Invalid, as a schema wants it, for all else: Home Assistant takes 0.5 for true.
    """
    if isinstance(value, (int, float)) and value not in {0, 1}:
        raise vol.Invalid("neither true nor false")
    return cv.boolean(value)


class ObjectReader(EngineReader):
    """One whose mistakes are those that callers are told: all methods raise InvalidRequest."""

    error = InvalidRequest
