"""Reads of the recorder's database, in its executor, which end before it does."""

from __future__ import annotations

import asyncio
from dataclasses import field
from typing import TYPE_CHECKING, Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util.hass_dict import HassKey
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..engine.lazy_dataclass import dataclass
from ..formats import report_newer
from .migration import NewerFormatError
from .outcome import ignorable
from .schema import forget_schemas
from .unavailable import DatabaseUnavailableError
from .work import queue_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import Event, HomeAssistant
    from sqlalchemy.engine import Connection

    from .schema import Schema


async def async_read[T](
    hass: HomeAssistant, schema: Schema, read: Callable[[Connection], T], missing: T
) -> T:
    """Return what `read` finds, or `missing` while the tables have not been made.

    Raises DatabaseUnavailableError, also once Home Assistant stops, while tables are brought
    forward, which begins with this if it has not yet, and where they are of a newer version.
    """
    instance = get_instance(hass)

    def read_or_forward() -> T:
        try:
            return _read(instance, schema, read, missing)
        except LookupError:
            hass.loop.call_soon_threadsafe(queue_work, hass, schema, lambda _: None)
            raise

    return await async_read_by(hass, read_or_forward)


async def async_read_recorder[T](hass: HomeAssistant, read: Callable[[Connection], T]) -> T:
    """Return what `read` finds in the recorder's own tables.

    Raises DatabaseUnavailableError as `async_read` does.
    """
    instance = get_instance(hass)

    def look() -> T:
        with session_scope(session=instance.get_session(), read_only=True) as session:
            return read(session.connection())

    return await async_read_by(hass, look)


async def async_read_by[T](hass: HomeAssistant, read: Callable[[], T]) -> T:
    """Return what `read` finds, which opens its own session: Home Assistant's own functions do.

    Raises DatabaseUnavailableError as `async_read` does.
    """
    reads = _reads(hass)
    if reads.ended:
        raise DatabaseUnavailableError
    try:
        under_way = ignorable(get_instance(hass).async_add_executor_job(read))
    except RuntimeError as err:
        # The recorder has ended, and its threads with it.
        raise DatabaseUnavailableError from err
    reads.under_way.add(under_way)
    under_way.add_done_callback(reads.under_way.discard)
    # Not awaited itself: a thread goes on reading when nobody waits for it any longer.
    await asyncio.wait([under_way])
    try:
        return under_way.result()
    except NewerFormatError as err:
        report_newer(hass, err.component)
        raise DatabaseUnavailableError("database_newer") from err
    except LookupError as err:
        LOGGER.debug("The recorder's database is not read yet: %s", err)
        raise DatabaseUnavailableError from err
    except (SQLAlchemyError, RuntimeError) as err:
        LOGGER.error("The recorder's database could not be read: %s", err)
        raise DatabaseUnavailableError from err


def _read[T](instance: Recorder, schema: Schema, read: Callable[[Connection], T], missing: T) -> T:
    try:
        return _look(instance, schema, read, missing)
    except SQLAlchemyError:
        if instance.engine is None or not schema.is_ready(instance.engine):
            raise
        # Somebody may have removed all tables since they were looked up.
        forget_schemas(instance.engine)
        return _look(instance, schema, read, missing)


def _look[T](instance: Recorder, schema: Schema, read: Callable[[Connection], T], missing: T) -> T:
    with session_scope(session=instance.get_session(), read_only=True) as session:
        connection = session.connection()
        try:
            exists = schema.exists(connection)
        except (NewerFormatError, LookupError) as err:
            # The recorder would log it, with all that led to it.
            unreadable = err
        else:
            return read(connection) if exists else missing
    raise unreadable


@dataclass(slots=True)
class _Reads:
    """The reads that are under way.

    The recorder closes the connections of all threads as Home Assistant stops; a thread that
    still reads then takes the whole process down.
    """

    under_way: set[asyncio.Future[Any]] = field(default_factory=set)
    ended: bool = False

    async def async_end(self, _: Event) -> None:
        """Begin no more, and wait for those that are under way."""
        self.ended = True
        if self.under_way:
            await asyncio.wait(self.under_way)


_DATA_READS: HassKey[_Reads] = HassKey(f"{DOMAIN}_reads")


def _reads(hass: HomeAssistant) -> _Reads:
    if _DATA_READS not in hass.data:
        reads = hass.data[_DATA_READS] = _Reads()
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, reads.async_end)
    return hass.data[_DATA_READS]
