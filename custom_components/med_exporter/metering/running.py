"""What runs at a metering point: what the ledger has booked, and what is not booked yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..database import DatabaseUnavailableError
from ..entries.finding import point_slug
from ..ledger import SIGNAL_LEDGER_CHANGED, PointSeries, RunningEnergy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..const import PlugRole
    from ..ledger import Ledger, LedgerChange
    from .counter import EnergyCounter

_DAY = timedelta(days=1)


class RunningPeriods:
    """The day and month that run, and those before, by the ledger.

    A plug that joins, leaves or moves in the middle of a day counts here as the ledger books it.
    Until the ledger has been read for the first time, the counters tell alone.

    Args:
        hass: Home Assistant.
        entry: of the metering point.
        ledger: where its energy is booked.
        changed: called when there is something else to show.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        changed: Callable[[], None],
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._changed = changed
        self._slug = point_slug(entry)
        self._booked: RunningEnergy | None = None
        self.version = 0
        self._day: date | None = None
        self._plug_ids: Collection[str] = ()
        self._reading = False
        self._again = False
        self._closed = False

    @callback
    def async_setup(self) -> None:
        """Follow what changes in the ledger until the entry is unloaded."""
        self._entry.async_on_unload(
            async_dispatcher_connect(self._hass, SIGNAL_LEDGER_CHANGED, self._on_change)
        )
        self._entry.async_on_unload(self._close)

    @callback
    def follow(self, plug_ids: Collection[str], day: date) -> None:
        """Read the ledger, now that something has been booked; `day` is the one that runs."""
        if not self._closed:
            self._plug_ids, self._day = plug_ids, day
            self._read()

    def energy(
        self, role: PlugRole, counters: Mapping[str, EnergyCounter], day: date, *, monthly: bool
    ) -> tuple[float, float | None]:
        """Return the kWh of the running day or month, and of the one before where it is known.

        Args:
            role: which of its plugs count.
            counters: those that have the role now and were read, by plug id.
            day: the local day that runs.
            monthly: whether the month is asked for.

        """
        booked = self._booked or RunningEnergy()
        energies = booked.months if monthly else booked.days
        first = day.replace(day=1) if monthly else day
        before = (first - _DAY).replace(day=1) if monthly else first - _DAY
        now, last = energies.get((role, first), 0.0), energies.get((role, before))
        start = dt_util.start_of_local_day(first).timestamp()
        is_known = True
        for plug_id, counter in counters.items():
            begin = counter.marks.month_start if monthly else counter.marks.day_start
            told = counter.last_month if monthly else counter.last_day
            standing = booked.counters.get(plug_id)
            if standing is None:
                # Nothing of it has been booked here or elsewhere.
                now += counter.value - begin
                if told is None:
                    is_known = is_known and last is not None
                else:
                    last = (last or 0.0) + told
                continue
            if counter.began_at is None or counter.began_at.timestamp() != standing.started:
                # A counter that begins anew brings what nobody has booked yet, with its first
                # posting.
                continue
            now += max(0.0, counter.value - max(standing.kwh, begin))
            if (late := begin - standing.kwh) > 0:
                last = (last or 0.0) + late
            is_known = is_known and (told is not None or standing.at >= start)
        return round(now, 6), round(last, 6) if is_known and last is not None else None

    @callback
    def _close(self) -> None:
        self._closed, self._day = True, None

    @callback
    def _on_change(self, change: LedgerChange) -> None:
        series = change.series
        if isinstance(series, PointSeries) and series.metering_point == self._slug:
            self._read()

    @callback
    def _read(self) -> None:
        if self._day is None:
            return
        self._again = True
        if not self._reading:
            self._reading = True
            self._entry.async_create_background_task(
                self._hass,
                self._async_read(),
                f"{DOMAIN} reads what is booked",
                # What is booked of several plugs together is told of each.
                eager_start=False,
            )

    async def _async_read(self) -> None:
        try:
            while self._again and self._day is not None:
                self._again = False
                self._booked = await self._ledger.async_running(
                    self._slug, self._plug_ids, self._day
                )
                self.version += 1
        except DatabaseUnavailableError:
            # What was read before stays right: the counters tell what has come since.
            return
        finally:
            self._reading = False
        self._changed()
