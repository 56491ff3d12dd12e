"""Up to when the periods of a series are closed, and what is still to be written of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from ..const import PlugRole
from .books import counting_towards
from .half_hours import HOUR, to_kwh, to_mwh
from .series import PlugSeries, PointSeries, Series
from .sums import StoredSums
from .tables import accounts_table, half_hours_table, series_table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection, Row

# How long a metering point's period waits for a plug that has just been heard of, in seconds.
_PATIENCE: Final = 600
_MOST_ROWS: Final = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Hours of a series that the long-term statistics lack or have otherwise.

    `sums` are kWh by the UTC second at which the hour begins, ascending.
    """

    series: Series
    name: str
    sums: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """Closed hours of a series have other values than before, from this one (UTC seconds) on."""

    series: Series
    first_ts: int


def plan_statistics(connection: Connection, now: float) -> tuple[list[Plan], list[LedgerChange]]:
    """Find what is to be written, and settle what is found written.

    The long-term statistics are compared with the half-hours, from the first hour that is marked
    to the last that is closed. Where they agree the mark moves on. Where they do not, the rows to
    write are returned, at most some 20,000: write them and ask again.

    Returns:
        The plans, and the changes of series that have been settled: announce them, then call
        `forget_changes`.

    """
    accounts = connection.execute(select(accounts_table)).all()
    plans: list[Plan] = []
    changes: list[LedgerChange] = []
    rows = 0
    for record in connection.execute(select(series_table)).all():
        series = series_of(record)
        until = closed_until(connection, series, accounts, now, HOUR)
        changed_from = record.changed_from_ts
        if until is not None and until > record.dirty_from_ts:
            if rows >= _MOST_ROWS:
                continue
            sums, changed = StoredSums(series.statistic_id, to_mwh, to_kwh).compare(
                connection,
                partial(_hours, connection, series),
                record.dirty_from_ts,
                until,
                record.written_until_ts or 0,
            )
            changed_from = min(
                (hour for hour in (changed, changed_from) if hour is not None), default=None
            )
            if sums:
                rows += len(sums)
                plans.append(Plan(series=series, name=record.name, sums=sums))
                _note(connection, record, changed_from_ts=changed_from)
                continue
            written = max(until, record.written_until_ts or until)
            _note(connection, record, dirty_from_ts=until, written_until_ts=written)
        if changed_from is not None:
            changes.append(LedgerChange(series, changed_from))
    return plans, changes


def forget_changes(connection: Connection, changes: Collection[LedgerChange]) -> None:
    """Note that changes have been announced."""
    columns = series_table.c
    for change in changes:
        connection.execute(
            update(series_table)
            .where(
                columns.statistic_id == change.series.statistic_id,
                columns.changed_from_ts == change.first_ts,
            )
            .values(changed_from_ts=None)
        )


def closed_until(
    connection: Connection,
    series: Series,
    accounts: Sequence[Row[Any]],
    now: float,
    length: int,
) -> int | None:
    """Return the end of the last period that is closed; None where there is none.

    A plug's period is closed when the plug was read after its end. A metering point's is closed
    when it is over: plugs that were read in it and not since are waited for a while. What a silent
    plug brings later changes the periods that it belongs to.

    Args:
        connection: to the recorder's database.
        series: whose periods.
        accounts: all rows of the table of accounts.
        now: UTC seconds.
        length: of the periods, in seconds: an hour, or half of one.

    """
    if isinstance(series, PlugSeries):
        read = [row.posted_ts for row in accounts if row.plug_id == series.plug_id]
        return int(min(read[0], now) // length) * length if read else None
    last = connection.execute(
        select(func.max(half_hours_table.c.start_ts)).where(counting_towards(series))
    ).scalar()
    if last is None:
        return None
    until = int(min(last // length + 1, now // length)) * length
    late = any(
        until - length <= row.posted_ts < until
        for row in accounts
        if (row.metering_point, row.role) == (series.metering_point, series.role.value)
    )
    return until - length if late and now < until + _PATIENCE else until


def series_of(record: Row[Any]) -> Series:
    """Return the series that a row of the table of series is about."""
    if record.plug_id is not None:
        return PlugSeries(record.plug_id)
    return PointSeries(record.metering_point, PlugRole(record.role))


def _hours(connection: Connection, series: Series, start: int, end: int) -> dict[int, int]:
    """Return the energy of hours in mWh, by the half-hours."""
    columns = half_hours_table.c
    hour = (columns.start_ts - columns.start_ts % HOUR).label("hour")
    rows = connection.execute(
        select(hour, func.sum(columns.kwh))
        .where(counting_towards(series), columns.start_ts >= start, columns.start_ts < end)
        .group_by(hour)
    )
    return {int(start_ts): to_mwh(kwh) for start_ts, kwh in rows}


def _note(connection: Connection, record: Row[Any], **values: int | None) -> None:
    here = series_table.c.statistic_id == record.statistic_id
    connection.execute(update(series_table).where(here).values(**values))
