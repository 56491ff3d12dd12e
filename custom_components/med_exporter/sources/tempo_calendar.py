"""The Tempo calendar: colours, days, seasons and how many days of a colour a season has."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Tempo and EcoWatt are French: their days are those of mainland France wherever the house stands.
PARIS: Final = ZoneInfo("Europe/Paris")
# RTE holds nothing older.
FIRST_DAY: Final = date(2014, 9, 1)
# RTE publishes the next day's colour at 10:30 and asks to be read from 10:40; earlier colours may
# still change.
ANNOUNCEMENT: Final = time(10, 40)

ONE_DAY: Final = timedelta(days=1)


class TempoColour(StrEnum):
    """The colour of a day: what a kilowatt-hour costs."""

    BLUE = "blue"
    WHITE = "white"
    RED = "red"

    @property
    def code(self) -> int:
        """Return 1 for blue, 2 for white, 3 for red."""
        return _CODES[self]

    @classmethod
    def from_code(cls, code: object) -> TempoColour | None:
        """Return the colour of a code 1 to 3; None for anything else, 0 (not known yet) too."""
        # True would pass for 1.
        return _BY_CODE.get(code) if type(code) is int else None

    @classmethod
    def from_name(cls, name: object) -> TempoColour | None:
        """Return the colour of an English name in any case; None for anything else."""
        return _BY_NAME.get(name.strip().lower()) if isinstance(name, str) else None


_CODES: Final = {TempoColour.BLUE: 1, TempoColour.WHITE: 2, TempoColour.RED: 3}
_BY_CODE: Final = {code: colour for colour, code in _CODES.items()}
_BY_NAME: Final = {colour.value: colour for colour in TempoColour}


def paris_date(moment: datetime) -> date:
    """Return the calendar day in Paris of an aware time."""
    return moment.astimezone(PARIS).date()


def paris_date_of_text(text: object) -> date | None:
    """Return the day of `YYYY-MM-DD`, or the day in Paris of a time; None where it is neither.

    A time without an offset is one in Paris.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.date() if moment.tzinfo is None else paris_date(moment)
    except (ValueError, OverflowError):
        return None


def announced_at(day: date) -> datetime:
    """Return when the colour of a day is final: 10:40 in Paris on the day before."""
    return datetime.combine(day - ONE_DAY, ANNOUNCEMENT, PARIS)


def days_between(start: date, end: date) -> Iterator[date]:
    """Yield the days from start to end, both included."""
    for offset in range((end - start).days + 1):
        yield start + timedelta(days=offset)


def season_start(day: date) -> date:
    """Return the 1 September on which the day's season began."""
    return date(day.year if day.month >= 9 else day.year - 1, 9, 1)


def season_end(day: date) -> date:
    """Return the 31 August on which the day's season ends."""
    return date(season_start(day).year + 1, 8, 31)


def season_name(day: date) -> str:
    """Return the day's season as RTE names it, such as `2025-2026`."""
    first = season_start(day).year
    return f"{first}-{first + 1}"


def season_quotas(day: date) -> dict[TempoColour, int]:
    """Return how many days of each colour the day's season has: 43 white, 22 red, the rest blue."""
    length = (season_end(day) - season_start(day)).days + 1
    return {
        TempoColour.BLUE: length - 43 - 22,
        TempoColour.WHITE: 43,
        TempoColour.RED: 22,
    }


def days_left(colours: Mapping[date, TempoColour], today: date) -> dict[TempoColour, int] | None:
    """Return how many days of each colour the season of `today` still has to place.

    A day counts as placed once its colour is announced, so tomorrow may count already. None where
    the colour of a day of the season up to `today` is not known: no count would be true then.
    """
    left = season_quotas(today)
    for day in days_between(season_start(today), today):
        if (colour := colours.get(day)) is None:
            return None
        left[colour] -= 1
    tomorrow = today + ONE_DAY
    if tomorrow <= season_end(today) and (colour := colours.get(tomorrow)) is not None:
        left[colour] -= 1
    return {colour: max(0, count) for colour, count in left.items()}
