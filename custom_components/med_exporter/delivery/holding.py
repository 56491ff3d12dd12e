"""What a template holds while it is rendered: no value so large that one step on it takes long.

Python ends no single step, and lets nobody else work meanwhile: to take a text of megabytes apart,
or to compare lists that hold each other. So all that a template has at hand is looked at between
its steps, where the step that made it was a small one.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from jinja2.utils import Namespace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import FrameType

    from _typeshed import TraceFunction

MOST_OF_A_TEXT: Final = 20_000
"""Characters of a text that a template keeps."""

MOST_OF_A_LIST: Final = 200_000
"""Characters in a list or mapping that a template keeps, and four for each of its items."""

# What Jinja calls the source of a template that has no file.
_SOURCE: Final = "<template>"
_LISTS: Final = (list, tuple, set, frozenset)


class HeavyValueError(Exception):
    """A template keeps more than any message needs."""


@contextmanager
def small_values(attributes: Collection[str]) -> Iterator[None]:
    """Raise HeavyValueError where a template that is rendered in this thread keeps too much.

    `attributes` are those that it gives its namespaces.
    """

    def enter(frame: FrameType, _event: str, _value: object) -> TraceFunction | None:
        return _looks(attributes) if frame.f_code.co_filename == _SOURCE else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)


def _looks(attributes: Collection[str]) -> TraceFunction:
    """Return what is called between the steps of one part of a template."""
    # What was there already is not looked at again: a template changes no value, it makes others.
    seen: dict[Any, object] = {}

    def look(frame: FrameType, event: str, _value: object) -> TraceFunction:
        if event in {"line", "return"}:
            for name, value in frame.f_locals.items():
                if isinstance(value, Namespace):
                    for attribute in attributes:
                        _check(seen, (name, attribute), getattr(value, attribute, None))
                else:
                    _check(seen, name, value)
        return look

    return look


def _check(seen: dict[Any, object], name: object, value: object) -> None:
    if seen.get(name) is value:
        return
    seen[name] = value
    if isinstance(value, str | bytes):
        if len(value) > MOST_OF_A_TEXT:
            raise HeavyValueError
    elif _weight(value, MOST_OF_A_LIST) > MOST_OF_A_LIST:
        raise HeavyValueError


def _weight(value: object, most: int) -> int:
    """Return how much a value holds, no more than a little beyond `most`."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        parts: Any = (part for pair in value.items() for part in pair)
    elif isinstance(value, _LISTS):
        parts = value
    else:
        return 1
    weight = 4
    for part in parts:
        weight += 4 + _weight(part, most - weight)
        if weight > most:
            break
    return weight
