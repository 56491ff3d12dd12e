"""Which rows a job keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidJobError
from .checks import (
    as_tuple,
    check_choices,
    check_number,
    check_type,
    check_whole,
    exact_keys,
)
from .choices import DEVICE_STATES

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def minutes_of_day(text: str) -> int | None:
    """Return the minutes since midnight of a time such as 06:30, None for any other text."""
    found = _CLOCK.fullmatch(text)
    return None if found is None else int(found[1]) * 60 + int(found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay:
    """A part of every day, by the local clock.

    Attributes:
        start: HH:MM, included.
        end: HH:MM, not included; before `start` for a part that crosses midnight.

    Raises:
        InvalidJobError: a time is none, or both are the same.

    """

    start: str
    end: str

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            text = getattr(self, name)
            check_type(f"time_of_day.{name}", text, str)
            if minutes_of_day(text) is None:
                raise InvalidJobError(f"time_of_day.{name}", "must be HH:MM")
        if self.start == self.end:
            raise InvalidJobError("time_of_day.end", "must not be the start")

    @classmethod
    def from_json(cls, data: object) -> TimeOfDay:
        """Read what `plain` gave; raises InvalidJobError."""
        return cls(**exact_keys(cls, data, "time_of_day"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows are kept; a row has to fulfil all that is given.

    A value that is not known fulfils no condition on it.

    Attributes:
        min_power: W, included.
        max_power: W, included.
        device_states: `on` and `off`, as the relay is; empty: any, also when not known.
        exclude_outliers: whether rows go whose power lies beyond Tukey's fences.
        time_of_day: by the clock of the job's time zone.
        days_of_week: 1 = Monday to 7, the local day of the row; empty: any.

    Raises:
        InvalidJobError: a value is of the wrong type, unknown or contradictory.

    """

    min_power: float | None = None
    max_power: float | None = None
    device_states: tuple[str, ...] = ()
    exclude_outliers: bool = False
    time_of_day: TimeOfDay | None = None
    days_of_week: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("min_power", "max_power"):
            if (bound := getattr(self, name)) is not None:
                check_number(name, bound)
        if None not in (self.min_power, self.max_power) and self.min_power > self.max_power:  # type: ignore[operator]
            raise InvalidJobError("max_power", "must not be less than min_power")
        check_choices("device_states", self.device_states, DEVICE_STATES)
        check_type("exclude_outliers", self.exclude_outliers, bool)
        check_type("time_of_day", self.time_of_day, TimeOfDay, type(None))
        check_type("days_of_week", self.days_of_week, tuple)
        for day in self.days_of_week:
            check_whole("days_of_week", day, 1, 7)
        if len(set(self.days_of_week)) < len(self.days_of_week):
            raise InvalidJobError("days_of_week", "a day is named twice")

    @property
    def by_value(self) -> bool:
        """Tell whether rows are chosen by their own values."""
        return (
            self.min_power is not None
            or self.max_power is not None
            or bool(self.device_states)
            or self.exclude_outliers
        )

    @property
    def by_time(self) -> bool:
        """Tell whether rows are chosen by when they are."""
        return self.time_of_day is not None or bool(self.days_of_week)

    @classmethod
    def from_json(cls, data: object) -> Filters:
        """Read what `plain` gave; raises InvalidJobError."""
        values: dict[str, Any] = exact_keys(cls, data, "filters")
        for name in ("device_states", "days_of_week"):
            values[name] = as_tuple(name, values[name])
        if values["time_of_day"] is not None:
            values["time_of_day"] = TimeOfDay.from_json(values["time_of_day"])
        return cls(**values)
