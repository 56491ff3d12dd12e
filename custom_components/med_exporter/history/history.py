"""The history of exports: every push and every file, in the recorder's database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select

from ..clocks.lived import lived_time
from ..const import DOMAIN
from ..database import (
    DatabaseUnavailableError,
    async_read,
    ignorable,
    queue_work,
    succeeded,
    write_each,
)
from ..engine.database.history_tables import exports_table
from ..engine.outside import clean
from ..settings import settings
from .reasons import reason_of
from .records import (
    EVENT_EXPORT,
    SIGNAL_EXPORT_FINISHED,
    SIGNAL_HISTORY_CHANGED,
    UNFINISHED,
    ExportKind,
    ExportRecord,
    ExportStatus,
    export_event_data,
    mark_interrupted,
)
from .rows import is_one_of, record_from_row, upsert
from .shares import remove_beyond_shares
from .statistics import FileStatistics, read_file_statistics
from .tables import SCHEMA
from .totals import TOTALS_SCHEMA, keep_totals, read_totals

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection, Row

    from .totals import PushTotals

# How long an answer waits for the recorder, which may be held up for minutes.
_ANSWER_WITHIN: Final = 5.0


class History:
    """Keeps the records of exports.

    Writes go through the recorder's queue, which does not run before Home Assistant has started;
    until a record is committed it is kept here, so that reads always see what was saved.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._started_at = dt_util.utcnow()
        self._pending: dict[str, ExportRecord] = {}
        self._deleted: set[str] = set()
        # Ids are never used again.
        self._forgotten: set[str] = set()
        self._waiting: list[tuple[ExportRecord, asyncio.Future[None]]] = []
        # The runs of this life; any other unfinished one in the table was interrupted.
        self._unfinished: set[str] = set()

    @callback
    def async_setup(self) -> None:
        """Queue the creation of the tables and the marking of runs that an earlier life left."""
        marking = queue_work(self._hass, TOTALS_SCHEMA, self._write_interrupted)
        marking.add_done_callback(self._marked)

    @callback
    def save(self, record: ExportRecord) -> asyncio.Future[None]:
        """Store a copy of the record, replacing an earlier one of the same id.

        Returns a future that is done when the record is committed, or fails with
        `DatabaseUnavailableError`; a caller may ignore it. A record that was unfinished and now
        is finished is announced at once. What was deleted stays so: whoever still had the record,
        as a download that was under way, is late.
        """
        if record.id in self._forgotten:
            late: asyncio.Future[None] = self._hass.loop.create_future()
            late.set_result(None)
            return late
        stored = replace(record, warnings=list(record.warnings))
        self._pending[stored.id] = stored
        committed: asyncio.Future[None] = ignorable(self._hass.loop.create_future())
        self._waiting.append((stored, committed))
        self._queue_write()
        if stored.status in UNFINISHED:
            self._unfinished.add(stored.id)
        elif stored.id in self._unfinished:
            self._unfinished.discard(stored.id)
            self._announce(stored)
        async_dispatcher_send(self._hass, SIGNAL_HISTORY_CHANGED)
        return committed

    async def async_told(self, committed: asyncio.Future[Any]) -> None:
        """Wait for what `save` returned, before anybody is told: a kill then takes it from nobody.

        Where the recorder cannot write for seconds, or not at all, it does not hold up the answer;
        the record is kept here until it can.
        """
        await asyncio.wait([committed], timeout=_ANSWER_WITHIN)

    async def async_get(self, export_id: str) -> ExportRecord | None:
        """Return the record of this id, or None. Raises DatabaseUnavailableError."""
        if export_id in self._deleted:
            return None
        if (pending := self._pending.get(export_id)) is not None:
            return replace(pending)

        def read(connection: Connection) -> Row[Any] | None:
            statement = select(exports_table).where(exports_table.c.id == export_id)
            return connection.execute(statement).first()

        own = set(self._unfinished)
        row = await async_read(self._hass, SCHEMA, read, None)
        return None if row is None else self._record(row, own)

    async def async_list(
        self,
        *,
        kind: ExportKind | None = None,
        user_id: str | None = None,
        destination: str | None = None,
        status: ExportStatus | Collection[ExportStatus] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[ExportRecord], int]:
        """Return one page of records, newest first, and how many there are in all.

        `destination` is a destination's public id or a type; `status` one status or several.
        Raises DatabaseUnavailableError.
        """
        if destination is not None:
            # Whoever asks may ask for what no database takes.
            destination = clean(destination)
        statuses = None if status is None else _as_set(status)
        pending = [
            record
            for record in self._pending.values()
            if kind in {None, record.kind}
            and user_id in {None, record.user_id}
            and destination in {None, record.destination_id, record.destination}
            and (statuses is None or record.status in statuses)
        ]
        columns = exports_table.c
        conditions: list[ColumnElement[bool]] = []
        if overlaid := {*self._pending, *self._deleted}:
            conditions.append(columns.id.not_in(overlaid))
        if kind is not None:
            conditions.append(columns.kind == kind.value)
        if user_id is not None:
            conditions.append(columns.user_id == user_id)
        if destination is not None:
            conditions.append(
                or_(columns.destination_id == destination, columns.destination == destination)
            )
        if statuses is not None:
            conditions.append(self._status_condition(statuses))
        chosen = and_(True, *conditions)  # noqa: FBT003

        def read(connection: Connection) -> tuple[list[Row[Any]], int]:
            count = select(func.count()).select_from(exports_table).where(chosen)
            page = (
                select(exports_table)
                .where(chosen)
                .order_by(columns.created_ts.desc(), columns.row_id.desc())
                .limit(limit if not pending else offset + limit)
                .offset(offset if not pending else 0)
            )
            return list(connection.execute(page)), connection.execute(count).scalar_one()

        nothing: tuple[list[Row[Any]], int] = ([], 0)
        own = set(self._unfinished)
        rows, stored = await async_read(self._hass, SCHEMA, read, nothing)
        records = [self._record(row, own) for row in rows]
        if pending:
            # A record saved later comes first among those of one instant.
            records = [replace(record) for record in reversed(pending)] + records
            records.sort(key=lambda record: record.created_at, reverse=True)
            records = records[offset : offset + limit]
        return records, stored + len(pending)

    async def async_push_totals(self) -> PushTotals:
        """Return how many pushes have ended how, by type of destination.

        Only what is committed is counted, purged records too, so that no number ever falls.
        Raises DatabaseUnavailableError.
        """
        if waiting := [committed for _, committed in self._waiting]:
            await asyncio.wait(waiting)
        return await async_read(self._hass, TOTALS_SCHEMA, read_totals, {})

    async def async_file_statistics(
        self, *, user_id: str | None, since: datetime
    ) -> FileStatistics:
        """Return what the file exports of a user, or of all users, add up to.

        What is not committed yet is not counted. Raises DatabaseUnavailableError.
        """
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: read_file_statistics(c, user_id, since.timestamp()),
            FileStatistics(),
        )

    async def async_purge(self) -> int:
        """Delete what is older than the retention, and the oldest files of whoever makes very many.

        Returns how many records that were.

        Raises DatabaseUnavailableError.
        """
        kept = timedelta(days=settings(self._hass).keep_history_days)
        limit = lived_time(self._hass).too_old("history", kept, since=kept)

        def remove(connection: Connection) -> int:
            oldest = connection.execute(select(func.min(exports_table.c.created_ts))).scalar()
            too_old = exports_table.c.created_ts < limit.before(oldest)
            keep_totals(connection, too_old)
            removed = connection.execute(delete(exports_table).where(too_old)).rowcount
            return removed + remove_beyond_shares(connection)

        return await queue_work(self._hass, TOTALS_SCHEMA, remove)

    async def async_delete(self, export_id: str) -> None:
        """Forget the record of this id for good; nothing happens when there is none."""
        self._pending.pop(export_id, None)
        self._unfinished.discard(export_id)
        self._deleted.add(export_id)
        self._forgotten.add(export_id)
        writing = self._queue_write()
        async_dispatcher_send(self._hass, SIGNAL_HISTORY_CHANGED)
        await self.async_told(writing)

    @callback
    def _queue_write(self) -> asyncio.Future[tuple[list[ExportRecord], set[str]]]:
        writing = queue_work(self._hass, SCHEMA, self._write_waiting)
        writing.add_done_callback(self._written)
        return writing

    @callback
    def _announce(self, record: ExportRecord) -> None:
        data = export_event_data(record)
        if (device_id := self._device_of(record)) is not None:
            data["device_id"] = device_id
        if (reason := reason_of(self._hass, record)) is not None:
            data["reason"] = reason
        # Of no user: the logbook would tell everybody whose export it was.
        self._hass.bus.async_fire(EVENT_EXPORT, data)
        async_dispatcher_send(self._hass, SIGNAL_EXPORT_FINISHED, replace(record))

    def _device_of(self, record: ExportRecord) -> str | None:
        """Return the device of a push's destination, so that its logbook tells of it."""
        if record.destination_id is None:
            return None
        registry = dr.async_get(self._hass)
        for entry in self._hass.config_entries.async_entries(DOMAIN):
            if entry.data.get(CONF_ID) == record.destination_id:
                devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
                return devices[0].id if devices else None
        return None

    def _status_condition(self, statuses: set[ExportStatus]) -> ColumnElement[bool]:
        columns = exports_table.c
        unfinished = is_one_of(columns.status, UNFINISHED)
        own = columns.id.in_(self._unfinished)
        matching = [
            is_one_of(columns.status, statuses - UNFINISHED),
            and_(own, is_one_of(columns.status, statuses & UNFINISHED)),
        ]
        if ExportStatus.INTERRUPTED in statuses:
            matching.append(and_(unfinished, not_(own)))
        return or_(*matching)

    def _record(self, row: Row[Any], own: set[str]) -> ExportRecord:
        """Build a record from its row; what an earlier life left unfinished was interrupted.

        `own` are those of this life that were under way when the reading began.
        """
        record = record_from_row(row)
        if record.status in UNFINISHED and record.id not in own | self._unfinished:
            mark_interrupted(record, self._started_at)
        return record

    def _write_waiting(self, connection: Connection) -> tuple[list[ExportRecord], set[str]]:
        """Write everything that waits: a failed write is made up by the next one."""
        written, removed = list(self._pending.values()), set(self._deleted)
        write_each(connection, written, upsert)
        if removed:
            connection.execute(delete(exports_table).where(exports_table.c.id.in_(removed)))
        return written, removed

    def _write_interrupted(self, connection: Connection) -> list[ExportRecord]:
        """Mark what an earlier life left unfinished, before anything of this one is written."""
        unfinished = is_one_of(exports_table.c.status, UNFINISHED)
        rows = connection.execute(
            select(exports_table).where(unfinished).order_by(exports_table.c.row_id)
        )
        own = set(self._unfinished)
        records = [record for row in rows if (record := record_from_row(row)).id not in own]
        for record in records:
            mark_interrupted(record, self._started_at)
            upsert(connection, record)
        return records

    @callback
    def _written(self, writing: asyncio.Future[tuple[list[ExportRecord], set[str]]]) -> None:
        """Drop from memory what the database now holds; what it did not take waits on."""
        if not succeeded(writing):
            self._failed()
            return
        written, removed = writing.result()
        for record in written:
            if self._pending.get(record.id) is record:
                del self._pending[record.id]
        self._deleted -= removed
        # A later save of the same record is in `_pending` and comes with its own write.
        ids = {record.id for record in written} | removed
        settled = [item for item in self._waiting if item[0].id in ids]
        self._waiting = [
            item
            for item in self._waiting
            if item[0].id not in ids or self._pending.get(item[0].id) is item[0]
        ]
        for record, future in settled:
            if self._pending.get(record.id) is not record and not future.done():
                future.set_result(None)

    @callback
    def _failed(self) -> None:
        """Tell those who wait; the records stay in memory and go along with the next write."""
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(DatabaseUnavailableError())

    @callback
    def _marked(self, marking: asyncio.Future[list[ExportRecord]]) -> None:
        if succeeded(marking):
            for record in marking.result():
                self._announce(record)


DATA_HISTORY: HassKey[History] = HassKey(f"{DOMAIN}_history")


def _as_set(status: ExportStatus | Collection[ExportStatus]) -> set[ExportStatus]:
    return {status} if isinstance(status, ExportStatus) else set(status)
