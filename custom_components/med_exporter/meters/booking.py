"""Book what statistics tell of a metering point's meters into the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..const import PlugRole
from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import HOUR, UTC_DAY, hour_of
from ..entries.finding import point_slug
from ..ledger import LedgerPlug, PlugSeries, PointSeries
from ..ledger.hours import MeterHours
from .meter import meters_of
from .source import async_stretch, async_tell
from .standing import Booked, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..ledger import Ledger
    from .meter import Meter
    from .source import Told

RECENT: Final = 2 * UTC_DAY
"""How far back, in seconds, each look at the statistics goes: late imports bring yesterday."""

DETAILED: Final = 11 * UTC_DAY
"""How far back there are statistics of five minutes, in seconds, as Home Assistant keeps them."""

# One slice of the past is some thousand rows to read, and some milliseconds of the recorder.
_SLICE: Final = 90 * UTC_DAY
_ROLES: Final = (PlugRole.CONSUMPTION, PlugRole.PRODUCTION)


@dataclass(kw_only=True, slots=True)
class Followed:
    """How far the statistics of a meter have been followed.

    Attributes:
        silent_since: since when there have been no statistics of it at all (UTC seconds); None
            where there are.
        late_since: since when its entity has counted on though they have ended; None where not.
        anchor: an hour within the last days and the sum before it in mWh, as they stood at the last
            look: another sum says that something older has changed.
        first: the first hour of which statistics told when all of it was booked last.

    """

    silent_since: float | None = None
    late_since: float | None = None
    anchor: tuple[int, int] | None = None
    first: int | None = None


class Booking:
    """Keep the ledger of a metering point as the statistics of its meters are.

    Args:
        hass: whose statistics.
        entry: of the metering point.
        ledger: where they are booked.

    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        # As it was set up: a reload comes after what changes it.
        self._data = entry.data
        self._meters = meters_of(entry)
        self._slug = point_slug(entry)
        self.followed = {meter_id: Followed() for meter_id in self._meters}

    async def async_book(
        self, meter: Meter, now: float, on_part: Callable[[float], None], *, whole: bool
    ) -> Told | None:
        """Book what statistics tell of a meter; return what they tell of the last days.

        Looks at the last days, and where anything older has changed, or with `whole`, at all there
        is; `on_part` is called with how much of that is booked, 0 to 1. Returns None where there
        are no statistics. Raises DatabaseUnavailableError.
        """
        state = self.followed[meter.meter_id]
        recent = hour_of(now) - RECENT
        stretch = await async_stretch(self._hass, meter.sources)
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
        # Before the first hour there is none, whatever was told before: where statistics have begun
        # anew within the last days, an hour without any stands for it.
        first = min(hour_of(stretch[0]), detailed_from - HOUR)
        for start, end in _slices(first, detailed_from):
            await self._book(meter, 0 if start == first else start, end, detailed=False)
            on_part((end - first) / (detailed_from - first))
        told = await self._book(
            meter, detailed_from, hour_of(now) + HOUR, detailed=True, known_until=stretch[1]
        )
        if state.first is None:
            # What counted in another role before has been a mistake: it has never been another.
            await self._ledger.bring_past(self._plug(meter), meter.counted_from)
        state.anchor = _anchor(told, recent)
        state.first = stretch[0]
        return told

    async def async_running(self) -> Running:
        """Read the days and months that run and those before, and what each meter has today.

        Raises DatabaseUnavailableError.
        """
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
            if months or any(meter.role is role for meter in self._meters.values()):
                found[role] = Booked(
                    today=days.get(midnight),
                    this_month=months.get(month),
                    last_day=days.get(yesterday),
                    last_month=months.get(before),
                )
        today = {
            meter_id: to_mwh(one.kwh)
            for meter_id in self._meters
            for one in await self._ledger.async_days(PlugSeries(meter_id), midnight, end)
        }
        if dt_util.start_of_local_day() != midnight:
            return await self.async_running()
        return Running(day=midnight.date(), roles=found, today=today)

    async def _book(
        self,
        meter: Meter,
        start: int,
        end: int,
        *,
        detailed: bool,
        known_until: int | None = None,
    ) -> Told:
        told = await async_tell(self._hass, meter.sources, start, end, detailed=detailed)
        await self._ledger.tell(
            MeterHours(
                plug=self._plug(meter),
                start=start,
                end=end,
                counted_from=meter.counted_from,
                hours=told.hours,
                known_until=told.until or known_until if detailed else None,
            )
        )
        return told

    def _plug(self, meter: Meter) -> LedgerPlug:
        return LedgerPlug.of(meter.meter_id, self._data, self._entry.title)


def _anchor(told: Told, recent: int) -> tuple[int, int] | None:
    """Return the first hour of the last days and the sum before it, or the last older one."""
    hours = sorted(told.before)
    chosen = next((hour for hour in hours if hour >= recent), hours[-1] if hours else None)
    return None if chosen is None else (chosen, told.before[chosen])


def _slices(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a range into slices whose edges are the same whenever it is cut."""
    while start < end:
        after = min(end, (start // _SLICE + 1) * _SLICE)
        yield start, after
        start = after
