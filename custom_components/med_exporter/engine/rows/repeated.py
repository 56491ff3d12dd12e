"""Columns in which values come again and again: what is made of a value is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_NO_TYPE = type(None)
_MOST = 4096
"""Values that are remembered between pieces of a column."""


class Made[T]:
    """What a function makes of the values of a column, piece after piece.

    What it has made of a value is remembered, unless most values of a piece were new.

    Args:
        convert: a function of nothing but its argument, to which 0.0 and -0.0 are the same.
        by_kind: whether equal values may differ to it, as 1, 1.0 and True do in texts.

    """

    def __init__(self, convert: Callable[[Any], T], *, by_kind: bool = True) -> None:
        self._convert = convert
        self._by_kind = by_kind
        self._known = _Known(convert)
        self._kind: type = _NO_TYPE
        self._is_repeated = True

    def of(self, values: Collection[Any]) -> list[T]:
        """Return what is made of the next values, which can be hashed."""
        if not self._is_repeated or (self._by_kind and not self._are_of_one_kind(values)):
            return list(map(self._convert, values))
        if len(self._known) > _MOST:
            self._known.clear()
        before = len(self._known)
        made = list(map(self._known.__getitem__, values))
        self._is_repeated = 2 * (len(self._known) - before) <= max(len(values), _MOST)
        return made

    def _are_of_one_kind(self, values: Collection[Any]) -> bool:
        """Tell whether those that are equal are the same."""
        kinds = set(map(type, values))
        kinds.discard(_NO_TYPE)
        if len(kinds) > 1:
            return False
        for kind in kinds:
            if kind is not self._kind:
                self._known.clear()
                self._kind = kind
        return True


class _Known[T](dict[Any, T]):
    """What has been made, by the values."""

    def __init__(self, convert: Callable[[Any], T]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, value: object) -> T:
        made = self[value] = self._convert(value)
        return made
