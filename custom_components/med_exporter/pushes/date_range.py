"""The range of time that a run is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from ..engine.lazy_dataclass import dataclass
from ..engine.times import midnight
from ..errors import INVALID_DATE_RANGE, InvalidRequest

if TYPE_CHECKING:
    from typing import Any

type Bound = str | date | datetime | None


@dataclass(frozen=True, slots=True)
class PushRange:
    """Periods that begin from `start` on and before `end`, in UTC; None where it is open."""

    start: datetime | None
    end: datetime | None

    @property
    def start_ts(self) -> float | None:
        """Return the start in UTC seconds."""
        return None if self.start is None else self.start.timestamp()

    @property
    def end_ts(self) -> float | None:
        """Return the end in UTC seconds."""
        return None if self.end is None else self.end.timestamp()

    @property
    def reaches_now(self) -> bool:
        """Return whether what runs at present belongs to it."""
        now = dt_util.utcnow()
        return (self.end is None or self.end > now) and (self.start is None or self.start <= now)

    def described(self) -> dict[str, Any]:
        """Return it as it stands in a record."""
        bounds = {"start": self.start, "end": self.end}
        return {name: at.isoformat() for name, at in bounds.items() if at is not None}


def read_push_range(start: Bound, end: Bound) -> PushRange | None:
    """Return the range between two bounds, either of which may be None; None for two of them.

    A date is local midnight, an end date the one after, so that the day belongs to the range. A
    time without a time zone is local. Raises InvalidRequest at `start` or `end`.
    """
    if start is None and end is None:
        return None
    asked = PushRange(_moment(start, "start", last_day=False), _moment(end, "end", last_day=True))
    if asked.start is not None and asked.end is not None and asked.start >= asked.end:
        raise InvalidRequest(INVALID_DATE_RANGE, "start_not_before_end", field="start")
    return asked


def _moment(bound: Bound, field: str, *, last_day: bool) -> datetime | None:
    if bound is None:
        return None
    mistake = InvalidRequest(INVALID_DATE_RANGE, "not_a_date", field=field)
    if not isinstance(bound, (str, date)):
        raise mistake
    zone = dt_util.get_default_time_zone()
    try:
        value = _parsed(bound.strip()) if isinstance(bound, str) else bound
        if not isinstance(value, datetime):
            day = value + timedelta(days=1) if last_day else value
            value = midnight(day, zone)
        elif value.tzinfo is None:
            value = value.replace(tzinfo=zone)
        return value.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise mistake from err


def _parsed(text: str) -> date | datetime:
    """Return a date, or a time. Raises ValueError."""
    if len(text) == len("2026-01-31"):
        # Python reads week dates too, which are as long.
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
    if text[10:11] not in {"T", "t", " "}:
        raise ValueError(text)
    return datetime.fromisoformat(text)
