"""Weeks of states in the recorder's database, as if Home Assistant had been there all the time.

They are what plugs of the same appliances would have answered, so they join the live states
without a jump, and their days sum up to the plugs' own day counters.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tests.plug_emulator import Clock

from .household import PARIS, midnight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.plug_emulator import EmulatedPlug

    from .household import Appliance

# A plug is looked at every minute; what does not change is noted every five.
_LOOK = timedelta(minutes=1)
_NOTE = timedelta(minutes=5)
_CHANGE_W = 0.5
# What was counted in the last moments of a day belongs to it, so it is read just before midnight.
_BEFORE_MIDNIGHT = timedelta(seconds=2)
_BEFORE_LIVE = timedelta(seconds=5)
# The recorder writes every second and gives up after a few: each transaction has to be short.
_ROWS_PER_TRANSACTION = 4000
_LOCK_SECONDS = 30

_COLUMNS: Final = (
    "metadata_id",
    "attributes_id",
    "state",
    "last_updated_ts",
    "origin_idx",
    "context_id_bin",
)
_INSERT: Final = f"INSERT INTO states ({', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, 0, ?)"
_NEWEST: Final = """
SELECT states.metadata_id, states.attributes_id, (
    SELECT MIN(earlier.last_updated_ts) FROM states AS earlier
    WHERE earlier.metadata_id = states.metadata_id
)
FROM states JOIN states_meta USING (metadata_id)
WHERE states_meta.entity_id = ? AND states.state NOT IN ('unknown', 'unavailable')
ORDER BY states.last_updated_ts DESC LIMIT 1
"""


class NotRecordedError(Exception):
    """The recorder has no state of an entity yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a plug showed: the state of each of its entities by the key in the unique id."""

    when: datetime
    states: Mapping[str, str]


def past_readings(
    appliance: Appliance, installed_at: datetime, first_day: date, end: datetime
) -> Iterator[Reading]:
    """Read a plug of this appliance from the midnight of `first_day` until before `end`."""
    clock = Clock(lambda: datetime.fromtimestamp(0, UTC), timezone=PARIS)
    plug = appliance.plug(installed_at, clock=clock)
    power = noted_at = None
    for when in _looks(first_day, end):
        clock.set(when)
        due = noted_at is None or when - noted_at >= _NOTE or when.second
        if due or power is None or abs(plug.power - power) >= _CHANGE_W:
            power, noted_at = plug.power, when
            yield Reading(when=when, states=_states(plug))


def write_readings(
    database: Path, readings: Iterator[Reading], entity_ids: Mapping[str, str]
) -> int:
    """Insert readings as states of the entities (by key); return how many rows that made.

    Only states from before the first live one are written, and only where they change, as the
    recorder itself does. Raises NotRecordedError when an entity has no live state yet.
    """
    with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS, autocommit=True)) as connection:
        recorded = {key: _recorded(connection, entity_id) for key, entity_id in entity_ids.items()}
        rows = _rows(readings, recorded)
        written = 0
        for chunk in itertools.batched(rows, _ROWS_PER_TRANSACTION, strict=False):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, chunk)
            connection.execute("COMMIT")
            written += len(chunk)
        return written


def first_live_state(database: Path, entity_ids: Mapping[str, str]) -> datetime:
    """Return when the recorder first saw any of these entities. Raises NotRecordedError."""
    with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS, autocommit=True)) as connection:
        first = min(_recorded(connection, entity_id)[2] for entity_id in entity_ids.values())
        return datetime.fromtimestamp(first, UTC)


def _recorded(connection: sqlite3.Connection, entity_id: str) -> tuple[int, int, float]:
    row: tuple[int, int, float] | None = connection.execute(_NEWEST, (entity_id,)).fetchone()
    if row is None:
        raise NotRecordedError(entity_id)
    return row


def _rows(
    readings: Iterator[Reading], recorded: Mapping[str, tuple[int, int, float]]
) -> Iterator[tuple[int, int, str, float, bytes]]:
    before: dict[str, str] = {}
    for reading in readings:
        for key, state in reading.states.items():
            metadata_id, attributes_id, _ = recorded[key]
            if before.get(key) != state:
                before[key] = state
                yield (
                    metadata_id,
                    attributes_id,
                    state,
                    reading.when.timestamp(),
                    os.urandom(16),
                )


def _looks(first_day: date, end: datetime) -> Iterator[datetime]:
    """Give every minute from midnight on, and a moment just before each further midnight."""
    when, last = midnight(first_day).astimezone(UTC), end - _BEFORE_LIVE
    day = first_day + timedelta(days=1)
    next_midnight = midnight(day).astimezone(UTC)
    while when <= last:
        if when == next_midnight:
            yield when - _BEFORE_MIDNIGHT
            day += timedelta(days=1)
            next_midnight = midnight(day).astimezone(UTC)
        yield when
        when += _LOOK


def _states(plug: EmulatedPlug) -> dict[str, str]:
    """Return the states that the integration would show of the plug now."""
    voltage = round(1000 * plug.voltage)
    return {
        "power": str(round(1000 * plug.power) / 1000),
        "voltage": str(voltage / 1000),
        "current": str(round(1000 * plug.power / plug.voltage) / 1000),
        "energy": str(int(plug.outlet.total_wh + 1e-6) / 1000),
        "relay": "on",
    }
