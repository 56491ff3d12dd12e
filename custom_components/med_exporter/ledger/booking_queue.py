"""What is to be booked, and how the recorder is given it: a part at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..clocks.local import local_zone
from ..database import Held, end_like, ignorable, queue_in_turn, succeeded
from ..later import later_in_thread
from .books import write_history, write_posting
from .past import PlugHistory
from .posting import Posting
from .receipts import RECEIPTS_SCHEMA
from .retracting import Retraction, take_back

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

    from .burst import Burst
    from .carrying import Carried
    from .hours import MeterHours

    type Item = Posting | PlugHistory | MeterHours | Retraction

# How long the recorder books at a time, in seconds of processor and by the clock: a plug brings a
# year when it is added.
_SHORT: Final = 0.2
_LATE: Final = 0.4
# How long a part waits for more while many plugs bring their pasts, in seconds: with each the
# recorder commits what it has of its own, and every page that a part has a share in is written.
_GATHERING: Final = 0.3

# Only where a meter has a past that others know.
_write_hours: Final = later_in_thread(__package__, "hours", "write_hours")


class BookingQueue:
    """Books what it is given, in its order, each item in one transaction and once.

    Args:
        hass: Home Assistant.
        names: what users call each series, by statistic id.
        pasts: tells whether many plugs bring their pasts.

    """

    def __init__(self, hass: HomeAssistant, names: Mapping[str, str], pasts: Burst) -> None:
        self._hass = hass
        self._names = names
        self._pasts = pasts
        self._pending: list[Item] = []
        # Corrections that follow energy which is booked anew, as of what is committed, and as of
        # the part that is being written.
        self._carried: dict[str, Carried] = {}
        self._carried_then = self._carried
        # Whether the last part left something for the next one.
        self._is_full = False
        self.booking: asyncio.Future[int] | None = None
        """Done when all that waits is booked; None where nothing waits."""

    @callback
    def add(self, item: Item) -> asyncio.Future[int]:
        """Book an item, and what could not be booked before.

        Returns a future that is done when all that waited is committed, with how much that was, or
        failed with DatabaseUnavailableError. Callers may ignore it.
        """
        self._pending.append(item)
        if self.booking is None:
            self.booking = self._book()
        # Who gives up waiting, as tasks of an entry do that is unloaded, gives up for himself.
        return ignorable(asyncio.shield(self.booking))

    def _book(self) -> asyncio.Future[int]:
        """Let the recorder book all that waits, and return when that is done."""
        done: asyncio.Future[int] = ignorable(self._hass.loop.create_future())
        zone, booked = local_zone(), 0

        def next_part() -> None:
            queue_in_turn(
                self._hass,
                RECEIPTS_SCHEMA,
                lambda connection: self._write(connection, zone),
                self._forget,
            ).add_done_callback(go_on)

        def gather() -> None:
            if self._pasts.goes_on and self._hass.is_running:
                self._hass.loop.call_later(_GATHERING, next_part)
            else:
                next_part()

        def go_on(part: asyncio.Future[int]) -> None:
            nonlocal booked
            if succeeded(part) and self._pending:
                booked += part.result()
                if self._is_full:
                    next_part()
                else:
                    gather()
                return
            self.booking = None
            if succeeded(part):
                done.set_result(booked + part.result())
            else:
                end_like(done, part)

        gather()
        return done

    def _write(self, connection: Connection, zone: ZoneInfo) -> int:
        """Book what waits, in the recorder's thread and not for long, and return how much."""
        held, written = Held(_SHORT, _LATE), 0
        carried, items = dict(self._carried), list(self._pending)
        for item in items:
            if isinstance(item, Posting):
                write_posting(connection, item, self._names, zone, carried)
            elif isinstance(item, Retraction):
                if corrected := take_back(connection, item):
                    carried[item.plug.plug_id] = corrected
            elif isinstance(item, PlugHistory):
                write_history(connection, item, self._names, zone)
            else:
                _write_hours(connection, item, self._names)
            written += 1
            if held.share > 1:
                break
        self._carried_then = carried
        self._is_full = written < len(items)
        return written

    def _forget(self, written: int) -> None:
        del self._pending[:written]
        self._carried = self._carried_then
