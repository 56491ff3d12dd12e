"""Write and read the quarter-hours and counters of plugs, in a transaction of the caller's."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import delete, func, select, update

from ..engine import ledger as held
from ..engine.energy import to_mwh
from ..engine.ledger import QUARTERS_A_DAY, accounts_table, counters_table, quarters_table
from ..engine.times import HOUR, QUARTER, UTC_DAY, hour_of
from ..statistics import mark_dirty
from ..statistics.tables import sums_table
from .accounts import read_account, write_account
from .backfill import KEPT_DAYS
from .booking import Booking, book, book_past
from .carrying import Carried, carry
from .quarters import AllFilled, account_id, add_quarters
from .receipts import Receipt, note_receipt
from .removed import forget_old
from .series import LedgerPlug, PlugSeries
from .spreading import Quarters, add, begin_of_whole
from .tables import TOLD_BY_THE_HOUR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection

    from ..clocks.lived import TooOld
    from .past import PlugHistory
    from .posting import Posting

_KEPT_SECONDS = KEPT_DAYS * UTC_DAY
# Of a day by any clock, in seconds.
_LONGEST_WHOLE = 2 * UTC_DAY


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
    """Fill what lies before a plug's first posting, once, and return whether anything was done."""
    plug = history.plug
    account = read_account(connection, plug.plug_id)
    if account is None or account.backfilled:
        return False
    booking = book_past(
        account,
        history,
        zone,
        lambda start, end: held_quarters(connection, plug.plug_id, start, end),
        filled_before(connection, plug.plug_id, account.first_ts),
    )
    if booking.measured or booking.filled:
        receipt = Receipt(before=account, ticks=None)
        first = _add(connection, plug, booking.measured, booking.filled, booking.joined, receipt)
        _mark(connection, plug, first, names)
    if history.is_all:
        connection.execute(
            update(counters_table)
            .where(counters_table.c.plug_id == plug.plug_id)
            .values(backfilled=True)
        )
    return True


def held_quarters(connection: Connection, plug_id: str, start: float, end: float) -> Quarters:
    """Return what stands in a plug's quarter-hours that begin in [start, end), in all its roles."""
    accounts = held.accounts_of(connection, plug_ids=[plug_id])
    energies = held.energies_between(connection, accounts, start, end)
    return {quarter: mwh for quarter, (mwh, _) in energies.items()}


def filled_before(connection: Connection, plug_id: str, moment: float) -> int | None:
    """Return when the whole begins that was spread up to a moment, a day or two long at most.

    It is told as of `begin_of_whole`.
    """
    accounts = held.accounts_of(connection, plug_ids=[plug_id])
    joined, filled = set[int](), set[int]()
    first = moment - _LONGEST_WHOLE
    for _, midnight, day in held.days_between(connection, accounts, first, moment):
        joints = day.joints()
        joined.update(midnight + n * QUARTER for n in range(QUARTERS_A_DAY) if joints >> n & 1)
        filled.update(midnight + place * QUARTER for place, _, part in day.entries() if part)
    return begin_of_whole(moment, joined, filled)


def delete_quarters(connection: Connection, too_old: TooOld) -> int:
    """Delete days that are too old, but none that a sum is still to be made of.

    Those of meters that are told by the hour stay: what is told of them may change at any time, and
    the sums of all hours after that with it.

    Returns:
        How many rows were deleted, each a day of a plug.

    """
    needed = connection.execute(select(func.min(sums_table.c.dirty_from_ts))).scalar()
    oldest = too_old.cutoff if needed is None else min(too_old.cutoff, needed)
    columns, accounts = quarters_table.c, accounts_table.c
    # Each is one look into the index, where the least of all days would read every row.
    first_day = (
        select(columns.day)
        .where(columns.account_id == accounts.id)
        .order_by(columns.day)
        .limit(1)
        .scalar_subquery()
    )
    others = accounts.id.not_in(_told_by_the_hour(connection))
    rows = connection.execute(select(accounts.id, first_day).where(others)).all()
    first_days = {account: first for account, first in rows if first is not None}
    if not first_days:
        return 0
    first = min(first_days.values())
    until = int(min(oldest, too_old.before(first * UTC_DAY)) // UTC_DAY)
    forget_old(connection, until)
    old = [account for account, first in first_days.items() if first < until]
    deleted = connection.execute(
        delete(quarters_table).where(columns.account_id.in_(old), columns.day < until)
    )
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
    account = account_id(connection, plug.plug_id, plug.metering_point, plug.role.value)
    added = _together(measured, filled)
    add_quarters(connection, account, added, joined)
    if receipt is not None:
        note_receipt(connection, plug.plug_id, account, receipt, added)
    return min(added)


def _together(measured: Quarters, filled: Quarters) -> Mapping[int, tuple[int, int]]:
    """Return all energy, and how much of it is filled, by quarter-hour."""
    if not measured:
        return AllFilled(filled)
    whole = dict(measured)
    add(whole, filled)
    return {quarter: (mwh, filled.get(quarter, 0)) for quarter, mwh in whole.items()}


def _carry(
    connection: Connection, posting: Posting, booking: Booking, carried: dict[str, Carried]
) -> None:
    """Let corrections follow the energy that is booked anew; the last of it ends that."""
    plug, waiting = posting.plug, carried[posting.plug.plug_id]
    booked = _together(booking.measured, booking.filled)
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
