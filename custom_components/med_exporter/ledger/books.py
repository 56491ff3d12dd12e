"""Write and read the quarter-hours and counters of plugs, in a transaction of the caller's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import delete, func, select, update

from ..engine import ledger as held
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.ledger import quarters_table
from ..engine.times import HOUR, QUARTER, UTC_DAY, day_of, day_start, hour_of
from ..statistics import mark_dirty
from ..statistics.tables import sums_table
from .accounts import read_account, write_account
from .backfill import KEPT_DAYS, backfill, by_hours
from .booking import Booking, book
from .carrying import Carried, carry
from .hours import TOLD_BY_THE_HOUR
from .posting import Posting, by_moment, check_told
from .quarters import account_id, add_quarters
from .receipts import Receipt, note_receipt
from .removed import forget_old
from .series import LedgerPlug, PlugSeries
from .spreading import Quarters, add
from .tables import counters_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..clocks.lived import TooOld
    from ..engine.energy import HourKwh

_KEPT_SECONDS = KEPT_DAYS * UTC_DAY
# How much of a past is booked at once.
_MONTHS_AT_ONCE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugHistory:
    """What a plug itself has counted in hours, on local days and in months, in kWh; read together.

    Hours go by their begin, aware and on a quarter-hour; months by their first day. Each is empty
    for a plug that keeps no such statistics. `is_all` says that nothing more follows.
    Raises ValueError for what is no energy, or no time.
    """

    plug: LedgerPlug
    hour_kwh: Mapping[datetime, HourKwh] = field(default_factory=dict)
    day_kwh: Mapping[date, float] = field(default_factory=dict)
    month_kwh: Mapping[date, float] = field(default_factory=dict)
    is_all: bool = True

    def __post_init__(self) -> None:
        check_told(hour_kwh=self.hour_kwh, day_kwh=self.day_kwh, month_kwh=self.month_kwh)

    def parts(self, zone: ZoneInfo) -> list[PlugHistory]:
        """Return the history of a few local months each, oldest first.

        Booked one after the other they come to the same as the whole: what a plug tells of a month
        goes to days of that month.
        """
        hours, days, months = (defaultdict[int, dict[Any, Any]](dict) for _ in range(3))
        for at, hour in self.hour_kwh.items():
            hours[_part_of(day_of(at.timestamp(), zone))][at] = hour
        for day, kwh in self.day_kwh.items():
            days[_part_of(day)][day] = kwh
        for month, kwh in self.month_kwh.items():
            months[_part_of(month)][month] = kwh
        *before, last = sorted(hours.keys() | days.keys() | months.keys()) or [0]
        return [
            replace(
                self,
                hour_kwh=hours[number],
                day_kwh=days[number],
                month_kwh=months[number],
                is_all=number == last,
            )
            for number in (*before, last)
        ]

    def stretch(self, zone: ZoneInfo) -> tuple[int, int]:
        """Return from when to when it may tell something, in UTC seconds."""
        dates = [*self.day_kwh, *self.month_kwh]
        dates += [day_of(at.timestamp(), zone) for at in self.hour_kwh]
        if not dates:
            return 0, 0
        end = max(dates).replace(day=1) + timedelta(days=32)
        return day_start(min(dates), zone), day_start(end, zone)


def write_posting(
    connection: Connection,
    posting: Posting,
    names: Mapping[str, str],
    zone: ZoneInfo,
    carried: dict[str, Carried] | None = None,
) -> bool:
    """Book a posting and return whether it changed anything.

    Args:
        connection: with a transaction of which this becomes a part.
        posting: what to book.
        names: what users call each series, by statistic id.
        zone: the time zone of the plug's days.
        carried: corrections of energy that was taken back, by plug id; they follow it.

    """
    plug = posting.plug
    account = read_account(connection, plug.plug_id)
    if account is None and not held.accounts_of(connection, plug_ids=[plug.plug_id]):
        _take_over_statistics(connection, plug, posting.at.timestamp())
    booking = book(
        account,
        posting,
        zone,
        lambda start, end: held_quarters(connection, plug.plug_id, start, end),
    )
    if booking is None:
        return False
    receipt = Receipt(
        before=account,
        ticks=posting.ticks,
        opens=account is None or account.started_ts != booking.account.started_ts,
    )
    first = _add(connection, plug, booking.measured, booking.filled, booking.joined, receipt)
    write_account(connection, plug, booking.account, is_new=account is None)
    if carried and plug.plug_id in carried:
        _carry(connection, posting, booking, carried)
    _mark(connection, plug, first, names)
    return True


def write_history(
    connection: Connection, history: PlugHistory, names: Mapping[str, str], zone: ZoneInfo
) -> bool:
    """Fill what lies before a plug's first posting, once, and return whether anything was done.

    What the plug tells by the hour is no estimate, but for how it is spread within the hour.
    The day on which the counter began is left alone: the first posting itself has brought what
    the plug had counted on that day by then.
    """
    plug = history.plug
    account = read_account(connection, plug.plug_id)
    if account is None or account.backfilled:
        return False
    first_day = day_of(account.first_ts, zone)
    until = day_start(first_day, zone)
    start, end = history.stretch(zone)
    known = held_quarters(connection, plug.plug_id, start, min(end, until))
    stretch = (account.gap_from_ts, until)
    told = by_hours(by_moment(history.hour_kwh), stretch, known, account.posted_ts)
    add(known, told.quarters)
    filled = backfill(
        {day: to_mwh(kwh) for day, kwh in history.day_kwh.items()},
        {month: to_mwh(kwh) for month, kwh in history.month_kwh.items()},
        stretch,
        known,
        zone,
    )
    if told.quarters or filled.quarters:
        joined = told.joined | filled.joined
        receipt = Receipt(before=account, ticks=None)
        first = _add(connection, plug, told.quarters, filled.quarters, joined, receipt)
        _mark(connection, plug, first, names)
    if history.is_all:
        connection.execute(
            update(counters_table)
            .where(counters_table.c.plug_id == plug.plug_id)
            .values(backfilled=True)
        )
    return True


def _part_of(day: date) -> int:
    return (12 * day.year + day.month) // _MONTHS_AT_ONCE


def held_quarters(connection: Connection, plug_id: str, start: float, end: float) -> Quarters:
    """Return what stands in a plug's quarter-hours that begin in [start, end), in all its roles."""
    accounts = held.accounts_of(connection, plug_ids=[plug_id])
    energies = held.energies_between(connection, accounts, start, end)
    return {quarter: mwh for quarter, (mwh, _) in energies.items()}


def delete_quarters(connection: Connection, too_old: TooOld) -> int:
    """Delete days that are too old, but none that a sum is still to be made of.

    Those of meters that are told by the hour stay: what is told of them may change at any time, and
    the sums of all hours after that with it.

    Returns:
        How many rows were deleted, each a day of a plug.

    """
    needed = connection.execute(select(func.min(sums_table.c.dirty_from_ts))).scalar()
    oldest = too_old.cutoff if needed is None else min(too_old.cutoff, needed)
    columns = quarters_table.c
    others = columns.account_id.not_in(_told_by_the_hour(connection))
    first = connection.execute(select(func.min(columns.day)).where(others)).scalar()
    if first is None:
        return 0
    until = int(min(oldest, too_old.before(first * UTC_DAY)) // UTC_DAY)
    forget_old(connection, until)
    deleted = connection.execute(delete(quarters_table).where(columns.day < until, others))
    return deleted.rowcount


def _told_by_the_hour(connection: Connection) -> list[int]:
    columns = counters_table.c
    plugs = connection.execute(
        select(columns.plug_id).where(columns.started_ts == TOLD_BY_THE_HOUR)
    ).scalars()
    return [one.id for one in held.accounts_of(connection, plug_ids=list(plugs))]


def _add(
    connection: Connection,
    plug: LedgerPlug,
    measured: Quarters,
    filled: Quarters,
    joined: Collection[int],
    receipt: Receipt | None = None,
) -> int:
    """Add energies to quarter-hours, and make them known where they were not; return the first."""
    whole = dict(measured)
    add(whole, filled)
    account = account_id(connection, plug.plug_id, plug.metering_point, plug.role.value)
    added = {quarter: (mwh, filled.get(quarter, 0)) for quarter, mwh in whole.items()}
    add_quarters(connection, account, added, joined)
    if receipt is not None:
        note_receipt(connection, plug.plug_id, account, receipt, added)
    return min(added)


def _carry(
    connection: Connection, posting: Posting, booking: Booking, carried: dict[str, Carried]
) -> None:
    """Let corrections follow the energy that is booked anew; the last of it ends that."""
    plug, waiting = posting.plug, carried[posting.plug.plug_id]
    whole = dict(booking.measured)
    add(whole, booking.filled)
    booked = {quarter: (mwh, booking.filled.get(quarter, 0)) for quarter, mwh in whole.items()}
    account = account_id(connection, plug.plug_id, plug.metering_point, plug.role.value)
    left = carry(connection, plug.plug_id, waiting, account, booked, posting.at.timestamp())
    if left.parts and posting.ticks is not None and posting.ticks <= left.until:
        carried[plug.plug_id] = left
    else:
        del carried[plug.plug_id]


def _mark(connection: Connection, plug: LedgerPlug, quarter: int, names: Mapping[str, str]) -> None:
    """Note from which hour on the long-term statistics are to be written."""
    for series in plug.series:
        statistic_id = series.statistic_id
        name = names.get(statistic_id, statistic_id)
        mark_dirty(connection, statistic_id, name, hour_of(quarter))


def _take_over_statistics(connection: Connection, plug: LedgerPlug, now: float) -> None:
    """Make quarter-hours of a plug's hours in the long-term statistics where there are none.

    Tools that move a recorder to another database take its own tables along, and no others. An
    hour is cut in four, which makes its quarter-hours filled.
    """
    rows = connection.execute(
        select(Statistics.start_ts, Statistics.sum)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(
            StatisticsMeta.statistic_id == PlugSeries(plug.plug_id).statistic_id,
            Statistics.start_ts >= now - _KEPT_SECONDS - HOUR,
        )
        .order_by(Statistics.start_ts)
    ).all()
    known = held_quarters(connection, plug.plug_id, now - _KEPT_SECONDS - HOUR, now)
    filled: Quarters = {}
    for before, row in pairwise(rows):
        hour = hour_of(row.start_ts)
        mwh = to_mwh(row.sum) - to_mwh(before.sum)
        quarters = range(hour, hour + HOUR, QUARTER)
        if mwh >= 0 and not any(quarter in known for quarter in quarters):
            for number, quarter in enumerate(quarters):
                filled[quarter] = mwh * (number + 1) // 4 - mwh * number // 4
    if filled:
        _add(connection, plug, {}, filled, filled)
