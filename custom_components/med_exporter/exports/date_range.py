"""The date range of a request: dates, date-times and presets become two moments in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..engine.times import midnight
from ..errors import INVALID_DATE_RANGE, InvalidRequest
from ..object_reader import ObjectReader, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

DEFAULT_MAX_DAYS: Final = 366

# Pickers of dates and times give a day that was chosen its midnight.
_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: 00:00(?::00)?)?")
# Python reads more of ISO 8601, as week dates, where it is not plain whether a time was meant.
_DATE_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")


def _first_of_month(day: date, months_back: int = 0) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months_back, 12)
    return date(years, month + 1, 1)


def _monday(day: date, weeks_back: int = 0) -> date:
    return day - timedelta(days=day.weekday(), weeks=weeks_back)


_DAY: Final = timedelta(days=1)
# Each returns the first day, and the first day after the range.
_PRESETS: Final[dict[str, Callable[[date], tuple[date, date]]]] = {
    "today": lambda today: (today, today + _DAY),
    "yesterday": lambda today: (today - _DAY, today),
    "last_7_days": lambda today: (today - 6 * _DAY, today + _DAY),
    "last_30_days": lambda today: (today - 29 * _DAY, today + _DAY),
    "this_week": lambda today: (_monday(today), _monday(today, -1)),
    "last_week": lambda today: (_monday(today, 1), _monday(today)),
    "this_month": lambda today: (_first_of_month(today), _first_of_month(today, -1)),
    "last_month": lambda today: (_first_of_month(today, 1), _first_of_month(today)),
    "this_year": lambda today: (date(today.year, 1, 1), date(today.year + 1, 1, 1)),
    "last_year": lambda today: (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
}
PRESETS: Final = tuple(_PRESETS)


def read_date_range(
    value: object,
    *,
    time_zone: tzinfo,
    now: datetime,
    field: str = "date_range",
    max_days: int = DEFAULT_MAX_DAYS,
) -> tuple[datetime, datetime]:
    """Return the start (inclusive) and the end (exclusive) of a range, both in UTC.

    `value` is a preset's name, or `{"start", "end"}` with dates or ISO 8601 date-times. Dates
    and presets are whole days of `time_zone`, an end date among them and today too; a date-time
    without offset is in `time_zone`. `2026-01-31 00:00:00`, as a form gives a day that was chosen
    in it, is that day. Weeks begin on Monday.

    Raises InvalidRequest with code INVALID_DATE_RANGE, also past `max_days`.
    """
    if isinstance(value, str):
        start, end = _preset(value, time_zone, now, field)
    else:
        start, end = _bounds(value, time_zone, field)
    if start >= end:
        raise InvalidRequest(INVALID_DATE_RANGE, "start_not_before_end", field=f"{field}.start")
    # Counted on the wall clock, where every day has 24 hours.
    if _wall(end, time_zone) - _wall(start, time_zone) > timedelta(days=max_days):
        key = "range_too_long" if max_days > 1 else "range_too_long_one"
        raise InvalidRequest(INVALID_DATE_RANGE, key, field=field, days=max_days)
    return start, end


def _preset(name: str, time_zone: tzinfo, now: datetime, field: str) -> tuple[datetime, datetime]:
    if name not in _PRESETS:
        raise InvalidRequest(
            INVALID_DATE_RANGE,
            "not_one_of",
            field=field,
            value=shown(name),
            known=", ".join(_PRESETS),
        )
    first, after = _PRESETS[name](now.astimezone(time_zone).date())
    return midnight(first, time_zone), midnight(after, time_zone)


def _bounds(value: object, time_zone: tzinfo, field: str) -> tuple[datetime, datetime]:
    if not isinstance(value, dict):
        raise InvalidRequest(INVALID_DATE_RANGE, "not_a_date_range", field=field)
    reader = ObjectReader(value, field)
    start = _moment(reader, "start", time_zone, last_day=False)
    end = _moment(reader, "end", time_zone, last_day=True)
    reader.finish()
    return start, end


def _moment(reader: ObjectReader, key: str, time_zone: tzinfo, *, last_day: bool) -> datetime:
    """Return one bound; a date as its midnight, or the midnight after it for the last day."""
    text = reader.take(key)
    field = reader.name(key)
    if text is None:
        raise InvalidRequest(INVALID_DATE_RANGE, "required", field=field)
    if not isinstance(text, str):
        raise InvalidRequest(INVALID_DATE_RANGE, "not_a_date", field=field)
    dated = _DATE.fullmatch(text)
    if not dated and not _DATE_TIME.fullmatch(text):
        raise InvalidRequest(INVALID_DATE_RANGE, "not_a_date", field=field)
    try:
        if dated:
            day = date.fromisoformat(dated[1])
            return midnight(day + _DAY if last_day else day, time_zone)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=time_zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise InvalidRequest(INVALID_DATE_RANGE, "not_a_date", field=field) from err


def _wall(moment: datetime, time_zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(time_zone).replace(tzinfo=None)
    except OverflowError:
        return moment.replace(tzinfo=None)
