"""Cut time where a tariff's price may change: the wall clock's rules on instants in UTC.

A local day runs from its midnight to the next, and may have 23 or 25 hours. Within it, the rule
that holds is that of the wall clock: hours that a clock change skips do not exist, hours that it
repeats are priced twice by the same rule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ..times import midnight
from .contracts import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from .contracts import Colours, Contract, Tariff

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_NO_CONTRACT = Rate(None, None)
_MOST_DAYS = 512


class Segment(NamedTuple):
    """A stretch of one local day in which the rate does not change; times in UTC.

    `contract` is None before the first one. `price` is None where it is not known, and for tiers,
    where it depends on the consumption. `missing_colour` is the date whose Tempo colour is needed.
    """

    start: datetime
    end: datetime
    day: date
    contract: Contract | None
    period: str | None
    price: float | None
    missing_colour: date | None


class _LocalDay(NamedTuple):
    start: datetime
    end: datetime
    segments: tuple[Segment, ...]
    missing_colours: tuple[date, ...]


class Timeline:
    """A tariff laid out in time.

    Args:
        tariff: the contracts.
        zone: the installation's time zone.
        colours: Tempo colours by local date. A date that is added later is seen; one that changes
            its colour needs a new timeline.

    """

    def __init__(self, tariff: Tariff, zone: tzinfo, colours: Colours) -> None:
        self._tariff = tariff
        self._zone = zone
        self._colours = colours
        self._days: dict[date, _LocalDay] = {}

    def segments(self, start: datetime, end: datetime) -> Iterator[Segment]:
        """Yield the segments that `[start, end)` touches, ascending, uncut.

        They are cut at local midnights, changes of contract and edges of periods. Where start and
        end are equal, the segment of that instant.

        Args:
            start: in UTC.
            end: in UTC, not before start.

        """
        day = self._day_at(start)
        while True:
            for segment in day.segments:
                if segment.end > start:
                    yield segment
                    if segment.end >= end:
                        return
            day = self._day_at(day.end)

    def _day_at(self, instant: datetime) -> _LocalDay:
        """Return the day of the date that the clock shows, which may be over.

        A clock that is set back over midnight shows yesterday's date once more.
        """
        day = instant.astimezone(self._zone).date()
        known = self._days.get(day)
        if known is None or any(missing in self._colours for missing in known.missing_colours):
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            known = self._days[day] = self._lay_out(day)
        return known

    def _lay_out(self, day: date) -> _LocalDay:
        start = midnight(day, self._zone)
        end = midnight(day + _DAY, self._zone)
        contract = self._tariff.contract_on(day)
        segments: list[Segment] = []
        for begin, after, rate in self._rates(contract, start, end):
            last = segments[-1] if segments else None
            if last is not None and (last.period, last.price, last.missing_colour) == rate:
                segments[-1] = last._replace(end=after)
            else:
                segments.append(Segment(begin, after, day, contract, *rate))
        missing = tuple(s.missing_colour for s in segments if s.missing_colour is not None)
        return _LocalDay(start, end, tuple(segments), missing)

    def _rates(
        self, contract: Contract | None, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, Rate]]:
        if contract is None:
            if start < end:
                yield start, end, _NO_CONTRACT
            return
        pricing = contract.pricing
        for begin, after, offset in _steady_clock(start, end, self._zone):
            wall = (begin + offset).replace(tzinfo=None)
            wall_end = (after + offset).replace(tzinfo=None)
            while wall < wall_end:
                edge = min(pricing.next_edge(wall), wall_end)
                rate = pricing.rate_at(wall, self._colours)
                yield _instant(wall, offset), _instant(edge, offset), rate
                wall = edge


def _instant(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def _steady_clock(
    start: datetime, end: datetime, zone: tzinfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the stretches of a day in which the clock keeps its offset from UTC."""
    begin, offset = start, _offset(start, zone)
    seen = start
    while seen < end:
        following = min(seen + _HOUR, end)
        # The day's end belongs to the next day, whose offset may be another.
        if _offset(following - _SECOND, zone) != offset:
            change = _change(seen - _SECOND, following - _SECOND, offset, zone)
            yield begin, change, offset
            begin, offset = change, _offset(change, zone)
        seen = following
    if begin < end:
        yield begin, end, offset


def _change(before: datetime, after: datetime, offset: timedelta, zone: tzinfo) -> datetime:
    """Return the first second after `before` at which the clock no longer has an offset."""
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
