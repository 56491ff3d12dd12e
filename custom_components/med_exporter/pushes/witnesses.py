"""Closed periods that a destination has acknowledged: those that tell whether it still has all."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ..clocks.local import local_zone
from ..destinations.measurements import Grain
from ..engine.lazy_dataclass import dataclass
from ..grid.link import loaded_grid
from .closed_periods import cost_periods, energy_periods, known_days, tempo_day
from .periods import period_start

if TYPE_CHECKING:
    from collections.abc import Collection

    from homeassistant.core import HomeAssistant

    from ..destinations.measurements import Measurement
    from .parts import Part
    from .watermarks import Watermark

# How much of the end of a series is looked at, all of it, and how far the first is looked for: long
# enough to hold a value, and to find a hole before what a run by range has sent since.
_STRETCH: Final = {
    Grain.HALF_HOURLY: timedelta(days=14),
    Grain.HOURLY: timedelta(days=14),
    Grain.DAILY: timedelta(days=14),
    Grain.MONTHLY: timedelta(days=100),
}
# Of what lies before that, a run looks at so much, and the next one at what comes after it: so few
# are asked for each time, and no hole stays.
_ROUND: Final = {
    Grain.HALF_HOURLY: timedelta(days=14),
    Grain.HOURLY: timedelta(days=28),
    Grain.DAILY: timedelta(days=100),
    Grain.MONTHLY: timedelta(days=400),
}


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Some acknowledged periods of a part, oldest first, its first and its last among them."""

    part: Part
    gaps: frozenset[int]
    periods: tuple[Measurement, ...]

    def lost(self, missing: Collection[Measurement]) -> tuple[float, Measurement] | None:
        """Return up to when all is there (UTC seconds) and the first that is not, if one is not.

        What lies between the two is not known: `between` has it.
        """
        kept_until = self.periods[0].start.timestamp()
        gone = {id(one) for one in missing}
        for period in self.periods:
            if id(period) in gone:
                return kept_until, period
            kept_until = period.end.timestamp()
        return None

    async def between(self, hass: HomeAssistant, start: float, before: float) -> list[Measurement]:
        """Return the periods that begin in [start, before), in UTC seconds, oldest first.

        Raises DatabaseUnavailableError.
        """
        found = await _periods(hass, self.part, start, before)
        return [one for one in found if int(one.start.timestamp()) not in self.gaps]


async def find_witnesses(
    hass: HomeAssistant, part: Part, watermark: Watermark, first: float, turn: int
) -> Witnesses | None:
    """Return the witnesses of a part whose series begins at `first`; None without any.

    `turn` counts the runs: each looks at another stretch of the past, too.
    Raises DatabaseUnavailableError.
    """
    # The first period of all may have begun before its first hour that is known.
    begin = period_start(watermark.grain, first, local_zone())
    start, until = max(watermark.since_ts, begin), watermark.until_ts
    if start >= until:
        return None
    length = _STRETCH[watermark.grain].total_seconds()
    head = await _periods(hass, part, start, min(start + length, until))
    recent = max(start, until - length)
    tail = await _periods(hass, part, recent, until)
    past: list[Measurement] = []
    if recent > start:
        size = _ROUND[watermark.grain].total_seconds()
        number = turn % math.ceil((recent - start) / size)
        low, high = (
            period_start(watermark.grain, start + at * size, local_zone())
            for at in (number, number + 1)
        )
        past = await _periods(hass, part, max(start, low), min(high, recent))
    found = {int(one.start.timestamp()): one for one in (*head[:1], *past, *tail)}
    # From there on all is given again anyway: the destination has still what was before.
    again = math.inf if watermark.again_from_ts is None else watermark.again_from_ts
    kept = [
        found[began] for began in sorted(found) if began not in watermark.gaps and began < again
    ]
    return Witnesses(part, watermark.gaps, tuple(kept)) if kept else None


async def latest_period(
    hass: HomeAssistant, part: Part, grain: Grain, first: float, bound: float
) -> Measurement | None:
    """Return the last period of a part that began at `first` or later and had ended by `bound`.

    In UTC seconds. Raises DatabaseUnavailableError.
    """
    start = max(first, bound - _STRETCH[grain].total_seconds())
    found = await _periods(hass, part, start, bound)
    return found[-1] if found else None


async def _periods(
    hass: HomeAssistant, part: Part, start: float, until: float
) -> list[Measurement]:
    if part.energy_series is not None:
        read = cost_periods if part.is_cost else energy_periods
        return [one async for page in read(hass, part, start, until, until) for one in page]
    grid = loaded_grid(hass)
    if grid is None:
        return []
    # EcoWatt's days are forgotten when they are over: only colours can be given again.
    colours = grid.data.known_colours
    return [
        tempo_day(part, day, colours[day], closed=True, read_at=None)
        for day in known_days(colours, start, until)
    ]
