"""The last values that a destination would be given, for its connection test."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..database import DatabaseUnavailableError
from ..metering.metering_point import metering_points
from .current_values import current_values
from .parts import parts_of
from .planner import Planner
from .witnesses import latest_period

if TYPE_CHECKING:
    from collections.abc import Collection

    from homeassistant.core import HomeAssistant

    from ..destinations.base import Intake
    from ..destinations.measurements import Measurement

# As far back as a new destination begins.
_SINCE: Final = timedelta(days=365)


async def async_latest_periods(
    hass: HomeAssistant, intake: Intake, data: Collection[str]
) -> list[Measurement]:
    """Return the last values of each series that a run would send of some data types.

    They are the last closed period, and behind it what still runs, as the destination takes them.
    None where the database does not answer: a test of a connection does not fail by that.
    """
    parts = parts_of(intake, metering_points(hass), data, with_house=True)
    planner = Planner(hass, "", intake, {})
    now = dt_util.utcnow()
    since = (now - _SINCE).timestamp()
    found: list[Measurement] = []
    try:
        await planner.async_measure(parts)
        for part in parts:
            extent: tuple[float, float] | None = (since, now.timestamp())
            if part.energy_series is not None:
                extent = planner.extents.get(part.energy_series)
            if part.grain is not None and extent is not None:
                first, bound = extent
                latest = await latest_period(hass, part, part.grain, max(first, since), bound)
                found += [] if latest is None else [latest]
            if part.shows_current:
                found += current_values(hass, part)
    except DatabaseUnavailableError:
        return []
    return found
