"""When a cron expression is due, in local time, over clock changes too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cronsim import CronSim, CronSimError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

_FIELDS: Final = 5
_HOUR: Final = 1
_LONGEST: Final = 200
_ANY_TIME: Final = datetime(2024, 1, 1)  # noqa: DTZ001 (any local time will do)
_SPANS: Final = (timedelta(hours=2), timedelta(days=2), timedelta(days=40), timedelta(days=3700))


class InvalidCronError(ValueError):
    """An expression that is none; `part` is what is wrong of it, None where it is never due."""

    def __init__(self, part: str | None) -> None:
        super().__init__(part)
        self.part = part


def check_cron(expression: str) -> None:
    """Raise InvalidCronError for anything but five fields that are due at some time."""
    fields = expression.split()
    if len(expression) > _LONGEST or len(fields) != _FIELDS:
        raise InvalidCronError(expression)
    for place, field in enumerate(fields):
        alone = ["*"] * _FIELDS
        alone[place] = field
        try:
            CronSim(" ".join(alone), _ANY_TIME)
        except CronSimError as err:
            raise InvalidCronError(field) from err
    try:
        # An expression that is never due, such as 31 February, is only found by trying.
        next(CronSim(expression, _ANY_TIME))
    except (CronSimError, StopIteration) as err:
        raise InvalidCronError(None) from err


def due_times(expression: str, after: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield when an expression is due after a moment, in UTC, ascending.

    An hour that is named runs once a day it is due, whatever the clocks do: one that is skipped
    runs at the end of the gap, one that comes twice the first time. Hours that are not named
    (`*`, `*/2`) follow the time that really passes.

    Args:
        expression: one that `check_cron` accepts.
        after: aware; not included.
        zone: whose local time the expression means.

    """
    local = after.astimezone(zone)
    if "*" in expression.split()[_HOUR]:
        for moment in CronSim(expression, local):
            yield moment.astimezone(UTC)
        return
    # One day earlier, so that a run that is put off by a gap is not missed.
    begin = local.replace(tzinfo=None) - timedelta(days=1)
    last = after.astimezone(UTC)
    for wall in CronSim(expression, begin):
        moment = _moment(wall, zone)
        if moment > last:
            yield moment
            last = moment


def next_due(expression: str, after: datetime, zone: tzinfo) -> datetime | None:
    """Return when an expression is due next, in UTC; None when it never is again."""
    return next(due_times(expression, after, zone), None)


def last_due(expression: str, after: datetime, until: datetime, zone: tzinfo) -> datetime | None:
    """Return the latest time in (after, until] at which an expression was due, in UTC."""
    for span in _SPANS:
        # A short stretch before the end is tried first: a year of minutes is long.
        start = max(after, until - span)
        latest = None
        for moment in due_times(expression, start, zone):
            if moment > until:
                break
            latest = moment
        if latest is not None or start == after:
            return latest
    return None


def _moment(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first moment at which clocks show a time, or the end of the gap that skips it."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    if shown == wall:
        return moment
    # The clocks jump over it. The offset of before puts it behind the gap, that of after before it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = before, moment
    offset = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)
