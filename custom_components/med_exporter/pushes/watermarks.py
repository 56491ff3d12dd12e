"""Up to where each destination has each series, in a table of the recorder's database."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from ..database import LONG_TEXT, TABLE_OPTIONS, Schema
from ..destinations.measurements import Grain
from ..engine.lazy_dataclass import dataclass
from .periods import period_start

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection, Row

metadata: Final = MetaData()

watermarks_table: Final = Table(
    "med_exporter_watermarks",
    metadata,
    Column("destination", String(36), primary_key=True),
    Column("metering_point", String(64), primary_key=True),
    Column("series", String(32), primary_key=True),
    Column("grain", String(16), nullable=False),
    Column("onwards", Boolean, nullable=False),
    Column("since_ts", BigInteger, nullable=False),
    Column("until_ts", BigInteger, nullable=False),
    Column("again_from_ts", BigInteger),
    Column("gaps", LONG_TEXT, nullable=False),
    Column("revision", Integer, nullable=False),
    **TABLE_OPTIONS,
)
"""What a destination (its public id) has of a series of a metering point (its slug, or empty).

Times are UTC seconds. It was given the closed periods from `since_ts` on and has all of them up to
`until_ts`, but those that begin at one of `gaps` (JSON), whose value was not known. What begins at
`again_from_ts` or later is to be given to it again up to `until_ts`, since it has changed. With
`onwards` a change takes `until_ts` itself back. `revision` counts these changes: a run that was
under way when one came does not undo it.
"""

SCHEMA: Final = Schema("watermarks", 1, metadata)


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """A series of a destination: a metering point's slug (empty for the house) and a name."""

    metering_point: str
    series: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A series that a destination is to receive from `since_ts` (UTC seconds) on."""

    key: SeriesKey
    grain: Grain
    onwards: bool
    since_ts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermark:
    """A row of the table."""

    key: SeriesKey
    grain: Grain
    onwards: bool
    since_ts: int
    until_ts: int
    again_from_ts: int | None
    gaps: frozenset[int]
    revision: int


@dataclass(kw_only=True, slots=True)
class Move:
    """What a run has settled of a series since the watermark of this revision was read.

    `until_ts` and `again_from_ts` are how far, None where nothing has moved; `again_done` tells
    that nothing is left to be given again. `filled` are gaps that are none any more, `found` new
    ones, of which those before `until_ts` count.
    """

    key: SeriesKey
    revision: int
    until_ts: int | None = None
    again_from_ts: int | None = None
    again_done: bool = False
    filled: set[int] = field(default_factory=set)
    found: set[int] = field(default_factory=set)


def open_series(
    connection: Connection, destination: str, openings: Collection[Opening]
) -> dict[SeriesKey, Watermark]:
    """Return the watermarks of some series; one that is new stands where the series begins."""
    known = read_watermarks(connection, destination)
    for opening in openings:
        found = known.get(opening.key)
        if found is not None and found.grain is opening.grain:
            if found.onwards != opening.onwards:
                _write(connection, destination, opening.key, onwards=opening.onwards)
            continue
        values: dict[str, Any] = {
            "grain": opening.grain.value,
            "onwards": opening.onwards,
            "since_ts": opening.since_ts,
            "until_ts": opening.since_ts,
            "again_from_ts": None,
            "gaps": "[]",
            "revision": 0,
        }
        if found is None:
            connection.execute(
                insert(watermarks_table).values(
                    destination=destination,
                    metering_point=opening.key.metering_point,
                    series=opening.key.series,
                    **values,
                )
            )
        else:
            # Periods of another length are another series.
            _write(connection, destination, opening.key, **values)
    known = read_watermarks(connection, destination)
    return {opening.key: known[opening.key] for opening in openings}


def read_watermarks(connection: Connection, destination: str) -> dict[SeriesKey, Watermark]:
    """Return all watermarks of a destination."""
    here = watermarks_table.c.destination == destination
    rows = connection.execute(select(watermarks_table).where(here)).all()
    return {(watermark := _watermark(row)).key: watermark for row in rows}


def advance(connection: Connection, destination: str, move: Move) -> bool:
    """Write down what was settled; return False where the series has changed meanwhile."""
    row = connection.execute(
        select(watermarks_table).where(*_at(destination, move.key)).with_for_update()
    ).first()
    if row is None:
        return True
    is_fresh: bool = row.revision == move.revision
    values: dict[str, Any] = {}
    until = row.until_ts
    if move.until_ts is not None and move.until_ts > until and (is_fresh or not row.onwards):
        until = values["until_ts"] = move.until_ts
    if is_fresh and move.again_done:
        values["again_from_ts"] = None
    elif is_fresh and move.again_from_ts is not None:
        values["again_from_ts"] = move.again_from_ts
    gaps = set(json.loads(row.gaps))
    now_gaps = (gaps - move.filled) | {gap for gap in move.found if gap < until}
    if now_gaps != gaps:
        values["gaps"] = json.dumps(sorted(now_gaps))
    if values:
        _write(connection, destination, move.key, **values)
    return is_fresh


def rewind(connection: Connection, destination: str, key: SeriesKey, to_ts: int | None) -> int:
    """Take a watermark back, so that all from a period on (None: all of it) is given again.

    Returns where it stood; 0 for a series that is new.
    """
    row = connection.execute(select(watermarks_table).where(*_at(destination, key))).first()
    if row is None:
        return 0
    target: int = row.since_ts if to_ts is None else to_ts
    if target < row.until_ts:
        since = min(target, row.since_ts)
        _write(connection, destination, key, until_ts=target, since_ts=since)
    until: int = row.until_ts
    return until


def note_change(
    connection: Connection,
    keys: Collection[SeriesKey],
    first_ts: int,
    zone: ZoneInfo,
    read_now: Collection[tuple[str, SeriesKey]],
) -> int:
    """Note for all destinations that series have other values from a moment (UTC seconds) on.

    Args:
        connection: to the recorder's database.
        keys: the series.
        first_ts: when the first period that changed begins, or a moment in it.
        zone: the time zone of days and months.
        read_now: destinations with the series that runs are just reading: what they settle later
            may be the value before.

    Returns:
        How many watermarks this concerned.

    """
    columns = watermarks_table.c
    noted = 0
    for key in keys:
        rows = connection.execute(
            select(watermarks_table).where(
                columns.metering_point == key.metering_point, columns.series == key.series
            )
        ).all()
        for row in rows:
            start = max(period_start(Grain(row.grain), first_ts, zone), row.since_ts)
            if start >= row.until_ts and (row.destination, key) not in read_now:
                continue
            values: dict[str, Any] = {"revision": row.revision + 1}
            if row.onwards:
                values["until_ts"] = min(start, row.until_ts)
            else:
                again = row.again_from_ts
                values["again_from_ts"] = start if again is None else min(start, again)
            _write(connection, row.destination, key, **values)
            noted += 1
    return noted


def forget_destination(connection: Connection, destination: str) -> None:
    """Delete the watermarks of a destination."""
    here = watermarks_table.c.destination == destination
    connection.execute(delete(watermarks_table).where(here))


def _watermark(row: Row[Any]) -> Watermark:
    return Watermark(
        key=SeriesKey(row.metering_point, row.series),
        grain=Grain(row.grain),
        onwards=row.onwards,
        since_ts=row.since_ts,
        until_ts=row.until_ts,
        again_from_ts=row.again_from_ts,
        gaps=frozenset(json.loads(row.gaps)),
        revision=row.revision,
    )


def _at(destination: str, key: SeriesKey) -> tuple[Any, ...]:
    columns = watermarks_table.c
    return (
        columns.destination == destination,
        columns.metering_point == key.metering_point,
        columns.series == key.series,
    )


def _write(connection: Connection, destination: str, key: SeriesKey, **values: object) -> None:
    connection.execute(update(watermarks_table).where(*_at(destination, key)).values(**values))
