"""The grid: reads Tempo and EcoWatt, politely, and keeps what it read."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..clocks.due import LONGEST_NAP
from ..const import CONF_ADDRESSES, DOMAIN, LOGGER
from ..formats import VersionedStore, async_load_for_entry
from ..sources.ecowatt import RteEcoWatt
from ..sources.rte import RteCredentials
from ..sources.tempo_calendar import ONE_DAY, PARIS, paris_date
from ..sources.tempo_schedule import TempoSchedule
from ..sources.web import SourceError
from ..vault import SecretLostError, async_get_vault
from ..web.client import web_session
from .data import GridData
from .servers import GridAddresses, GridSources, take_probed_signals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ..sources.tempo_calendar import TempoColour

_ECOWATT_INTERVAL: Final = timedelta(hours=1)
# Whatever goes wrong, the loop never turns faster.
_LEAST_WAIT: Final = timedelta(minutes=1)
_SPREAD_SECONDS: Final = 300


class GridCoordinator(DataUpdateCoordinator[GridData]):
    """Keep `data` up to date, with as few questions as will do.

    It wakes by itself when something is due; a refresh that is asked for in between costs no
    request unless something is due. A server that fails, or a day that no server knows, is one
    line in the log and a value that is not known; it never raises.
    """

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, sources: GridSources) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title, update_interval=None)
        self.data = GridData()
        self.next_at: datetime | None = None
        self._sources = sources
        self._store = grid_store(hass, entry.entry_id)
        self._reading = asyncio.Lock()
        spread = crc32(entry.entry_id.encode()) % _SPREAD_SECONDS
        self._schedule = TempoSchedule(timedelta(seconds=spread))
        self._failing: set[str] = set()
        self._wake: CALLBACK_TYPE | None = None

    async def async_start(self) -> None:
        """Take up what an earlier life has read, and start to read in the background.

        Raises ConfigEntryError where a newer version keeps what was read.
        """
        if (stored := await async_load_for_entry(self._store)) is not None:
            self.data = GridData.from_stored(stored["data"])
            for name, pace in self._sources.paces().items():
                pace.restore(stored["paces"].get(name))
        if (probed := take_probed_signals(self.hass, self._sources)) is not None:
            self._sources.ecowatt.paces[RteEcoWatt.name].answered(probed.read_at)
            self.data.add_signals(probed.signals, probed.read_at)
        self._refresh_in_background()

    async def async_shutdown(self) -> None:
        """Stop reading."""
        await super().async_shutdown()
        if self._wake is not None:
            self._wake()
            self._wake = None

    async def async_colours(self, start: date, end: date) -> dict[date, TempoColour | None]:
        """Return the colours of the days from start to end, both included.

        Past days that were never read are read now, at most 366 days a request; days that stay
        unknown are None. Never raises.
        """
        async with self._reading:
            now = dt_util.utcnow()
            if days := self._schedule.due_of(self.data, start, end, now):
                await self._read_tempo(days, now)
                await self._save()
        return self.data.colours(start, end)

    def errors(self) -> dict[str, str]:
        """Return why a source is not read at present: a code by names such as `Tempo from RTE`."""
        return {
            name: pace.error.code
            for name, pace in self._sources.paces().items()
            if pace.error is not None
        }

    async def _async_update_data(self) -> GridData:
        try:
            async with self._reading:
                now = dt_util.utcnow()
                days = self._schedule.due(self.data, now)
                if days:
                    await self._read_tempo(days, now)
                ecowatt_is_due = self._ecowatt_due_at(now) <= now
                if ecowatt_is_due:
                    await self._read_ecowatt(now)
                forecast_is_due = self._forecast_due_at(now) <= now
                if forecast_is_due:
                    await self._read_forecast(now)
                if days or ecowatt_is_due or forecast_is_due:
                    await self._save()
        finally:
            self._plan()
        return self.data

    async def _read_tempo(self, days: set[date], now: datetime) -> None:
        answer = await self._sources.tempo.read(days, now)
        self.data.add_colours(answer.colours, now)
        self._log_failures()
        if missed := self._schedule.asked(days, self.data, answer.denied, now):
            LOGGER.warning("The Tempo colour is not known of %s", _in_words(missed))

    async def _read_ecowatt(self, now: datetime) -> None:
        signals = await self._sources.ecowatt.read(now)
        if signals is not None:
            self.data.add_signals(signals, now)
        self._log_failures()

    def _ecowatt_due_at(self, now: datetime) -> datetime:
        """Return when to read EcoWatt: every hour, sooner where that failed."""
        soonest = min(
            now if pace.until is None or pace.may_ask(now) else pace.until
            for pace in self._sources.ecowatt.paces.values()
        )
        read_at = self.data.ecowatt_read_at
        # A reading of the future was made while the clock was wrong.
        if read_at is None or read_at > now:
            return soonest
        return max(soonest, read_at + _ECOWATT_INTERVAL)

    async def _read_forecast(self, now: datetime) -> None:
        pace = self._sources.forecast_pace
        try:
            self.data.add_forecast(await self._sources.forecast.read(), now)
        except SourceError as err:
            pace.failed(now, err)
        else:
            pace.answered(now)
        self._log_failures()

    def _forecast_due_at(self, now: datetime) -> datetime:
        pace = self._sources.forecast_pace
        return now if pace.until is None or pace.may_ask(now) else pace.until

    async def _save(self) -> None:
        paces = {name: pace.to_stored() for name, pace in self._sources.paces().items()}
        await self._store.async_save({"data": self.data.to_stored(), "paces": paces})

    @callback
    def _plan(self) -> None:
        """Wake when something is next due, and at midnight, when today becomes another day."""
        if self._shutdown_requested:
            return
        now = dt_util.utcnow()
        midnight = datetime.combine(paris_date(now) + ONE_DAY, datetime.min.time(), PARIS)
        due = min(
            self._schedule.next_at(self.data, now),
            self._ecowatt_due_at(now),
            self._forecast_due_at(now),
        )
        self.next_at = min(max(due, now + _LEAST_WAIT), midnight).astimezone(now.tzinfo)
        if self._wake is not None:
            self._wake()
        # Until then it may turn out that the clock was wrong.
        nap = min(self.next_at - now, LONGEST_NAP)
        self._wake = async_call_later(self.hass, nap, self._on_wake)

    @callback
    def _on_wake(self, now: datetime) -> None:
        self._wake = None
        # What is known changes with the clock, however slow the servers are.
        self.async_update_listeners()
        self._refresh_in_background()

    @callback
    def _refresh_in_background(self) -> None:
        # Neither start nor stop of Home Assistant waits for a slow server.
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{DOMAIN} reads the grid"
        )

    def _log_failures(self) -> None:
        """Say once that a source fails, and once that it answers again."""
        for name, pace in self._sources.paces().items():
            if pace.error is None:
                if name in self._failing and not pace.failing:
                    self._failing.discard(name)
                    LOGGER.info("%s answers again", name)
            elif name not in self._failing:
                self._failing.add(name)
                LOGGER.warning("%s cannot be read: %s", name, pace.error)
                if pace.error.code == "invalid_auth":
                    self.config_entry.async_start_reauth(self.hass)


type GridEntry = ConfigEntry[GridCoordinator]


async def async_setup_grid(hass: HomeAssistant, entry: GridEntry) -> GridCoordinator:
    """Set up the reading of Tempo and EcoWatt; waits for no server.

    Raises ConfigEntryAuthFailed where the stored secret can no longer be read.
    """
    sources = GridSources(
        web_session(hass),
        await _credentials(hass, entry.data),
        GridAddresses.from_options(entry.options.get(CONF_ADDRESSES, {})),
    )
    coordinator = GridCoordinator(hass, entry, sources)
    entry.async_on_unload(coordinator.async_shutdown)
    await coordinator.async_start()
    return coordinator


async def async_remove_grid(hass: HomeAssistant, entry: GridEntry) -> None:
    """Forget what was read."""
    await grid_store(hass, entry.entry_id).async_remove()


def grid_store(hass: HomeAssistant, entry_id: str) -> VersionedStore:
    """Return the store of a grid entry's colours and signals."""
    return VersionedStore(hass, f"grid.{entry_id}")


async def _credentials(hass: HomeAssistant, data: Mapping[str, Any]) -> RteCredentials | None:
    client_id, token = data.get(CONF_CLIENT_ID), data.get(CONF_CLIENT_SECRET)
    if not client_id or not token:
        return None
    vault = await async_get_vault(hass)
    try:
        return RteCredentials(client_id=client_id, client_secret=vault.decrypt(token))
    except SecretLostError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="secret_lost"
        ) from err


def _in_words(days: list[date]) -> str:
    if len(days) <= 3:
        return ", ".join(day.isoformat() for day in days)
    return f"{len(days)} days from {days[0].isoformat()} to {days[-1].isoformat()}"
