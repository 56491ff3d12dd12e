"""Columns in which values come again and again: what is made of a value is made once for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_TYPE = type(None)


def each_once[T](convert: Callable[[Any], T], values: Sequence[Any]) -> list[T]:
    """Return what a function makes of values; it is asked once for each that is among them.

    Args:
        convert: a function of nothing but its argument, to which 0.0 and -0.0 are the same.
        values: can be hashed.

    """
    distinct = set(values)
    # Most are different, or some are equal though they are not the same, as 1, 1.0 and True are.
    if 2 * len(distinct) > len(values) or len(set(map(type, values)) - {_NO_TYPE}) > 1:
        return [convert(value) for value in values]
    made = {value: convert(value) for value in distinct}
    return [made[value] for value in values]
