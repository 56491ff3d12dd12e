"""What a metering point's energy is priced with, and what of its statistics is to be looked at."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update

from ..engine.cost_tables import tariffs_table
from ..engine.costing import Terms, terms_of
from ..engine.tariff.clock import midnight
from ..engine.tariff.kind import Need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from ..engine.tariff import Colour, Tariff

_COLOUR_START: Final = time(6)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Record:
    """The terms of a metering point, and marks in its statistics; see `tariffs_table`."""

    terms: Terms
    dirty_from_ts: int | None = None
    written_until_ts: int | None = None
    changed_from_ts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What energy is to be priced with from now on, as it stands in the options and the grid."""

    metering_point: str
    tariff: Tariff
    colours: Mapping[date, Colour]
    currency: str
    time_zone: str


def read_record(connection: Connection, metering_point: str) -> Record | None:
    """Return what is stored of a metering point; None where it has no contract."""
    here = tariffs_table.c.metering_point == metering_point
    row = connection.execute(select(tariffs_table).where(here)).first()
    if row is None:
        return None
    return Record(terms_of(row), row.dirty_from_ts, row.written_until_ts, row.changed_from_ts)


def note_terms(connection: Connection, wanted: Wanted, now: float) -> Record:
    """Store what energy is priced with, and from when on that makes a difference.

    Days get another price where their contract or their Tempo colour is another; all of them do
    where the currency or the time zone is another.
    """
    slug, zone = wanted.metering_point, ZoneInfo(wanted.time_zone)
    before = read_record(connection, slug)
    terms = Terms(
        metering_point=slug,
        tariff=wanted.tariff,
        colours={},
        currency=wanted.currency,
        zone=zone,
    )
    known: dict[date, Colour] = {} if before is None else dict(before.terms.colours)
    if terms.needs(Need.COLOURS):
        first = wanted.tariff.contracts[0].valid_from - _DAY
        taken = {day: colour for day, colour in {**known, **wanted.colours}.items() if day >= first}
        terms = replace(terms, colours=taken)
    dirty = _dirty_from(before, terms)
    if dirty is not None and dirty > now:
        dirty = None
    marked = before.dirty_from_ts if before else None
    if dirty is not None:
        marked = dirty if marked is None else min(dirty, marked)
    record = replace(before, terms=terms) if before else Record(terms)
    record = replace(record, dirty_from_ts=marked)
    if record != before:
        _store(connection, record, is_new=before is None)
    return record


def mark_dirty(connection: Connection, metering_point: str, moment: float) -> None:
    """Note that hours from a moment on may cost something else."""
    here = tariffs_table.c.metering_point == metering_point
    marked = tariffs_table.c.dirty_from_ts
    connection.execute(
        update(tariffs_table)
        .where(here, marked.is_(None) | (marked > int(moment)))
        .values(dirty_from_ts=int(moment))
    )


def settle(
    connection: Connection, seen: Record, until: int, changed: int | None, *, is_done: bool
) -> Record | None:
    """Note that hours up to some moment are written, and which of them have changed.

    Args:
        connection: to the recorder's database.
        seen: what was read before the hours were looked at.
        until: the end of the last hour that was found right.
        changed: the first that had been written before and adds something else.
        is_done: whether nothing is left to look at.

    """
    slug = seen.terms.metering_point
    now = read_record(connection, slug)
    if now is None:
        return None
    if changed is not None:
        changed = min(changed, now.changed_from_ts or changed)
    dirty = now.dirty_from_ts
    if now.terms == seen.terms and dirty == seen.dirty_from_ts:
        # Nothing was marked meanwhile.
        dirty = None if is_done or dirty is None else max(dirty, until)
    record = replace(
        now,
        dirty_from_ts=dirty,
        written_until_ts=max(until, now.written_until_ts or until),
        changed_from_ts=now.changed_from_ts if changed is None else changed,
    )
    if record != now:
        _store(connection, record, is_new=False)
    return record


def forget_change(connection: Connection, metering_point: str, first_ts: int) -> None:
    """Note that a change has been announced."""
    columns = tariffs_table.c
    connection.execute(
        update(tariffs_table)
        .where(columns.metering_point == metering_point, columns.changed_from_ts == first_ts)
        .values(changed_from_ts=None)
    )


def forget_terms(connection: Connection, metering_point: str) -> bool:
    """Delete what is stored of a metering point; tell whether there was anything."""
    here = tariffs_table.c.metering_point == metering_point
    return bool(connection.execute(delete(tariffs_table).where(here)).rowcount)


def _dirty_from(before: Record | None, terms: Terms) -> int | None:
    """Return from when on (UTC seconds) energy costs something else than before."""
    if before is None or (before.terms.currency, before.terms.zone) != (
        terms.currency,
        terms.zone,
    ):
        return 0
    found: list[float] = []
    day = before.terms.tariff.first_difference(terms.tariff)
    if day is not None:
        found.append(midnight(day, terms.zone))
    days = [
        day
        for day in before.terms.colours.keys() | terms.colours.keys()
        if before.terms.colours.get(day) != terms.colours.get(day)
    ]
    if days:
        found.append(datetime.combine(min(days), _COLOUR_START, terms.zone).timestamp())
    return int(min(found)) if found else None


def _store(connection: Connection, record: Record, *, is_new: bool) -> None:
    terms = record.terms
    values: dict[str, Any] = {
        "contracts": json.dumps(terms.tariff.to_dicts()),
        "colours": json.dumps(
            {day.isoformat(): colour for day, colour in sorted(terms.colours.items())}
        ),
        "currency": terms.currency,
        "time_zone": terms.zone.key,
        "dirty_from_ts": record.dirty_from_ts,
        "written_until_ts": record.written_until_ts,
        "changed_from_ts": record.changed_from_ts,
    }
    if is_new:
        values["metering_point"] = terms.metering_point
        connection.execute(insert(tariffs_table).values(**values))
    else:
        here = tariffs_table.c.metering_point == terms.metering_point
        connection.execute(update(tariffs_table).where(here).values(**values))
