"""Follow the statistics of a metering point's meters into the ledger, and their entities live."""

from __future__ import annotations

import asyncio
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.const import (
    EVENT_RECORDER_5MIN_STATISTICS_GENERATED,
    EVENT_RECORDER_HOURLY_STATISTICS_GENERATED,
)
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify

from ..const import CONF_PDL, DOMAIN, LOGGER, PlugRole
from ..database import DatabaseUnavailableError
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import HOUR, UTC_DAY, hour_of
from ..ledger import MeterHours, PlugSeries, PointSeries
from .live import Live, shown
from .meter import is_entity, ledger_plug, meters_of
from .missing import report_missing, why_missing
from .source import async_stretch, async_tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, EventStateChangedData, HomeAssistant

    from ..ledger import Ledger
    from .meter import Meter
    from .source import Told

RECENT: Final = 2 * UTC_DAY
"""How far back, in seconds, each look at the statistics goes: late imports bring yesterday."""

DETAILED: Final = 11 * UTC_DAY
"""How far back there are statistics of five minutes, in seconds, as Home Assistant keeps them."""

WHOLE_EVERY: Final = UTC_DAY
"""How often all that is booked is compared with the statistics, in seconds."""

# One slice of the past is some thousand rows to read, and some milliseconds of the recorder.
_SLICE: Final = 90 * UTC_DAY
_ROLES: Final = (PlugRole.CONSUMPTION, PlugRole.PRODUCTION)


@dataclass(kw_only=True, slots=True)
class MeterState:
    """A meter as it stands.

    Attributes:
        live: what its entity has shown since the last row of statistics.
        until: the end of that row, in UTC seconds; None before the first look.
        silent_since: since when there have been no statistics of it at all (UTC seconds); None
            where there are.
        anchor: an hour within the last days and the sum before it in mWh, as they stood at the last
            look: another sum says that something older has changed.
        first: the first hour of which statistics told when all of it was booked last.

    """

    live: Live = field(default_factory=Live)
    until: int | None = None
    silent_since: float | None = None
    anchor: tuple[int, int] | None = None
    first: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """What stands in the ledger of one role, in mWh; None where nothing is."""

    today: int | None = None
    this_month: int | None = None
    last_day: int | None = None
    last_month: int | None = None


class MetersCoordinator(DataUpdateCoordinator[dict[str, MeterState]]):
    """Keep the ledger as the statistics are; `data` holds each meter by its id.

    Args:
        hass: whose statistics.
        entry: of the metering point.
        ledger: where they are booked.

    """

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.meters = meters_of(entry)
        self.data = {meter_id: MeterState() for meter_id in self.meters}
        self.booked: dict[PlugRole, Booked] = {}
        self.booked_today: dict[str, int] = {}
        self.day = dt_util.now().date()
        self._ledger = ledger
        self._slug = slugify(entry.data[CONF_PDL])
        self._looking = asyncio.Lock()
        self._whole_at = 0.0

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
                self.data[entities[event.data["entity_id"]]].live.see(state)
                self.async_update_listeners()

        @callback
        def on_statistics(_: Event) -> None:
            self._start()

        @callback
        def on_midnight(now: datetime) -> None:
            self.close_day(dt_util.as_local(now))

        for entity_id, meter_id in entities.items():
            if (state := shown(hass.states.get(entity_id))) is not None:
                self.data[meter_id].live.see(state)
        entry.async_on_unload(async_track_state_change_event(hass, list(entities), on_state))
        for name in (
            EVENT_RECORDER_5MIN_STATISTICS_GENERATED,
            EVENT_RECORDER_HOURLY_STATISTICS_GENERATED,
        ):
            entry.async_on_unload(hass.bus.async_listen(name, on_statistics))
        entry.async_on_unload(
            async_track_time_change(hass, on_midnight, hour=0, minute=0, second=0)
        )

        @callback
        def on_started(_: HomeAssistant) -> None:
            self._start()

        entry.async_on_unload(async_at_started(hass, on_started))

    @callback
    def close_day(self, now: datetime) -> None:
        """Start a new day, and month, with what has been counted up to now."""
        month = (now.year, now.month) != (self.day.year, self.day.month)
        self.day = now.date()
        self.booked_today = dict.fromkeys(self.booked_today, 0)
        at = now.timestamp()
        for role, booked in self.booked.items():
            so_far = self._live_between(role, None, at)
            closed = _plus(booked.today, so_far)
            self.booked[role] = Booked(
                today=0,
                this_month=0 if month else _plus(booked.this_month, so_far),
                last_day=closed,
                last_month=_plus(booked.this_month, so_far) if month else booked.last_month,
            )
        for state in self.data.values():
            state.until = max(state.until or 0, int(at))
        self.async_update_listeners()

    def counted(self, role: PlugRole, *, monthly: bool) -> int | None:
        """Return what the meters of a role have counted in the running day or month, in mWh.

        None where nothing is known of it: statistics that come a day late tell of no today.
        """
        booked = self.booked.get(role)
        standing = None
        if booked is not None:
            standing = booked.this_month if monthly else booked.today
        has_entity = any(
            meter.role is role and self.data[meter_id].live.seen_at is not None
            for meter_id, meter in self.meters.items()
        )
        if standing is None and not (has_entity and booked is not None):
            return None
        return (standing or 0) + self._live_between(role, None, None)

    def counted_today(self, meter_id: str) -> int | None:
        """Return what a meter has counted today, in mWh; None where nothing is known of it."""
        booked, state = self.booked_today.get(meter_id), self.data[meter_id]
        if booked is None and (state.until is None or state.live.seen_at is None):
            return None
        return (booked or 0) + state.live.between(state.until or 0)

    def seen_at(self, role: PlugRole) -> float | None:
        """Return when the latest of the meters of a role was read (UTC seconds)."""
        moments = [
            moment
            for meter_id, meter in self.meters.items()
            if meter.role is role
            for moment in (self.data[meter_id].live.seen_at, self.data[meter_id].until)
            if moment is not None
        ]
        return max(moments, default=None)

    def described(self) -> list[dict[str, object]]:
        """Return how each meter stands, for a bug report, in the order of the entry."""
        return [
            {
                "exists": state.silent_since is None,
                "first": state.first,
                "until": state.until,
                "seen_at": state.live.seen_at,
            }
            for state in self.data.values()
        ]

    async def async_look(self, *, whole: bool = False) -> None:
        """Compare the ledger with the statistics and put right what differs.

        Looks at the last days, and where anything older has changed, or a day after the last
        time, at all there is. To be called when Home Assistant has started. Raises
        DatabaseUnavailableError.
        """
        async with self._looking:
            now = dt_util.utcnow().timestamp()
            whole = whole or now - self._whole_at >= WHOLE_EVERY
            looks = {
                meter_id: told
                for meter_id, meter in self.meters.items()
                if (told := await self._look_at(meter, now, whole=whole)) is not None
            }
            if whole:
                self._whole_at = now
            for meter_id, meter in self.meters.items():
                since = self.data[meter_id].silent_since
                missing = why_missing(self.hass, meter, None if since is None else now - since)
                report_missing(self.hass, self.config_entry, meter, missing)
            self.booked, self.booked_today = await self._read_ledger()
            self.day = dt_util.now().date()
            # In the same moment as what is booked, so that the sum of both never falls.
            for meter_id, told in looks.items():
                if told.until is not None:
                    self.data[meter_id].until = told.until
                    self.data[meter_id].live.settle(told.until, told.state)
        self.async_update_listeners()

    @callback
    def _start(self) -> None:
        """Look in the background, once at a time."""
        if self._looking.locked() or not self.hass.is_running:
            return
        self.config_entry.async_create_background_task(
            self.hass, self._try(), f"{DOMAIN} reads the statistics of {self.name}"
        )

    async def _try(self) -> None:
        try:
            await self.async_look()
        except DatabaseUnavailableError:
            # It is in the log, and the next look makes up for it.
            return

    async def _look_at(self, meter: Meter, now: float, *, whole: bool) -> Told | None:
        """Book what statistics tell of a meter; return what they tell of the last days."""
        state = self.data[meter.meter_id]
        recent = hour_of(now) - RECENT
        stretch = await async_stretch(self.hass, meter.sources)
        if stretch is None:
            state.silent_since = state.silent_since or now
            # What is booked stays: whoever deletes a statistic tidies up after a meter.
            return None
        state.silent_since = None
        if state.first == stretch[0] and not whole:
            start = recent if state.anchor is None else min(recent, state.anchor[0])
            told = await self._book(meter, start, hour_of(now) + HOUR, detailed=True)
            if state.anchor is None or told.before.get(state.anchor[0]) == state.anchor[1]:
                state.anchor = _anchor(told, recent)
                return told
        detailed_from = hour_of(now) - DETAILED
        first = min(hour_of(stretch[0]), detailed_from)
        for start, end in _slices(first, detailed_from):
            # Before the first hour there is none, whatever was told before.
            await self._book(meter, 0 if start == first else start, end, detailed=False)
        told = await self._book(
            meter, detailed_from, hour_of(now) + HOUR, detailed=True, known_until=stretch[1]
        )
        if state.first is None:
            # What counted in another role before has been a mistake: it has never been another.
            await self._ledger.bring_past(ledger_plug(self.config_entry, meter))
        state.anchor = _anchor(told, recent)
        state.first = stretch[0]
        return told

    async def _book(
        self,
        meter: Meter,
        start: int,
        end: int,
        *,
        detailed: bool,
        known_until: int | None = None,
    ) -> Told:
        told = await async_tell(self.hass, meter.sources, start, end, detailed=detailed)
        await self._ledger.tell(
            MeterHours(
                plug=ledger_plug(self.config_entry, meter),
                start=start,
                end=end,
                hours=told.hours,
                known_until=told.until or known_until if detailed else None,
            )
        )
        return told

    async def _read_ledger(self) -> tuple[dict[PlugRole, Booked], dict[str, int]]:
        """Read the days and months that run and those before, and what each meter has today."""
        midnight = dt_util.start_of_local_day()
        yesterday = dt_util.start_of_local_day((midnight - timedelta(hours=1)).date())
        month = dt_util.start_of_local_day(midnight.date().replace(day=1))
        before = dt_util.start_of_local_day((month - timedelta(hours=1)).date().replace(day=1))
        end = dt_util.utcnow()
        found: dict[PlugRole, Booked] = {}
        for role in _ROLES:
            series = PointSeries(self._slug, role)
            days = {
                one.start: to_mwh(one.kwh)
                for one in await self._ledger.async_days(series, yesterday, end)
            }
            months = {
                one.start: to_mwh(one.kwh)
                for one in await self._ledger.async_months(series, before, end)
            }
            if months or any(meter.role is role for meter in self.meters.values()):
                found[role] = Booked(
                    today=days.get(midnight),
                    this_month=months.get(month),
                    last_day=days.get(yesterday),
                    last_month=months.get(before),
                )
        today = {
            meter_id: to_mwh(one.kwh)
            for meter_id in self.meters
            for one in await self._ledger.async_days(PlugSeries(meter_id), midnight, end)
        }
        if dt_util.start_of_local_day() != midnight:
            return await self._read_ledger()
        return found, today

    def _live_between(self, role: PlugRole, start: float | None, end: float | None) -> int:
        """Return what the meters of a role have counted since they were booked, in mWh."""
        return sum(
            self.data[meter_id].live.between(start or self.data[meter_id].until or 0, end)
            for meter_id, meter in self.meters.items()
            if meter.role is role
        )


def _anchor(told: Told, recent: int) -> tuple[int, int] | None:
    """Return the first hour of the last days and the sum before it, or the last older one."""
    hours = sorted(told.before)
    chosen = next((hour for hour in hours if hour >= recent), hours[-1] if hours else None)
    return None if chosen is None else (chosen, told.before[chosen])


def _plus(mwh: int | None, more: int) -> int | None:
    return None if mwh is None and not more else (mwh or 0) + more


def _slices(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a range into slices whose edges are the same whenever it is cut."""
    while start < end:
        after = min(end, (start // _SLICE + 1) * _SLICE)
        yield start, after
        start = after
