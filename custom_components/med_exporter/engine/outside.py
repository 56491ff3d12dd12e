"""What a server, a plug, a user or a file says, made fit to be kept and shown."""

from __future__ import annotations

import re
from typing import Any, Final

LONGEST: Final = 500
"""Characters that are kept of a text, more than any sentence that a person reads."""

LONGEST_NAME: Final = 100
"""Characters that are kept of what a device is called."""

_MOST_PARTS: Final = 200
_DEEPEST: Final = 5
# Control characters, line breaks of Unicode, marks that turn the direction of what follows.
_INVISIBLE: Final = re.compile(
    "[\x00-\x20\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+"
)
# What bytes of an unknown encoding become in Python's own libraries; no UTF-8 takes them.
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def clean(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line that any database, JSON and page takes.

    Lone surrogates become U+FFFD; runs of white space, control characters and marks of direction
    become one space, and none at the ends; what is longer than `longest` characters ends in an
    ellipsis.
    """
    # What is thrown away is not worked on: a text may hold a megabyte.
    text = _LONE_SURROGATE.sub("\ufffd", text[: longest * 4])
    text = _INVISIBLE.sub(" ", text).strip()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def cleaned(value: object, depth: int = _DEEPEST) -> Any:  # noqa: ANN401
    """Return a JSON value whose every text and name is clean, cut in number and in depth too."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        parts = list(value.items())[:_MOST_PARTS]
        return {clean(str(name)): cleaned(one, depth - 1) for name, one in parts}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(one, depth - 1) for one in list(value)[:_MOST_PARTS]]
    return clean(str(value))
