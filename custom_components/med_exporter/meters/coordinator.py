"""Follow the statistics of a metering point's meters into the ledger, and their entities live."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from homeassistant.const import (
    EVENT_RECORDER_5MIN_STATISTICS_GENERATED,
    EVENT_RECORDER_HOURLY_STATISTICS_GENERATED,
)
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..clocks.due import async_track_due
from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError
from ..engine.times import UTC_DAY
from ..entries.finding import point_slug
from ..ledger import SIGNAL_LEDGER_CHANGED, PointSeries
from .booking import Booking
from .live import shown
from .meter import is_entity, meters_of
from .missing import PATIENCE, report_missing, shows, why_missing
from .progress import Progress
from .standing import Standing

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, EventStateChangedData, HomeAssistant

    from ..ledger import Ledger, LedgerChange
    from .meter import Meter
    from .source import Told

WHOLE_EVERY: Final = UTC_DAY
"""How often all that is booked is compared with the statistics, in seconds."""


class MetersCoordinator(DataUpdateCoordinator[None]):
    """Keep the ledger as the statistics are, and `standing` as the entities of the meters show.

    Args:
        hass: whose statistics.
        entry: of the metering point.
        ledger: where they are booked.

    """

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.meters = meters_of(entry)
        self.standing = Standing(self.meters, dt_util.now().date())
        self._booking = Booking(hass, entry, ledger)
        self._looking = asyncio.Lock()
        self._whole_at = 0.0
        self._progress: Progress | None = None
        # Of statistics that no look has begun after; None while nobody looks.
        self._is_news: bool | None = None

    @callback
    def async_follow(self) -> None:
        """Begin to follow statistics and states, until the entry is unloaded."""
        entry, hass = self.config_entry, self.hass
        entities = {
            meter.statistic_id: meter_id
            for meter_id, meter in self.meters.items()
            if is_entity(meter.statistic_id)
        }

        @callback
        def on_state(event: Event[EventStateChangedData]) -> None:
            state = shown(event.data["new_state"])
            if state is not None:
                self.standing.see(entities[event.data["entity_id"]], state)
                self.async_update_listeners()

        @callback
        def on_statistics(_: Event) -> None:
            self._start()

        slug = point_slug(entry)

        @callback
        def on_ledger(change: LedgerChange) -> None:
            # What somebody has put right is shown, and pushed, before statistics tell anything new.
            series = change.series
            if isinstance(series, PointSeries) and series.metering_point == slug:
                self._start()

        entry.async_on_unload(async_dispatcher_connect(hass, SIGNAL_LEDGER_CHANGED, on_ledger))
        for entity_id, meter_id in entities.items():
            if (state := shown(hass.states.get(entity_id))) is not None:
                self.standing.see(meter_id, state)
        entry.async_on_unload(async_track_state_change_event(hass, list(entities), on_state))
        for name in (
            EVENT_RECORDER_5MIN_STATISTICS_GENERATED,
            EVENT_RECORDER_HOURLY_STATISTICS_GENERATED,
        ):
            entry.async_on_unload(hass.bus.async_listen(name, on_statistics))
        entry.async_on_unload(async_track_due(hass, self.close_day, hour=0, minute=0))

        @callback
        def on_started(_: HomeAssistant) -> None:
            self._start()

        entry.async_on_unload(async_at_started(hass, on_started))

    @callback
    def close_day(self, now: datetime) -> None:
        """Start a new day, and month, with what has been counted up to now (local, aware)."""
        self.standing.close_day(now)
        self.async_update_listeners()

    def described(self) -> list[dict[str, object]]:
        """Return how each meter stands, for a bug report, in the order of the entry."""
        return [
            {
                "exists": followed.silent_since is None,
                "first": followed.first,
                "until": self.standing.shown(meter_id).until,
                "seen_at": self.standing.shown(meter_id).live.seen_at,
            }
            for meter_id, followed in self._booking.followed.items()
        ]

    @property
    def past_percent(self) -> int | None:
        """Return how much of the past is there; None where none is being read that is awaited."""
        if self._whole_at or self._progress is None:
            return None
        return self._progress.percent

    async def async_look(self, *, whole: bool = False) -> None:
        """Compare the ledger with the statistics and put right what differs.

        Looks at the last days, and where anything older has changed, or a day after the last
        time, at all there is. To be called when Home Assistant has started. Raises
        DatabaseUnavailableError.
        """
        async with self._looking:
            now = dt_util.utcnow().timestamp()
            whole = whole or now - self._whole_at >= WHOLE_EVERY
            looks: dict[str, Told] = {}
            is_first = self._whole_at == 0
            with Progress(
                self.hass, self.config_entry, len(self.meters), is_told=is_first
            ) as progress:
                self._progress = progress
                for place, (meter_id, meter) in enumerate(self.meters.items()):
                    on_part = progress.of_part(place)
                    told = await self._booking.async_book(meter, now, on_part, whole=whole)
                    if told is not None:
                        looks[meter_id] = told
            if whole:
                self._whole_at = now
            for meter_id, meter in self.meters.items():
                self._report(meter, looks.get(meter_id), now)
            self.standing.take(await self._booking.async_running(), looks)
        self.async_update_listeners()

    @callback
    def _report(self, meter: Meter, told: Told | None, now: float) -> None:
        """Say what does not tell of a meter though it should."""
        state = self._booking.followed[meter.meter_id]
        is_late = told is not None and now - (told.until or 0) > PATIENCE
        if is_late and shows(self.hass, meter):
            state.late_since = state.late_since or now
        else:
            state.late_since = None
        silent, late = (
            None if since is None else now - since
            for since in (state.silent_since, state.late_since)
        )
        missing = why_missing(self.hass, meter, silent, late)
        report_missing(self.hass, self.config_entry, meter, missing)

    @callback
    def _start(self) -> None:
        """Look in the background, and once more where there is news during a look."""
        if not self.hass.is_running:
            return
        has_begun, self._is_news = self._is_news is not None, True
        if has_begun:
            return
        self.config_entry.async_create_background_task(
            self.hass, self._try(), f"{DOMAIN} reads the statistics of {self.name}"
        )

    async def _try(self) -> None:
        try:
            while self._is_news:
                self._is_news = False
                await self.async_look()
        except DatabaseUnavailableError:
            # It is in the log, and the next look makes up for it.
            return
        finally:
            self._is_news = None
