"""Write running sums to the long-term statistics, a part at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, IntegrityError

from ..clocks.local import certain_now
from ..const import DOMAIN
from ..database import UndoneError, WriteAhead, queue_in_turn, queue_work
from ..engine.lazy_dataclass import dataclass
from ..engine.times import hour_of
from .bulk import BulkSums
from .pace import Pace
from .record import Looked, SumRecord, compare
from .refused import RefusedStatistics
from .tables import sums_table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.components.recorder.models import StatisticMetaData
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from ..database import Schema
    from .sums import RunningSum

    type _Try = tuple[tuple[int, float] | None, int]
    type _Tried = tuple[dict[str, _Try], set[str]]

# How many hours the recorder's own import is given at a time, and of how many sums: each is a
# transaction of its own, and states of the house stand behind them.
_ROWS_AT_ONCE: Final = 250
_IMPORTS_AT_ONCE: Final = 25
# So many hours of a sum are a past, which would keep that import busy for minutes.
_MANY_ROWS: Final = 100
# Hours of a sum that are compared at once, or up to twice as many: more may be too much work, where
# hours have to be priced.
_HOURS_AT_ONCE: Final = 250
_LIMIT: Final = 300
# How often a statistic may be found as it was before it was written.
_MOST_TRIES: Final = 3
_HAS_UNIT_CLASS: Final = hasattr(StatisticsMeta, "unit_class")


@dataclass(slots=True)
class _Part:
    """What one look at the sums has found.

    `rows` are those to write, by sum and with its name; `changes` are the first hours that have
    changed, by statistic id; `described` are sums, with their names, of which Home Assistant knows
    something else than it was told; `stored` is how many hours were stored; `is_last` tells whether
    nothing is left to look at.
    """

    rows: list[tuple[RunningSum, str, list[StatisticData]]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    described: list[tuple[RunningSum, str]] = field(default_factory=list)
    stored: int = 0
    is_last: bool = True

    @property
    def left(self) -> int:
        """How many more hours Home Assistant's import may be given."""
        given = sum(len(rows) for *_, rows in self.rows)
        return _ROWS_AT_ONCE - given if len(self.rows) < _IMPORTS_AT_ONCE else 0


async def _at_once() -> None:
    """Wait for nothing."""


class SumsWriter:
    """Writes the closed hours of running sums to Home Assistant's long-term statistics.

    The recorder has other work to do: it is given a second's worth at most, and the next part once
    that is done. A statistic that Home Assistant refuses is told once and tried again later; the
    others go on.

    Args:
        hass: Home Assistant.
        schema: the tables that the sums are read from, which need those of this room.
        sums: returns all sums by statistic id, given a connection and the time (UTC seconds).
        on_change: called in the event loop with a statistic id and the first hour (UTC seconds)
            that had been written and now adds another amount, at least once for each.
        settled: awaited before each part; returns when the sums are not about to change much.
        hours_at_once: how many hours of a sum can be told at once without much work.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        schema: Schema,
        sums: Callable[[Connection, float], Mapping[str, RunningSum]],
        on_change: Callable[[str, int], None],
        settled: Callable[[], Awaitable[None]] = _at_once,
        hours_at_once: int = _HOURS_AT_ONCE,
    ) -> None:
        self._hass = hass
        self._schema = schema
        self._sums = sums
        self._on_change = on_change
        self._settled = settled
        self._hours_at_once = hours_at_once
        self._pace = Pace()
        self._log = WriteAhead(hass)
        # Whether each sum is stored by itself, since one among many is refused.
        self._one_by_one = False
        self._writing = asyncio.Lock()
        self._tries: dict[str, _Try] = {}
        self._described: set[str] = set()
        self._refused = RefusedStatistics(hass)

    @property
    def is_writing(self) -> bool:
        """Tell whether sums are being written."""
        return self._writing.locked()

    @property
    def has_refused(self) -> bool:
        """Tell whether there are sums that Home Assistant has refused, of which users are told."""
        return self._refused.is_any

    async def async_write(self) -> None:
        """Write all closed hours that are not as they should be. A second call changes nothing.

        Raises DatabaseUnavailableError, and TimeoutError where the recorder is busy for minutes.
        """
        async with self._writing:
            self._tries.clear()
            self._described.clear()
            self._one_by_one = False
            is_done = False
            try:
                while not await self._async_write_part():
                    await self._log.async_copy()
                await self._log.async_copy(is_last=True)
                is_done = True
            finally:
                self._log.end(is_cut_off=not is_done)

    async def _async_write_part(self) -> bool:
        """Write the next part, and return whether it was the last."""
        await self._settled()
        now = certain_now(self._hass).timestamp()
        async with asyncio.timeout(_LIMIT):
            look = partial(self._look, now=now)
            part = await queue_in_turn(self._hass, self._schema, look, self._note_pace)
        for running_sum, name in part.described:
            self._write(running_sum, name, [])
        for statistic_id, first_ts in part.changes.items():
            self._on_change(statistic_id, first_ts)
        if part.changes:
            # Behind whatever those who heard of it have queued.
            forget = partial(_forget_changes, changes=part.changes)
            queue_work(self._hass, self._schema, forget)
        for running_sum, name, rows in part.rows:
            self._write(running_sum, name, rows)
        self._refused.tell()
        return part.is_last and not part.rows

    @callback
    def _write(self, running_sum: RunningSum, name: str, rows: list[StatisticData]) -> None:
        """Queue hours and what they are for the recorder, which stores them in one transaction."""
        metadata: dict[str, Any] = {
            "source": DOMAIN,
            "statistic_id": running_sum.statistic_id,
            "name": name,
            "has_sum": True,
            "mean_type": StatisticMeanType.NONE,
            "unit_of_measurement": running_sum.unit,
        }
        if _HAS_UNIT_CLASS:
            # Older versions store nothing where they meet a key that they do not know.
            metadata["unit_class"] = running_sum.unit_class
        try:
            async_add_external_statistics(self._hass, cast("StatisticMetaData", metadata), rows)
        except HomeAssistantError as err:
            self._refused.refused(running_sum.statistic_id, name, str(err))

    def _look(self, connection: Connection, now: float) -> _Part:
        """Find the next hours that are to be written, and settle what is found written.

        All sums go ahead together, a stretch at a time: the recorder's index by time then changes
        in one place, and not all over for each of them.
        """
        self._pace.begin()
        sums = self._sums(connection, now)
        rows = connection.execute(select(sums_table).order_by(sums_table.c.dirty_from_ts)).all()
        self._refused.keep(sums)
        part = _Part()
        before = dict(self._tries), {*self._described}
        known = _known(connection)
        # What Home Assistant does not know yet is told first, so that all then go ahead together.
        records = [SumRecord(*row) for row in rows]
        turns = deque(sorted(records, key=lambda record: record.statistic_id in known))
        # Of many sums a single hour each is much for an import that makes a transaction of each.
        due = sum(record.dirty_from_ts < hour_of(now) for record in records)
        bulk = BulkSums(connection, least=_MANY_ROWS if due <= _IMPORTS_AT_ONCE else 1)
        looked_at = 0
        hours = self._pace.stretch(len(sums), self._hours_at_once)
        while turns:
            record = turns.popleft()
            running_sum = sums.get(record.statistic_id)
            if running_sum is None or self._refused.rests(record.statistic_id):
                continue
            self._describe(connection, part, record, running_sum, known)
            is_full = part.left <= 0 or bulk.count >= self._pace.hours
            if is_full or (looked_at and self._pace.took_long):
                part.is_last = False
                break
            looked_at += 1
            if record.statistic_id in bulk:
                # Its hours go on from those.
                self._store(bulk, before)
            try:
                looked = compare(connection, record, running_sum, now, hours, bulk)
                if self._one_by_one:
                    bulk.store()
            except ValueError as err:
                self._refused.refused(record.statistic_id, record.name, str(err))
                continue
            except (IntegrityError, DataError) as err:
                self._refused.refused(record.statistic_id, record.name, str(err.orig))
                raise self._undone(before) from err
            if looked.rows or looked.is_settled:
                self._note(part, record, running_sum, looked)
            else:
                turns.append(record)
        self._store(bulk, before)
        part.stored = bulk.count
        if part.stored and not part.is_last:
            self._log.let_grow(connection)
        return part

    def _note(
        self, part: _Part, record: SumRecord, running_sum: RunningSum, looked: Looked
    ) -> None:
        """Note what is to be done about a sum that is not looked at again in this part."""
        if looked.is_settled:
            self._refused.taken(record.statistic_id)
            if record.changed_from_ts is not None:
                part.changes[record.statistic_id] = record.changed_from_ts
        elif not self._is_stuck(record, looked.rows):
            # A new statistic is made without a row, too, for which alone the database would write
            # a page of each index.
            rows = [] if looked.is_unknown else looked.rows[: part.left]
            part.rows.append((running_sum, record.name, _statistic_data(rows)))
            part.is_last = False

    def _store(self, bulk: BulkSums, before: _Tried) -> None:
        """Store what was gathered of many sums."""
        try:
            bulk.store()
        except (IntegrityError, DataError) as err:
            # The database does not say of which of them.
            self._one_by_one = True
            raise self._undone(before) from err

    def _undone(self, before: _Tried) -> UndoneError[_Part]:
        self._tries, self._described = before
        return UndoneError(_Part(is_last=False))

    def _note_pace(self, part: _Part) -> None:
        self._pace.end(part.stored)

    def _describe(
        self,
        connection: Connection,
        part: _Part,
        record: SumRecord,
        running_sum: RunningSum,
        known: Mapping[str, tuple[str | None, bool]],
    ) -> None:
        """Have a sum described that is known as another one, once each time sums are written.

        It may be in the currency before, in a unit that a user has chosen, or somebody else's, who
        may have written over any hour.
        """
        told, name = (running_sum.unit, True), record.statistic_id
        if known.get(name, told) != told and name not in self._described:
            self._described.add(name)
            part.described.append((running_sum, record.name))
            record.note(connection, dirty_from_ts=0)

    def _is_stuck(self, record: SumRecord, rows: list[tuple[int, float]]) -> bool:
        """Tell whether the same sum of the same hour has been written in vain, again and again."""
        before, tries = self._tries.get(record.statistic_id, (None, 0))
        # Another sum is no failure: the hour has changed since.
        tries = tries + 1 if before == rows[0] else 1
        self._tries[record.statistic_id] = (rows[0], tries)
        if tries <= _MOST_TRIES:
            return False
        reason = f"{len(rows)} hours are not as they were written"
        self._refused.refused(record.statistic_id, record.name, reason)
        return True


def _known(connection: Connection) -> dict[str, tuple[str | None, bool]]:
    """Return the units of the sums that Home Assistant knows, and whether it knows them as sums."""
    columns = StatisticsMeta
    of_ours = select(
        columns.statistic_id, columns.unit_of_measurement, columns.has_sum, columns.mean_type
    ).where(columns.source == DOMAIN)
    return {
        str(name): (unit, bool(has_sum) and not mean_type)
        for name, unit, has_sum, mean_type in connection.execute(of_ours)
    }


def _statistic_data(rows: list[tuple[int, float]]) -> list[StatisticData]:
    return [
        {"start": datetime.fromtimestamp(hour, UTC), "state": amount, "sum": amount}
        for hour, amount in rows
    ]


def _forget_changes(connection: Connection, changes: Mapping[str, int]) -> None:
    """Note that changes have been announced."""
    columns = sums_table.c
    for statistic_id, first_ts in changes.items():
        connection.execute(
            update(sums_table)
            .where(columns.statistic_id == statistic_id, columns.changed_from_ts == first_ts)
            .values(changed_from_ts=None)
        )
