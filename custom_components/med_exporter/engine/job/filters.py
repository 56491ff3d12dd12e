"""Which rows a job keeps."""

from __future__ import annotations

import re

from ..lazy_dataclass import dataclass

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

    """

    start: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows are kept; a row has to fulfil all that is given.

    A value that is not known fulfils no condition on it.

    Attributes:
        min_power: W, included.
        max_power: W, included; not less than `min_power`.
        device_states: `on` and `off`, as the relay is; empty: any, also when not known.
        exclude_outliers: whether rows go whose power lies beyond Tukey's fences.
        time_of_day: by the clock of the job's time zone.
        days_of_week: 1 = Monday to 7, the local day of the row; empty: any.

    """

    min_power: float | None = None
    max_power: float | None = None
    device_states: tuple[str, ...] = ()
    exclude_outliers: bool = False
    time_of_day: TimeOfDay | None = None
    days_of_week: tuple[int, ...] = ()

    @property
    def given(self) -> tuple[str, ...]:
        """Return the names of the filters that are."""
        silent = Filters()
        names = self.__slots__
        return tuple(name for name in names if getattr(self, name) != getattr(silent, name))

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
