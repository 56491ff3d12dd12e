"""Days, months and periods as people of a language write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from .phrases import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY: Final = timedelta(days=1)
_SHORT: Final = 3
"""Letters of an English month in a table."""


class DateWords:
    """Writes dates in one language.

    Args:
        locale: `en` or `fr`.

    """

    def __init__(self, locale: str) -> None:
        self._words = Words(locale)
        self._french = locale == "fr"
        self._months: Sequence[str] = self._words.months()

    def month(self, day: date) -> str:
        """Return the month of a day: `October 2026`."""
        return f"{self._months[day.month - 1]} {day.year}"

    def day(self, day: date) -> str:
        """Return a day within a text: `28 October 2026`."""
        first = self._french and day.day == 1
        number = "1er" if first else str(day.day)
        return f"{number} {self.month(day)}"

    def short(self, day: date) -> str:
        """Return a day within a table: `28 Oct 2026`, `28/10/2026`."""
        if self._french:
            return f"{day:%d/%m/%Y}"
        return f"{day.day} {self._months[day.month - 1][:_SHORT]} {day.year}"

    def bars(self, days: Sequence[date], *, are_days: bool = True) -> list[str]:
        """Return what stands below bars of days, or weeks: no more than tells them apart."""
        first, last = days[0], days[-1]
        if first.year != last.year:
            return [self.short(day) for day in days]
        if are_days and first.month == last.month:
            return [str(day.day) for day in days]
        if self._french:
            return [f"{day:%d/%m}" for day in days]
        return [f"{day.day} {self._months[day.month - 1][:_SHORT]}" for day in days]

    def cut_month(self, first: date) -> str:
        """Return a month of which the days before one are missing."""
        if first.day == 1:
            return self.month(first)
        return self._words.text("month_from", month=self.month(first), day=first.day)

    def period(self, start: datetime, end: datetime) -> str:
        """Return what a stretch of local time is called: a year, months, days, or times.

        Args:
            start: of the stretch.
            end: of the stretch, which does not belong to it.

        """
        if start.time() != time() or end.time() != time():
            return self._range(
                *(f"{self.day(one)}, {one:%H:%M} (UTC{one:%:z})" for one in (start, end))
            )
        first, last = start.date(), end.date() - _DAY
        if first.day == 1 and end.day == 1:
            if (first.year, first.month) == (last.year, last.month):
                return self.month(first)
            if (first.month, last.month, first.year) == (1, 12, last.year):
                return str(first.year)
            months = {"start": self.month(first), "end": self.month(last)}
            return self._words.text("month_range", **months)
        return self.day(first) if first >= last else self._range(self.day(first), self.day(last))

    def _range(self, start: str, end: str) -> str:
        return self._words.text("range", start=start, end=end)
