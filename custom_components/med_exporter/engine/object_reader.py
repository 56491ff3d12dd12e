"""Strict reading of a JSON object from outside: each mistake is told with its field's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from .outside import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

INVALID_REQUEST = "INVALID_REQUEST"
INVALID_VALUE = "INVALID_VALUE"

MAX_NUMBER = 10**12
MOST_ITEMS = 1_000
"""Of any list: more devices, fields or recipients than anyone has."""


class RefusedError(Exception):
    """A mistake in an object; its code, key of its words, field and placeholders."""

    def __init__(
        self, code: str, key: str, *, field: str | None = None, **placeholders: object
    ) -> None:
        super().__init__(code, key, field, placeholders)


class ObjectReader:
    """Take values out of an object by name and type; what nobody took is refused at the end.

    `path` is the dotted name of the object inside the request. A null is the same as a missing
    value. All methods raise `error`, which a door puts its own in the place of.
    """

    error: ClassVar[Callable[..., Exception]] = RefusedError

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise self.error(INVALID_REQUEST, "not_an_object", field=path or "body")
        self._left: dict[str, Any] = dict(value)
        self._path = path

    def name(self, key: str) -> str:
        """Return the dotted name of a value."""
        return f"{self._path}.{key}" if self._path else key

    def take(self, key: str, *, required: bool = False) -> object:
        """Return a value of any type, None where there is none."""
        value = self._left.pop(key, None)
        if value is None and required:
            raise self.error(INVALID_REQUEST, "required", field=self.name(key))
        return value

    def text(self, key: str, *, required: bool = False) -> str | None:
        """Return a text."""
        value = self.take(key, required=required)
        if value is not None and not isinstance(value, str):
            raise self.error(INVALID_REQUEST, "not_a_text", field=self.name(key))
        return value

    def label(
        self, key: str, longest: int, *, shortest: int = 1, required: bool = False
    ) -> str | None:
        """Return what something is to be called: one clean line."""
        text = self.text(key, required=required)
        if text is None:
            return None
        name = clean(text.strip())
        if not shortest <= len(name) <= longest or len(text.strip()) > longest:
            raise self.error(
                INVALID_VALUE,
                "not_a_name",
                field=self.name(key),
                shortest=shortest,
                longest=longest,
            )
        return name

    def choice(self, key: str, known: Collection[str], *, required: bool = False) -> str | None:
        """Return one of the known texts."""
        value = self.text(key, required=required)
        if value is not None:
            self._require_known(key, value, known)
        return value

    def _require_known(self, key: str, value: str, known: Collection[str]) -> None:
        if value not in known:
            raise self.error(
                INVALID_VALUE,
                "not_one_of",
                field=self.name(key),
                value=shown(value),
                known=", ".join(known),
            )

    def boolean(self, key: str) -> bool | None:
        """Return true or false."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(INVALID_REQUEST, "not_a_boolean", field=self.name(key))
        return value

    def integer(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number within both bounds."""
        value = self.take(key)
        return None if value is None else self._whole(key, value, low, high)

    def _whole(self, key: str, value: object, low: int, high: int) -> int:
        number = whole(value)
        if number is None:
            raise self.error(INVALID_REQUEST, "not_an_integer", field=self.name(key))
        if not low <= number <= high:
            raise self.error(
                INVALID_VALUE, "out_of_range", field=self.name(key), low=low, high=high
            )
        return number

    def number(self, key: str) -> float | None:
        """Return a finite number."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(INVALID_REQUEST, "not_a_number", field=self.name(key))
        # An integer of JSON may be larger than any float.
        if not abs(value) <= MAX_NUMBER:
            raise self.error(
                INVALID_VALUE,
                "out_of_range",
                field=self.name(key),
                low=-MAX_NUMBER,
                high=MAX_NUMBER,
            )
        return float(value)

    def items(self, key: str) -> list[Any] | None:
        """Return a list of at least one value of any type."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.error(INVALID_REQUEST, "not_a_list", field=self.name(key))
        return self._counted(key, value)

    def _counted(self, key: str, value: list[Any]) -> list[Any]:
        """Refuse a list of nothing, and one that nobody can mean before anything looks into it."""
        if not value:
            raise self.error(INVALID_REQUEST, "empty_list", field=self.name(key))
        if len(value) > MOST_ITEMS:
            raise self.error(
                INVALID_VALUE, "too_many_items", field=self.name(key), limit=MOST_ITEMS
            )
        return value

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...] | None:
        """Return a list of at least one whole number within both bounds, each once."""
        items = self.items(key)
        if items is None:
            return None
        numbers = [self._whole(key, one, low, high) for one in items]
        self.each_once(key, numbers)
        return tuple(numbers)

    def choices(self, key: str, known: Collection[str]) -> tuple[str, ...] | None:
        """Return a list of at least one of the known texts, each once."""
        values = self.texts(key)
        if values is None:
            return None
        for value in values:
            self._require_known(key, value, known)
        self.each_once(key, values)
        return tuple(values)

    def each_once(self, key: str, values: list[Any]) -> None:
        """Refuse a list that holds a value twice."""
        seen = set()
        for value in values:
            if value in seen:
                raise self.error(
                    INVALID_VALUE, "given_twice", field=self.name(key), value=shown(str(value))
                )
            seen.add(value)

    def names(self) -> list[str]:
        """Return the names of the values that nobody took yet."""
        return list(self._left)

    def rest(self) -> dict[str, Any]:
        """Return all that nobody took yet, for the code that judges it."""
        left, self._left = self._left, {}
        return left

    def texts(self, key: str) -> list[str] | None:
        """Return a list of at least one text."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(INVALID_REQUEST, "not_a_list_of_texts", field=self.name(key))
        return self._counted(key, value)

    def object(self, key: str) -> Self:
        """Return a reader of the object under this name, of an empty one where there is none."""
        value = self.take(key)
        return type(self)({} if value is None else value, self.name(key))

    def need(self, keys: Collection[str]) -> None:
        """Refuse an object without a value for any of these names."""
        for key in keys:
            if self._left.get(key) is None:
                raise self.error(INVALID_REQUEST, "required", field=self.name(key))

    def refuse(self, keys: Collection[str], code: str, reason: str, **placeholders: str) -> None:
        """Refuse the first of these names that has a value."""
        for key in keys:
            if self.take(key) is not None:
                raise self.error(code, reason, field=self.name(key), **placeholders)

    def finish(self) -> None:
        """Refuse what nobody took: a name that is not known is never silently accepted."""
        for key in self._left:
            raise self.error(INVALID_REQUEST, "unknown_field", field=shown(self.name(key)))


def whole(value: object) -> int | None:
    """Return a whole number, None for all else: nothing is rounded.

    The user interface sends whole numbers as floats. True is none, which Python takes for 1.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shown(value: str) -> str:
    """Return a caller's text short enough to be part of a message."""
    return clean(value, 80)
