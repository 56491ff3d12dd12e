"""How the parts of a job are checked, and read from JSON and written to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidJobError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def check_type(name: str, value: object, *types: type) -> None:
    """Raise InvalidJobError unless a value is of one of the types."""
    if not isinstance(value, types):
        allowed = " or ".join("null" if t is type(None) else t.__name__ for t in types)
        raise InvalidJobError(name, f"must be {allowed}")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise InvalidJobError unless a value is one of the texts."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidJobError(name, f"{value!r} is not one of {', '.join(choices)}")


def check_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise InvalidJobError unless a value is a whole number within both bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidJobError(name, f"must be a whole number from {low} to {high}")


def check_number(name: str, value: object) -> None:
    """Raise InvalidJobError unless a value is a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidJobError(name, "must be a number")


def check_items(name: str, values: object, kind: type) -> None:
    """Raise InvalidJobError unless a value is a tuple of one type."""
    check_type(name, values, tuple)
    for value in values:  # type: ignore[attr-defined]  # a tuple, as checked
        check_type(name, value, kind)


def check_choices(name: str, values: object, choices: Sequence[str]) -> None:
    """Raise InvalidJobError unless a value is a tuple of some of the texts, each once."""
    check_type(name, values, tuple)
    for value in values:  # type: ignore[attr-defined]  # a tuple, as checked
        check_choice(name, value, choices)
    if len(set(values)) < len(values):  # type: ignore[call-overload, arg-type]
        raise InvalidJobError(name, "a value is named twice")


def plain(value: Any) -> Any:  # noqa: ANN401  # any part of a job
    """Return a part of a job as plain JSON values."""
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def exact_keys(cls: type, data: object, name: str) -> dict[str, Any]:
    """Return a copy of data, which must have exactly the keys of the dataclass.

    Raises:
        InvalidJobError: a key is missing or unknown, or `data` is no object.

    """
    if not isinstance(data, dict):
        raise InvalidJobError(name, "must be an object")
    expected = {item.name for item in fields(cls)}
    for key in data:
        if key not in expected:
            raise InvalidJobError(str(key), "is not known")
    for key in sorted(expected):
        if key not in data:
            raise InvalidJobError(key, "is missing")
    return dict(data)


def as_tuple(name: str, value: object, read: Callable[[Any], Any] | None = None) -> tuple[Any, ...]:
    """Return a JSON list as a tuple, each item read on the way.

    Raises:
        InvalidJobError: it is no list.

    """
    check_type(name, value, list)
    items: list[Any] = value  # type: ignore[assignment]  # as checked
    return tuple(items if read is None else map(read, items))
