"""What the ledger is asked: how much energy belongs to a period, and up to when it is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..clocks.local import certain_now, local_zone
from ..const import CONF_PLUGS
from ..database import async_read
from ..entries.finding import metering_point_entries, point_slug
from . import reading
from .closing import Clock
from .running import Booked, RunningEnergy, read_booked, read_running
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from homeassistant.core import HomeAssistant

    from .reading import EnergyPeriod
    from .series import Series


class LedgerAnswers:
    """Reads the ledger, and changes nothing.

    Energies are in kWh, times are aware, ranges include their start and not their end. All raise
    DatabaseUnavailableError, and ValueError for a time without a time zone.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass

    async def async_half_hours(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the local half-hours that begin in a range, of the last 400 days."""
        return await self._async_periods(series, reading.HALF_HOURLY, start, end)

    async def async_hours(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the hours of UTC that begin in a range, as the long-term statistics have them."""
        return await self._async_periods(series, reading.HOURLY, start, end)

    async def async_days(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the local days of 23, 24 or 25 hours that begin in a range."""
        return await self._async_periods(series, "daily", start, end)

    async def async_months(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the local months that begin in a range."""
        return await self._async_periods(series, "monthly", start, end)

    async def async_stretches(
        self, many: Collection[Series]
    ) -> dict[Series, tuple[datetime, datetime]]:
        """Return when the hours written of some series begin and end; not those without any."""
        nothing: dict[Series, tuple[int, int]] = {}
        found = await async_read(self._hass, SCHEMA, lambda c: reading.stretches(c, many), nothing)
        return {
            series: (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(until, UTC))
            for series, (first, until) in found.items()
        }

    async def async_running(
        self, metering_point: str, plug_ids: Collection[str], day: date
    ) -> RunningEnergy:
        """Return what is booked of a day, its month and those before, and of some counters."""
        zone = local_zone()
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: read_running(c, metering_point, plug_ids, day, zone),
            RunningEnergy(),
        )

    async def async_booked(self, plug_ids: Collection[str]) -> dict[str, Booked]:
        """Return up to where the counters of plugs are booked; not those that never were."""
        nothing: dict[str, Booked] = {}
        return await async_read(self._hass, SCHEMA, lambda c: read_booked(c, plug_ids), nothing)

    async def async_posted_until(self, plug_ids: Collection[str]) -> dict[str, datetime]:
        """Return when each of some plugs was last heard of; those that never were are missing."""
        nothing: dict[str, float] = {}
        posted = await async_read(
            self._hass, SCHEMA, lambda c: reading.posted_until(c, plug_ids), nothing
        )
        return {plug_id: datetime.fromtimestamp(ts, UTC) for plug_id, ts in posted.items()}

    async def async_without_history(self, plug_ids: Collection[str]) -> set[str]:
        """Return the plugs for which `backfill` has not been done yet."""
        nobody: set[str] = set()
        known = await async_read(
            self._hass, SCHEMA, lambda c: reading.backfilled(c, plug_ids), nobody
        )
        return set(plug_ids) - known

    def _present(self) -> set[tuple[str, str]]:
        """Return the plugs that metering points have, each with its metering point."""
        return {
            (plug_id, point_slug(entry))
            for entry in metering_point_entries(self._hass)
            for plug_id in entry.data[CONF_PLUGS]
        }

    async def _async_periods(
        self, series: Series, aggregation: str, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        stretch, zone = _stretch(start, end), local_zone()
        clock = Clock(certain_now(self._hass).timestamp(), self._present())
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: reading.read_periods(c, series, aggregation, stretch, clock, zone),
            [],
        )


def _stretch(start: datetime, end: datetime) -> tuple[float, float]:
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    return start.timestamp(), end.timestamp()
