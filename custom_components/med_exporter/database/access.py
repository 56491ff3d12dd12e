"""Work on tables of our own: writes in the recorder's thread, reads in its executor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homeassistant.components.recorder.tasks import RecorderTask
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import get_instance, session_scope
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from .schema import Schema


class DatabaseUnavailableError(HomeAssistantError):
    """The recorder's database could not be read or written."""

    def __init__(self) -> None:
        super().__init__(translation_domain=DOMAIN, translation_key="database_unavailable")


def queue_work[T](
    hass: HomeAssistant,
    schema: Schema,
    work: Callable[[Connection], T],
    committed: Callable[[T], None] | None = None,
) -> asyncio.Future[T]:
    """Let the recorder's thread do work in one transaction.

    The recorder begins with what is queued when Home Assistant has started.

    Args:
        hass: whose recorder.
        schema: the tables, which are made first where they are missing.
        work: what to do; its return value is the result.
        committed: called with the result after the commit, in the recorder's thread too.

    Returns:
        A future with what `work` returned, done after the commit, or failed with
        DatabaseUnavailableError. Callers may ignore it.

    """
    done: asyncio.Future[T] = hass.loop.create_future()
    # Nobody has to look at the outcome.
    done.add_done_callback(lambda future: future.cancelled() or future.exception())
    get_instance(hass).queue_task(_Work(hass, schema, work, committed, done))
    return done


async def async_read[T](
    hass: HomeAssistant, schema: Schema, read: Callable[[Connection], T], missing: T
) -> T:
    """Return what `read` finds, or `missing` while the tables have not been made.

    Raises DatabaseUnavailableError.
    """
    instance = get_instance(hass)

    def in_executor() -> T:
        with session_scope(session=instance.get_session(), read_only=True) as session:
            connection = session.connection()
            return read(connection) if schema.exists(connection) else missing

    try:
        return await instance.async_add_executor_job(in_executor)
    except (SQLAlchemyError, RuntimeError) as err:
        LOGGER.error("The recorder's database could not be read: %s", err)
        raise DatabaseUnavailableError from err


@dataclass(slots=True)
class _Work[T](RecorderTask):
    """Work in the recorder's own thread, which may not raise its errors there."""

    hass: HomeAssistant
    schema: Schema
    work: Callable[[Connection], T]
    committed: Callable[[T], None] | None
    done: asyncio.Future[T]
    retried: bool = field(default=False, init=False)

    def run(self, instance: Recorder) -> None:
        """Do the work, and keep errors from the recorder but those it repairs itself."""
        try:
            with session_scope(session=instance.get_session()) as session:
                connection = session.connection()
                self.schema.create(connection)
                result = self.work(connection)
        except (SQLAlchemyError, RuntimeError) as err:
            if "malformed" in str(err) or "not a database" in str(err):
                # The recorder moves the broken file away; a second try then meets a new database.
                if not self.retried:
                    self.retried = True
                    instance.queue_task(self)
                raise
            LOGGER.error("The recorder's database could not be written: %s", err)
            self._call(lambda: self.done.set_exception(DatabaseUnavailableError()))
        else:
            if self.committed is not None:
                self.committed(result)
            self._call(lambda: self.done.set_result(result))

    def _call(self, settle: Callable[[], None]) -> None:
        def unless_done() -> None:
            if not self.done.done():
                settle()

        if not self.hass.loop.is_closed():
            self.hass.loop.call_soon_threadsafe(unless_done)
