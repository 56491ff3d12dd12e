"""Write and read the half-hours and accounts of plugs, inside a transaction of the caller's."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from sqlalchemy import bindparam, delete, func, insert, select, update

from .backfill import KEPT_DAYS, backfill
from .half_hours import (
    HALF_HOUR,
    HalfHours,
    day_of,
    day_start,
    half_hour_of,
    hour_of,
    to_kwh,
    to_mwh,
)
from .posting import Account, Posting, book, check_kwh
from .series import LedgerPlug, PlugSeries, PointSeries, Series
from .spreading import add
from .tables import accounts_table, half_hours_table, series_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

_KEPT_SECONDS = KEPT_DAYS * 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugHistory:
    """What a plug itself has counted on local days and in months, in kWh; read together.

    Months go by their first day. Both are empty for a plug that keeps no such statistics.
    Raises ValueError for what is no energy.
    """

    plug: LedgerPlug
    day_kwh: Mapping[date, float] = field(default_factory=dict)
    month_kwh: Mapping[date, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("day_kwh", "month_kwh"):
            for kwh in getattr(self, name).values():
                check_kwh(name, kwh)


def write_posting(
    connection: Connection, posting: Posting, names: Mapping[str, str], zone: ZoneInfo
) -> bool:
    """Book a posting and return whether it changed anything.

    Args:
        connection: with a transaction of which this becomes a part.
        posting: what to book.
        names: what users call each series, by statistic id.
        zone: the time zone of the plug's days.

    """
    plug = posting.plug
    account = read_account(connection, plug.plug_id)
    if account is None:
        _take_over_statistics(connection, plug, posting.at.timestamp())
    booking = book(
        account,
        posting,
        zone,
        lambda start, end: held_half_hours(connection, plug.plug_id, start, end),
    )
    if booking is None:
        return False
    _add(connection, plug, booking.measured, booking.filled)
    _write_account(connection, plug, booking.account, is_new=account is None)
    _mark(connection, plug, min((*booking.measured, *booking.filled)), names)
    return True


def write_history(
    connection: Connection, history: PlugHistory, names: Mapping[str, str], zone: ZoneInfo
) -> bool:
    """Fill what lies before a plug's first posting, once, and return whether anything was done.

    The day on which the counter began is left alone: the first posting itself has brought what
    the plug had counted on that day by then.
    """
    plug = history.plug
    account = read_account(connection, plug.plug_id)
    if account is None or account.backfilled:
        return False
    first_day = day_of(account.first_ts, zone)
    until = day_start(first_day, zone)
    oldest = account.first_ts - _KEPT_SECONDS - 32 * 86400
    filled = backfill(
        {day: to_mwh(kwh) for day, kwh in history.day_kwh.items()},
        {month: to_mwh(kwh) for month, kwh in history.month_kwh.items()},
        (account.gap_from_ts, until),
        held_half_hours(connection, plug.plug_id, oldest, until),
        zone,
    )
    if filled:
        _add(connection, plug, {}, filled)
        _mark(connection, plug, min(filled), names)
    connection.execute(
        update(accounts_table)
        .where(accounts_table.c.plug_id == plug.plug_id)
        .values(backfilled=True)
    )
    return True


def read_account(connection: Connection, plug_id: str) -> Account | None:
    """Return what is remembered of a plug."""
    columns = accounts_table.c
    row = connection.execute(select(accounts_table).where(columns.plug_id == plug_id)).first()
    if row is None:
        return None
    return Account(
        posted=to_mwh(row.posted_kwh),
        posted_ts=row.posted_ts,
        started_ts=row.started_ts,
        first_ts=row.first_ts,
        gap_from_ts=row.gap_from_ts,
        backfilled=row.backfilled,
    )


def held_half_hours(connection: Connection, plug_id: str, start: float, end: float) -> HalfHours:
    """Return what stands in a plug's half-hours that begin in [start, end), in all its roles."""
    columns = half_hours_table.c
    rows = connection.execute(
        select(columns.start_ts, func.sum(columns.kwh))
        .where(columns.plug_id == plug_id, columns.start_ts >= start, columns.start_ts < end)
        .group_by(columns.start_ts)
    )
    return {start_ts: to_mwh(kwh) for start_ts, kwh in rows}


def counting_towards(series: Series) -> ColumnElement[bool]:
    """Return the condition for the half-hours that a series is the sum of."""
    columns = half_hours_table.c
    match series:
        case PlugSeries():
            return columns.plug_id == series.plug_id
        case PointSeries():
            return (columns.metering_point == series.metering_point) & (
                columns.role == series.role.value
            )


def delete_half_hours(connection: Connection, now: float) -> int:
    """Delete half-hours older than 400 days, but none that an hour is still to be made of."""
    needed = connection.execute(select(func.min(series_table.c.dirty_from_ts))).scalar()
    oldest = min(now - _KEPT_SECONDS, now if needed is None else needed)
    deleted = connection.execute(
        delete(half_hours_table).where(half_hours_table.c.start_ts < oldest)
    )
    return deleted.rowcount


def _add(connection: Connection, plug: LedgerPlug, measured: HalfHours, filled: HalfHours) -> None:
    """Add energies to the rows of half-hours, and make those that are missing."""
    whole = dict(measured)
    add(whole, filled)
    columns = half_hours_table.c
    rows = connection.execute(
        select(columns.start_ts, columns.kwh, columns.filled_kwh).where(
            columns.plug_id == plug.plug_id,
            columns.role == plug.role.value,
            columns.metering_point == plug.metering_point,
            columns.start_ts >= min(whole),
            columns.start_ts <= max(whole),
        )
    )
    standing = {row.start_ts: (to_mwh(row.kwh), to_mwh(row.filled_kwh)) for row in rows}
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for half_hour, mwh in sorted(whole.items()):
        kwh, filled_kwh = standing.get(half_hour, (0, 0))
        values = {
            "kwh": to_kwh(kwh + mwh),
            "filled_kwh": to_kwh(filled_kwh + filled.get(half_hour, 0)),
        }
        if half_hour not in standing:
            new.append(_key(plug, half_hour) | values)
        elif mwh:
            changed.append({"half_hour": half_hour} | values)
    if new:
        connection.execute(insert(half_hours_table), new)
    if changed:
        connection.execute(
            update(half_hours_table).where(
                columns.plug_id == plug.plug_id,
                columns.role == plug.role.value,
                columns.metering_point == plug.metering_point,
                columns.start_ts == bindparam("half_hour"),
            ),
            changed,
        )


def _key(plug: LedgerPlug, half_hour: int) -> dict[str, Any]:
    return {
        "plug_id": plug.plug_id,
        "start_ts": half_hour,
        "role": plug.role.value,
        "metering_point": plug.metering_point,
    }


def _write_account(
    connection: Connection, plug: LedgerPlug, account: Account, *, is_new: bool
) -> None:
    values = {
        "metering_point": plug.metering_point,
        "role": plug.role.value,
        "posted_kwh": to_kwh(account.posted),
        "posted_ts": account.posted_ts,
        "started_ts": account.started_ts,
        "first_ts": account.first_ts,
        "gap_from_ts": account.gap_from_ts,
        "backfilled": account.backfilled,
    }
    if is_new:
        connection.execute(insert(accounts_table).values(plug_id=plug.plug_id, **values))
    else:
        here = accounts_table.c.plug_id == plug.plug_id
        connection.execute(update(accounts_table).where(here).values(**values))


def _mark(
    connection: Connection, plug: LedgerPlug, half_hour: int, names: Mapping[str, str]
) -> None:
    """Note from which hour on the long-term statistics are to be written."""
    hour = hour_of(half_hour)
    columns = series_table.c
    for series in plug.series:
        statistic_id = series.statistic_id
        here = columns.statistic_id == statistic_id
        row = connection.execute(select(columns.dirty_from_ts, columns.name).where(here)).first()
        name = names.get(statistic_id, statistic_id)
        if row is None:
            of_point = isinstance(series, PointSeries)
            connection.execute(
                insert(series_table).values(
                    statistic_id=statistic_id,
                    plug_id=None if of_point else plug.plug_id,
                    metering_point=plug.metering_point if of_point else None,
                    role=plug.role.value if of_point else None,
                    name=name,
                    dirty_from_ts=hour,
                )
            )
        elif hour < row.dirty_from_ts or name != row.name:
            connection.execute(
                update(series_table)
                .where(here)
                .values(dirty_from_ts=min(hour, row.dirty_from_ts), name=name)
            )


def _take_over_statistics(connection: Connection, plug: LedgerPlug, now: float) -> None:
    """Make half-hours of a plug's hours in the long-term statistics where there are none.

    Tools that move a recorder to another database take its own tables along, and no others. An
    hour is halved, which makes its half-hours filled.
    """
    rows = connection.execute(
        select(Statistics.start_ts, Statistics.sum)
        .join(StatisticsMeta, Statistics.metadata_id == StatisticsMeta.id)
        .where(
            StatisticsMeta.statistic_id == PlugSeries(plug.plug_id).statistic_id,
            Statistics.start_ts >= now - _KEPT_SECONDS - 3600,
        )
        .order_by(Statistics.start_ts)
    ).all()
    held = held_half_hours(connection, plug.plug_id, now - _KEPT_SECONDS - 3600, now)
    filled: HalfHours = {}
    for before, row in pairwise(rows):
        hour = half_hour_of(row.start_ts)
        mwh = to_mwh(row.sum) - to_mwh(before.sum)
        if mwh >= 0 and hour not in held and hour + HALF_HOUR not in held:
            filled[hour] = mwh // 2
            filled[hour + HALF_HOUR] = mwh - mwh // 2
    if filled:
        _add(connection, plug, {}, filled)
