"""The audit log: what writes events down, and what finds them again."""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.core import callback
from homeassistant.helpers.http import current_request
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from sqlalchemy import delete, func, insert, select

from ..clocks.lived import lived_time
from ..const import DOMAIN
from ..database import async_read, queue_work, write_each
from ..engine.database.audit_tables import audit_table
from ..engine.outside import clean, cleaned
from ..settings import settings
from .events import SEVERITIES, AuditEvent, EventType, Severity
from .tables import SCHEMA

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterator, Mapping

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection, Row

_ACTOR: ContextVar[User | None] = ContextVar("med_exporter_actor", default=None)

# As long as the columns are.
_LONGEST_TEXT: Final = 255
_LONGEST_ADDRESS: Final = 64


@contextmanager
def acting(user: User | None) -> Iterator[None]:
    """Let what happens in this context be done by a user, where no request tells."""
    token = _ACTOR.set(user)
    try:
        yield
    finally:
        _ACTOR.reset(token)


class AuditLog:
    """Keeps events in the order in which they happened.

    An event is in memory until the recorder's thread has committed it; what a write did not take
    goes along with the next one.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._pending: list[AuditEvent] = []

    @callback
    def record(
        self,
        event_type: EventType,
        *,
        user: User | None = None,
        subject: str | None = None,
        details: Mapping[str, Any] | None = None,
        address: str | None = None,
        time: datetime | None = None,
    ) -> asyncio.Future[int]:
        """Write an event down.

        Args:
            event_type: what happened.
            user: who did it; the one who acts in this context or in this HTTP request if None.
            subject: what it was about.
            details: more about it; plain JSON values without secrets.
            address: from where; that of the HTTP request, if there is one, if None.
            time: aware; now if None.

        Returns:
            A future that is done when the event is committed, or fails with
            DatabaseUnavailableError; a caller may ignore it.

        """
        user = user or _acting_user()
        request = current_request.get()
        address = address or (None if request is None else request.remote)
        self._pending.append(
            AuditEvent(
                time=(time or dt_util.utcnow()).astimezone(UTC),
                event_type=event_type,
                severity=SEVERITIES.get(event_type, Severity.INFO),
                user_id=None if user is None else user.id,
                user_name=None if user is None else _cut(user.name, _LONGEST_TEXT),
                address=_cut(address, _LONGEST_ADDRESS),
                subject=_cut(subject, _LONGEST_TEXT),
                details=cleaned(dict(details or {})),
            )
        )
        return queue_work(self._hass, SCHEMA, self._write, self._forget)

    async def async_list(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        event_types: Collection[EventType] = (),
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[AuditEvent], int]:
        """Return a page of committed events, newest first, and how many there are in all.

        `start` is included, `end` not; without `event_types` all of them. Raises
        DatabaseUnavailableError.
        """
        columns = audit_table.c
        conditions = []
        if start is not None:
            conditions.append(columns.time_ts >= start.timestamp())
        if end is not None:
            conditions.append(columns.time_ts < end.timestamp())
        if event_types:
            conditions.append(columns.event_type.in_([str(one) for one in event_types]))

        def read(connection: Connection) -> tuple[list[Row[Any]], int]:
            count = select(func.count()).select_from(audit_table).where(*conditions)
            page = (
                select(audit_table)
                .where(*conditions)
                .order_by(columns.time_ts.desc(), columns.row_id.desc())
                .limit(limit)
                .offset(offset)
            )
            return list(connection.execute(page)), connection.execute(count).scalar_one()

        nothing: tuple[list[Row[Any]], int] = ([], 0)
        rows, total = await async_read(self._hass, SCHEMA, read, nothing)
        return [_event(row) for row in rows], total

    async def async_purge(self) -> int:
        """Delete what is older than the retention and return how many events that were."""
        kept = timedelta(days=settings(self._hass).keep_audit_days)
        limit = lived_time(self._hass).too_old("audit", kept, since=kept)

        def remove(connection: Connection) -> int:
            oldest = connection.execute(select(func.min(audit_table.c.time_ts))).scalar()
            too_old = audit_table.c.time_ts < limit.before(oldest)
            return connection.execute(delete(audit_table).where(too_old)).rowcount

        return await queue_work(self._hass, SCHEMA, remove)

    def _write(self, connection: Connection) -> int:
        waiting = list(self._pending)
        write_each(connection, waiting, _insert)
        return len(waiting)

    def _forget(self, written: int) -> None:
        del self._pending[:written]


DATA_AUDIT: HassKey[AuditLog] = HassKey(f"{DOMAIN}_audit")


def _acting_user() -> User | None:
    if (user := _ACTOR.get()) is not None:
        return user
    request = current_request.get()
    return None if request is None else request.get(KEY_HASS_USER)


def _insert(connection: Connection, event: AuditEvent) -> None:
    connection.execute(insert(audit_table), _row(event))


def _row(event: AuditEvent) -> dict[str, Any]:
    return {
        "time_ts": event.time.timestamp(),
        "event_type": event.event_type.value,
        "severity": event.severity.value,
        "user_id": event.user_id,
        "user_name": event.user_name,
        "address": event.address,
        "subject": event.subject,
        "details": json.dumps(dict(event.details), ensure_ascii=False),
    }


def _event(row: Row[Any]) -> AuditEvent:
    return AuditEvent(
        time=datetime.fromtimestamp(row.time_ts, UTC),
        event_type=EventType(row.event_type),
        severity=Severity(row.severity),
        user_id=row.user_id,
        user_name=row.user_name,
        address=row.address,
        subject=row.subject,
        details=json.loads(row.details),
    )


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else clean(text, length)
