"""The values of periods that still run, as measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from ..const import DataType
from ..destinations.measurements import Energy, Grain, Measurement
from ..grid.link import loaded_grid
from ..sources.tempo_calendar import ONE_DAY, paris_date
from .closed_periods import ecowatt_level, tempo_day
from .parts import GRID_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homeassistant.core import HomeAssistant

    from .parts import Part


def current_values(hass: HomeAssistant, part: Part) -> Iterator[Measurement]:
    """Yield the values of what still runs: today's, this month's, Tempo's tomorrow too."""
    now = dt_util.now()
    if part.data_type in GRID_DATA:
        grid = loaded_grid(hass)
        if grid is None:
            return
        data, today = grid.data, paris_date(now)
        if part.data_type is DataType.ECOWATT:
            signal = data.ecowatt(now)
            if signal is not None and signal.level is not None:
                yield ecowatt_level(part, signal, closed=False, read_at=data.ecowatt_read_at)
            return
        for day in (today, today + ONE_DAY):
            colour = data.colour(day)
            if colour is not None:
                yield tempo_day(part, day, colour, closed=False, read_at=data.tempo_read_at)
        return
    current = None if part.point is None else part.point.current(part.data_type)
    if current is None:
        return
    monthly = part.data_type.endswith("_monthly")
    grain = Grain.MONTHLY if monthly else Grain.DAILY
    day = dt_util.start_of_local_day()
    yield Energy(
        data_type=part.data_type,
        point=part.name,
        grain=grain,
        start=day.replace(day=1) if monthly else day,
        end=now,
        closed=False,
        timestamp=current.timestamp,
        kwh=current.value_kwh,
    )
