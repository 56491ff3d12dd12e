"""The time by which a metering point's plugs are counted, and what is remembered of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.util import dt as dt_util

from ..clocks.certain import async_machine_run
from ..const import LOGGER
from ..engine.evidence import SteadyClock
from ..engine.times import with_own_offset
from ..formats import VersionedStore, async_load_for_entry
from .journal import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from .counter import EnergyCounter

# What is doubted is written as often as that, in seconds; a kill loses the dates of so much.
_WRITE_EVERY: Final = 900.0


def clock_store(hass: HomeAssistant, entry_id: str) -> VersionedStore:
    """Return the store of a metering point's clock and of the journals of its counters."""
    return VersionedStore(hass, f"clock.{entry_id}")


class Timekeeper:
    """Tell the time by a clock that does not follow each jump of the machine's.

    While it may turn out to have been wrong, it and the journals of the counters are on disk: that
    holds over a stop.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._store = clock_store(hass, entry_id)
        self._clock = SteadyClock()
        self._counters: Mapping[str, EnergyCounter] = {}
        self._written_at = float("-inf")
        self._is_doubted: bool | None = None
        # From when on, in UTC, the ledger is being told other times.
        self._unbooked: datetime | None = None

    async def async_load(
        self, counters: Mapping[str, EnergyCounter], told: datetime | None
    ) -> None:
        """Go on from where it was.

        Args:
            counters: by plug id, as they were kept.
            told: a time that has been told elsewhere, None where none was.

        """
        stored = await async_load_for_entry(self._store)
        run = await async_machine_run(self._hass)
        if stored is not None:
            # Nothing may ask for the time before it is told how long the stop was.
            self._clock = SteadyClock.from_dict(stored["clock"])
            # An older version has not kept it.
            kept = stored.get("machine_run")
            if run is not None and kept is not None and run[0] == kept[0]:
                self._clock.went_on(run[1] - kept[1], self._hass.loop.time())
            for plug_id, journal in stored["journals"].items():
                if plug_id in counters:
                    counters[plug_id].journal = Journal.from_dict(journal)
        self._counters = counters
        read = [counter.read_at for counter in counters.values() if counter.read_at]
        if stored is None and not read and told is not None:
            read = [told]
        if read:
            self._clock.told_until(max(read))

    def now(self) -> datetime:
        """Return the local time, with its offset for a zone: counters compare and subtract it."""
        return _local(self._clock.now(dt_util.utcnow(), self._hass.loop.time()))

    @property
    def ticks(self) -> float:
        """Return the seconds of a clock that is never put right, and goes on over a stop."""
        return self._clock.ticks(self._hass.loop.time())

    def at(self, ticks: float) -> datetime:
        """Return the local time of a moment, by what is known now."""
        return _local(self._clock.at(ticks))

    def settled(self) -> datetime:
        """Return before which local time nothing is missing that was counted by a wrong clock."""
        now = self.now()
        return _local(min(self._clock.settled or now, self._unbooked or now))

    def take_redated(self) -> float | None:
        """Return from which moment on times have changed since this was asked last.

        They are not settled before `booked` is called.
        """
        settled = self.settled()
        if (since := self._clock.take_redated()) is not None:
            self._unbooked = settled
        return since

    def booked(self) -> None:
        """Take it that the ledger holds all that has another time now."""
        self._unbooked = None

    async def async_keep(self, *, at_once: bool = False) -> None:
        """Write what is doubted, not each time; and once, that nothing is."""
        since = self._clock.doubted_since
        is_due = since is not None and self.ticks - self._written_at >= _WRITE_EVERY
        if not (at_once or is_due or self._is_doubted != (since is not None)):
            return
        self._written_at, self._is_doubted = self.ticks, since is not None
        run = await async_machine_run(self._hass)
        # Of the same moment.
        self.now()
        since = self._clock.doubted_since
        journals: dict[str, Any] = {}
        if since is not None:
            journals = {
                plug_id: counter.journal.to_dict(since)
                for plug_id, counter in self._counters.items()
            }
        try:
            await self._store.async_save(
                {"clock": self._clock.to_dict(), "journals": journals, "machine_run": run}
            )
        except OSError as err:
            LOGGER.warning("What is known of the clock cannot be written: %s", err)


def _local(moment: datetime) -> datetime:
    return with_own_offset(dt_util.as_local(moment))
