"""Read what stands in options or was entered, naming every mistake at its place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any, Final

from ..outside import clean
from .errors import TariffError, TariffErrorCode

MAX_PERCENT: Final = 1000.0
"""More than any tax."""
MAX_AMOUNT: Final = 1e9
"""Beyond any currency's price of a kWh, and small enough that no sum of costs overflows."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_ENTITY: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_FIRST_DATE: Final = date(1970, 1, 1)
_LAST_DATE: Final = date(2999, 12, 31)


class Reader:
    """Takes the keys of an object one by one and refuses what is left over.

    All methods raise TariffError for a value that cannot be.

    Args:
        value: the object.
        field: where it stands.

    """

    def __init__(self, value: object, field: str) -> None:
        if not isinstance(value, Mapping):
            raise TariffError(field, TariffErrorCode.NOT_AN_OBJECT, "must be an object")
        self._left = dict(value)
        self._field = field

    def name(self, key: str) -> str:
        """Return where a key's value stands."""
        return f"{self._field}.{key}"

    def has(self, key: str) -> bool:
        """Tell whether there is a value that has not been taken."""
        return self._left.get(key) is not None

    def take(self, key: str) -> Any:  # noqa: ANN401
        """Return any value."""
        value = self._left.pop(key, None)
        if value is None:
            raise TariffError(self.name(key), TariffErrorCode.REQUIRED, "is required")
        return value

    def label(self, key: str) -> str:
        """Return what something is called: one clean line, empty where nothing can be seen."""
        return clean(self.text(key))

    def text(self, key: str) -> str:
        """Return a text."""
        value = self.take(key)
        if not isinstance(value, str):
            raise TariffError(self.name(key), TariffErrorCode.NOT_TEXT, "must be text")
        return value

    def amount(self, key: str, default: float | None = None, *, signed: bool = False) -> float:
        """Return a number from 0 to MAX_AMOUNT, or from its negative where it is signed."""
        if default is not None and not self.has(key):
            self._left.pop(key, None)
            return default
        return _amount(self.take(key), self.name(key), signed=signed)

    def percent(self, key: str, default: float | None = None) -> float:
        """Return a number from 0 to MAX_PERCENT."""
        percent = self.amount(key, default)
        if percent > MAX_PERCENT:
            raise TariffError(
                self.name(key), TariffErrorCode.TOO_LARGE, f"at most {MAX_PERCENT:g} %"
            )
        return percent

    def date(self, key: str) -> date:
        """Return a date."""
        return _date(self.text(key), self.name(key))

    def time(self, key: str) -> time:
        """Return a time of the day, in whole minutes."""
        text = self.text(key)
        if not _TIME.fullmatch(text):
            raise TariffError(
                self.name(key),
                TariffErrorCode.INVALID_TIME,
                "must be a time, HH:MM, from 00:00 to 23:59",
            )
        return time.fromisoformat(text)

    def entity_id(self, key: str) -> str:
        """Return the id of an entity."""
        text = self.text(key)
        if not _ENTITY.fullmatch(text):
            raise TariffError(
                self.name(key), TariffErrorCode.NOT_AN_ENTITY, "must be the id of an entity"
            )
        return text

    def object(self, key: str) -> Reader:
        """Return a reader of an object within this one."""
        return Reader(self.take(key), self.name(key))

    def objects(self, key: str) -> list[Reader]:
        """Return readers of the objects of a list, which has at least one."""
        field = self.name(key)
        return [Reader(item, f"{field}[{index}]") for index, item in enumerate(self.filled(key))]

    def filled(self, key: str) -> Sequence[Any]:
        """Return a list that is not empty."""
        found = items(self.take(key), self.name(key))
        if not found:
            raise TariffError(self.name(key), TariffErrorCode.EMPTY, "must not be empty")
        return found

    def rest(self) -> dict[str, Any]:
        """Return all that has not been taken, taking it."""
        rest, self._left = self._left, {}
        return rest

    def finish(self) -> None:
        """Refuse what has not been taken."""
        for key in self._left:
            raise TariffError(self.name(str(key)), TariffErrorCode.UNKNOWN_KEY, "is not known here")


def items(value: object, field: str) -> Sequence[Any]:
    """Return a list as it is. Raises TariffError for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise TariffError(field, TariffErrorCode.NOT_A_LIST, "must be a list")
    return value


def _amount(value: object, field: str, *, signed: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TariffError(field, TariffErrorCode.NOT_A_NUMBER, "must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise TariffError(field, TariffErrorCode.NOT_FINITE, "must be a finite number")
    if value < 0 and not signed:
        raise TariffError(field, TariffErrorCode.NEGATIVE, "must not be negative")
    if abs(value) > MAX_AMOUNT:
        raise TariffError(field, TariffErrorCode.TOO_LARGE, f"at most {MAX_AMOUNT:,.0f}")
    # Minus zero is zero.
    return float(value) + 0.0


def _date(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise TariffError(field, TariffErrorCode.INVALID_DATE, "must be a date, YYYY-MM-DD")
    if not _FIRST_DATE <= day <= _LAST_DATE:
        raise TariffError(
            field,
            TariffErrorCode.DATE_OUT_OF_RANGE,
            f"must be from {_FIRST_DATE} to {_LAST_DATE}",
        )
    return day
