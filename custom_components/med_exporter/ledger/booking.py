"""What a posting adds to the quarter-hours, and what is remembered of its counter."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import (
    HOUR,
    day_bounds,
    day_of,
    day_start,
    quarter_of,
    quarters_between,
)
from .backfill import backfill, by_hours
from .posting import by_moment
from .spreading import Quarters, Spread, add, spread_by_days, spread_by_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

    from .past import PlugHistory
    from .posting import Posting

# Nothing is spread further back: older quarter-hours are not kept.
_FURTHEST_BACK = 400 * 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What is remembered of a plug. Energies in mWh, times in UTC seconds.

    Attributes:
        posted: the counter's value up to which its growth stands in the quarter-hours.
        posted_ts: when the counter had that value.
        started_ts: when the counter was begun.
        first_ts: from when on its growth is booked; before that there is what the plug told.
        gap_from_ts: up to when an earlier counter was posted; None where there was none.
        backfilled: whether the plug's own statistics have filled what lies before.

    """

    posted: int
    posted_ts: float
    started_ts: float
    first_ts: float
    gap_from_ts: float | None = None
    backfilled: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """What changes by a posting: the account, and what to add to the quarter-hours.

    `joined` are those of `filled` that share a whole with the quarter-hour before.
    """

    account: Account
    measured: Quarters
    filled: Quarters = field(default_factory=dict)
    joined: Collection[int] = ()


def book(
    account: Account | None,
    posting: Posting,
    zone: ZoneInfo,
    held: Callable[[float, float], Mapping[int, int]],
) -> Booking | None:
    """Return what a posting changes, or None where it changes nothing.

    Args:
        account: what is remembered of the plug; None for a plug that is new.
        posting: the reading.
        zone: the house's, by which a plug's own days end that are told without one.
        held: returns what stands in the plug's quarter-hours that begin in a range of UTC seconds.

    """
    if account is None or account.started_ts != posting.start.at.timestamp():
        return _begin(account, posting, zone, held)
    return _go_on(account, posting, zone, held)


def book_past(
    account: Account,
    history: PlugHistory,
    zone: ZoneInfo,
    held: Callable[[float, float], Mapping[int, int]],
    filled_from: int | None,
) -> Booking:
    """Return what a plug tells of the days before its counter began.

    What it tells by the hour is no estimate, but for how it is spread within the hour. The day on
    which the counter began is left alone: the first posting has brought what the plug had counted
    on that day by then, its share of an hour that goes on over midnight included. Of its days that
    is the one that ran by its own clock, but where it told none with the first posting: then that
    has taken the day of the house's date as one of the house, and so are those before.

    Args:
        account: what is remembered of the plug.
        history: what the plug itself has counted.
        zone: the house's, by which a plug's own days end that are told without one.
        held: as for `book`.
        filled_from: from when on the first posting has spread a day, in UTC seconds, on a
            quarter-hour; None where it has spread none.

    """
    day = day_of(account.first_ts, zone)
    midnight = day_start(day, zone)
    own_zone = zone if history.day_zone is None or filled_from == midnight else history.day_zone
    own_day = day_of(account.first_ts, own_zone)
    until, own_end = day_bounds(own_day, own_zone)
    if own_day < day:
        # It may not have been told with the first posting, which has brought none of it then.
        until = quarter_of(account.first_ts)
    start, end = history.stretch(own_zone)
    # What its month has of that day is not of those before.
    known = dict(held(start, min(end, max(midnight, own_end))))
    told = by_hours(
        by_moment(history.hour_kwh), (account.gap_from_ts, midnight), known, account.posted_ts
    )
    add(known, told.quarters)
    filled = backfill(
        {day: to_mwh(kwh) for day, kwh in history.day_kwh.items()},
        {month: to_mwh(kwh) for month, kwh in history.month_kwh.items()},
        (account.gap_from_ts, until),
        known,
        own_zone,
    )
    return Booking(
        account=account,
        measured=told.quarters,
        filled=filled.quarters,
        joined=told.joined | filled.joined,
    )


def _go_on(
    account: Account,
    posting: Posting,
    zone: ZoneInfo,
    held: Callable[[float, float], Mapping[int, int]],
) -> Booking | None:
    at, value = posting.at.timestamp(), to_mwh(posting.value_kwh)
    if value < account.posted:
        if at <= account.posted_ts:
            # The counter was restored from an older state and will catch up.
            return None
        # It has been read since: what is missing is what the plug has forgotten.
        return Booking(
            account=replace(account, posted=value, posted_ts=at),
            measured=_empty(account.posted_ts, at),
        )
    if value == account.posted and at <= account.posted_ts:
        return None
    growth = value - account.posted
    measured = _latest(posting.quarters, growth)
    filled = Spread({}, set())
    if rest := growth - sum(measured.values()):
        filled = _fill(account, posting, rest, zone, measured, held)
    for quarter in _empty(account.posted_ts, at):
        if quarter not in filled.quarters:
            measured.setdefault(quarter, 0)
    return Booking(
        account=replace(account, posted=value, posted_ts=at),
        measured=measured,
        filled=filled.quarters,
        joined=filled.joined,
    )


def _begin(
    account: Account | None,
    posting: Posting,
    zone: ZoneInfo,
    held: Callable[[float, float], Mapping[int, int]],
) -> Booking:
    """Open an account for a counter, with what the plug had counted on the day it began."""
    start, at = posting.start, posting.at.timestamp()
    start_ts = start.at.timestamp()
    gap_from = None
    if account is not None:
        # What an earlier gap has not been filled with yet is still to be filled.
        gap_from = account.posted_ts if account.backfilled else account.gap_from_ts
    if at - start_ts > _FURTHEST_BACK:
        # A lost database: the counter's growth is from before anything is kept of.
        opened = _open(posting.value_kwh, at, start_ts, gap_from)
        return Booking(account=opened, measured={quarter_of(at): 0})
    day, own_zone = day_of(start_ts, zone), posting.day_zone or zone
    own_day = day_of(start_ts, own_zone)
    midnight, own_midnight = day_start(day, zone), day_start(own_day, own_zone)
    hours, stretch = by_moment(posting.hour_kwh), (gap_from, start_ts)
    known = dict(held(min(midnight, own_midnight), start_ts))
    # What lies before its midnight is booked with the plug's past.
    told = by_hours(hours, stretch, known, at, cut=midnight)
    add(known, told.quarters)
    before = Spread({}, set())
    own = posting.day_kwh.get(own_day) if at == start_ts and not hours else None
    if own is not None and own_midnight != midnight:
        # All that it has counted on the day that runs by its own clock, by whatever date.
        counted = {own_day: to_mwh(own)} if own else {}
        before = backfill(counted, {}, stretch, known, own_zone)
    elif start.today_kwh:
        # A day by the plug's clock, which may be wrong, says nothing of what its hours tell.
        is_told = any(hour <= start_ts < hour + HOUR and one.mwh for hour, one in hours.items())
        since, began = gap_from, day_start(day, own_zone)
        if midnight < began < start_ts:
            # Its day has begun later than that of the house.
            since = began if gap_from is None else max(began, gap_from)
        unknown = (since, quarter_of(start_ts) if is_told else start_ts)
        before = backfill({day: to_mwh(start.today_kwh)}, {}, unknown, known, zone)

    def held_now(first: float, end: float) -> Quarters:
        quarters = dict(held(first, end))
        for more in (told, before):
            add(quarters, {h: mwh for h, mwh in more.quarters.items() if first <= h < end})
        return quarters

    opened = _open(start.value_kwh, start_ts, start_ts, gap_from)
    grown = _go_on(opened, posting, zone, held_now)
    if grown is None:
        grown = Booking(account=opened, measured={quarter_of(start_ts): 0})
    add(before.quarters, grown.filled)
    add(told.quarters, grown.measured)
    return Booking(
        account=grown.account,
        measured=told.quarters,
        filled=before.quarters,
        joined=told.joined.union(before.joined, grown.joined),
    )


def _open(kwh: float, posted_ts: float, started_ts: float, gap_from: float | None) -> Account:
    return Account(
        posted=to_mwh(kwh),
        posted_ts=posted_ts,
        started_ts=started_ts,
        first_ts=posted_ts,
        gap_from_ts=gap_from,
    )


def _fill(
    account: Account,
    posting: Posting,
    rest: int,
    zone: tzinfo,
    measured: Quarters,
    held: Callable[[float, float], Mapping[int, int]],
) -> Spread:
    """Spread what grew unseen over the time since the last posting."""
    at, since = posting.at.timestamp(), posting.since.timestamp()
    start = max(account.posted_ts, at - _FURTHEST_BACK)
    end = since if since > start else at
    if end <= start:
        # The clock was set back.
        return Spread({quarter_of(at): rest}, set())
    zone = posting.day_zone or zone
    first, last = day_start(day_of(start, zone), zone), day_bounds(day_of(end, zone), zone)[1]
    # An hour of the plug may have begun on the eve.
    standing = held(min(first, start - HOUR), last)
    hours = by_moment(posting.hour_kwh)
    known = _Known(measured, standing)
    found, left = spread_by_hours(rest, (start, end), hours, known)
    if left:
        known = _Known(measured, standing, found.quarters)
        days = {day: to_mwh(kwh) for day, kwh in posting.day_kwh.items()}
        rest -= sum(found.quarters.values())
        more = spread_by_days(rest, left, zone, days, lambda day: known(*day_bounds(day, zone)))
        add(found.quarters, more.quarters)
        found.joined.update(more.joined)
    return found


class _Known:
    """What is known of some time, besides what is to be filled."""

    def __init__(self, *many: Mapping[int, int]) -> None:
        quarters: Quarters = {}
        for one in many:
            add(quarters, one)
        self._starts = sorted(quarters)
        self._sums = [0, *accumulate(quarters[start] for start in self._starts)]

    def __call__(self, start: float, end: float) -> int:
        """Return the mWh of the quarter-hours that begin in a range."""
        first, past = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return self._sums[past] - self._sums[first]


def _latest(quarters: Mapping[int, int], growth: int) -> Quarters:
    """Keep the latest of what was measured where the earliest is booked already."""
    kept: Quarters = {}
    for quarter in sorted(quarters, reverse=True):
        kept[quarter] = min(quarters[quarter], growth)
        growth -= kept[quarter]
    return kept


def _empty(start: float, end: float) -> Quarters:
    """Return the quarter-hours from one moment to another with nothing in them."""
    earliest = max(start, end - _FURTHEST_BACK)
    quarters = dict.fromkeys(quarters_between(earliest, end), 0)
    quarters.setdefault(quarter_of(end), 0)
    return quarters
