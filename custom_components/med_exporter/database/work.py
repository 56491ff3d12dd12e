"""Work on tables of our own, in the recorder's thread and in the order in which it was queued."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from dataclasses import field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.core import callback
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util.hass_dict import HassKey
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..engine.lazy_dataclass import dataclass
from ..formats import report_known, report_newer
from .migration import NewerFormatError
from .outcome import ignorable
from .removal import drop_tables
from .schema import forget_schemas
from .unavailable import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection, Engine

    from .schema import Schema


_DATA_CLOSED: HassKey[bool] = HassKey(f"{DOMAIN}_database_closed")


class UndoneError[T](Exception):
    """Raised by work that is to be undone as a whole; `result` is what it comes to nevertheless.

    A savepoint would undo a part of it, too, but has SQLite copy each page that changes after it
    into a file, which is several times what is written otherwise.
    """

    def __init__(self, result: T) -> None:
        super().__init__("all of it is undone")
        self.result = result


@callback
def close_database(hass: HomeAssistant) -> asyncio.Future[int]:
    """Drop all tables, and let no later work make them again until `open_database`."""
    engines: list[Engine] = []

    def drop(connection: Connection) -> int:
        engines.append(connection.engine)
        return drop_tables(connection)

    def forget(_: int) -> None:
        # Not before: who reads until then would find them again.
        for engine in engines:
            forget_schemas(engine)

    done = queue_work(hass, None, drop, forget)
    hass.data[_DATA_CLOSED] = True
    return done


@callback
def open_database(hass: HomeAssistant) -> None:
    """Let work be done again."""
    if hass.data.pop(_DATA_CLOSED, None) and (engine := get_instance(hass).engine) is not None:
        # Who looked while tables were dropped may have found them.
        forget_schemas(engine)


def queue_work[T](
    hass: HomeAssistant,
    schema: Schema | None,
    work: Callable[[Connection], T],
    committed: Callable[[T], None] | None = None,
) -> asyncio.Future[T]:
    """Let the recorder's thread do work in one transaction.

    The recorder begins with what is queued when Home Assistant has started. Works on one schema
    are done in the order in which they were queued. Tables of an older version are brought forward
    first, a part at a time, so that the recorder's own work goes on.

    Args:
        hass: whose recorder.
        schema: the tables, which are made first where they are missing; None to make none.
        work: what to do; its return value is the result. It may raise UndoneError.
        committed: called with the result after the commit, in the recorder's thread too.

    Returns:
        A future with the result, done after the commit, or failed with
        DatabaseUnavailableError, also where the tables are of a newer version. Callers may ignore
        it.

    """
    done: asyncio.Future[T] = ignorable(hass.loop.create_future())
    if hass.data.get(_DATA_CLOSED):
        done.set_exception(DatabaseUnavailableError())
        return done
    instance = get_instance(hass)
    if not instance.is_alive():
        # Nobody would do the work, and callers would wait for ever.
        done.set_exception(DatabaseUnavailableError())
        return done
    instance.queue_task(_Work(hass, schema, work, committed, done))
    return done


async def async_work_within[T](
    hass: HomeAssistant, schema: Schema, work: Callable[[Connection], T], seconds: float
) -> T:
    """Return the result of work that is done within so many seconds, or not at all.

    The recorder's thread waits for minutes where another program holds the database; who presses
    a button is told sooner, and what was told is then true for good.

    Args:
        hass: whose recorder.
        schema: the tables, as for `queue_work`.
        work: what to do. It may be called and all that it did undone.
        seconds: how long to wait.

    Raises DatabaseUnavailableError as `queue_work` does, and when the time is over: then nothing
    was changed, and nothing will be.

    """
    decided = Lock()

    def unless_withdrawn(connection: Connection) -> T | None:
        if decided.locked():
            return None
        result = work(connection)
        if not decided.acquire(blocking=False):
            raise UndoneError(result)
        return result

    done = queue_work(hass, schema, unless_withdrawn)
    await asyncio.wait([done], timeout=seconds)
    if not done.done() and decided.acquire(blocking=False):
        raise DatabaseUnavailableError("database_busy")
    return cast("T", await done)


_DATA_WAITING: HassKey[dict[Schema | None, deque[_Work[Any]]]] = HassKey(f"{DOMAIN}_waiting_works")
"""What waits, in its order, for tables that are brought forward."""


@dataclass(slots=True)
class _Work[T](RecorderTask):
    """Work in the recorder's own thread, which may not raise its errors there."""

    hass: HomeAssistant
    schema: Schema | None
    work: Callable[[Connection], T]
    committed: Callable[[T], None] | None
    done: asyncio.Future[T]
    retried: bool = field(default=False, init=False)

    def run(self, instance: Recorder) -> None:
        """Do the work, or let it wait for its tables."""
        waiting = self.hass.data.setdefault(_DATA_WAITING, {})
        if self.schema in waiting:
            waiting[self.schema].append(self)
            return
        with self.failing(instance):
            if not self.prepared(instance):
                waiting[self.schema] = deque([self])
                instance.queue_task(_Forward(self))
                return
            self.do(instance)

    def prepared(self, instance: Recorder) -> bool:
        """Do a part of what the tables need, and tell whether they are as described now."""
        if (schema := self.schema) is None:
            return True
        with session_scope(session=instance.get_session()) as session:
            connection = session.connection()
            engine = connection.engine
            if schema.is_ready(engine):
                return True
            is_ready, newer = schema.look_up(connection), None
            try:
                is_ready = is_ready or schema.prepare(connection)
            except NewerFormatError as err:
                # The recorder would log it, with all that led to it.
                newer = err
        if newer is not None:
            raise newer
        if is_ready:
            schema.note_ready(engine)
            for component in schema.components:
                self._in_loop(partial(report_known, self.hass, component))
        return is_ready

    def do(self, instance: Recorder) -> None:
        """Do the work in one transaction, and tell the result."""
        with session_scope(session=instance.get_session()) as session:
            try:
                result = self.work(session.connection())
            except UndoneError as err:
                # Caught here, since the recorder would log it with all that led to it.
                session.rollback()
                result = err.result
        if self.committed is not None:
            self.committed(result)
        self._settle(lambda: self.done.set_result(result))

    @contextmanager
    def failing(self, instance: Recorder) -> Iterator[None]:
        """Keep errors from the recorder but those it repairs itself, and let the work fail."""
        try:
            yield
        except NewerFormatError as err:
            report = partial(report_newer, self.hass, err.component)
            self._in_loop(report)
            self._fail(DatabaseUnavailableError("database_newer"))
        except (SQLAlchemyError, RuntimeError) as err:
            if instance.engine is not None and self.schema is not None:
                # Who has removed these tables may have removed all.
                forget_schemas(instance.engine)
            if "malformed" in str(err) or "not a database" in str(err):
                # The recorder moves the broken file away; a second try then meets a new database.
                if self.retried:
                    self._log(err)
                else:
                    self.retried = True
                    instance.queue_task(self)
                raise
            self._log(err)
        except Exception:
            # The recorder tells of mistakes of ours; whoever waits is not to do so for ever.
            self._fail(DatabaseUnavailableError())
            raise

    def _log(self, err: Exception) -> None:
        LOGGER.error("The recorder's database could not be written: %s", err)
        self._fail(DatabaseUnavailableError())

    def _fail(self, err: DatabaseUnavailableError) -> None:
        self._settle(lambda: self.done.set_exception(err))

    def _settle(self, settle: Callable[[], None]) -> None:
        def unless_done() -> None:
            if not self.done.done():
                settle()

        self._in_loop(unless_done)

    def _in_loop(self, action: Callable[[], None]) -> None:
        if not self.hass.loop.is_closed():
            self.hass.loop.call_soon_threadsafe(action)


@dataclass(slots=True)
class _Forward(RecorderTask):
    """Brings tables forward, then does what waited for them, each time only a part.

    What else the recorder has to do is queued in between.
    """

    first: _Work[Any]

    def run(self, instance: Recorder) -> None:
        """Do the next part."""
        schema, hass = self.first.schema, self.first.hass
        queue = hass.data[_DATA_WAITING][schema]
        work = queue[0]
        is_prepared = True
        try:
            with work.failing(instance):
                is_prepared = work.prepared(instance)
                if is_prepared:
                    work.do(instance)
        finally:
            if is_prepared:
                queue.popleft()
            if queue:
                instance.queue_task(self)
            else:
                del hass.data[_DATA_WAITING][schema]
