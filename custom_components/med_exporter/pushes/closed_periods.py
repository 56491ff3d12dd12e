"""The closed periods of a part as measurements, read in pages."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..clocks.local import local_zone
from ..costs import DATA_COSTS
from ..destinations.measurements import Cost, EcoWattLevel, Energy, Grain, Measurement, TempoDay
from ..engine.times import HOUR, day_bounds, day_start, hour_of, local_time
from ..ledger import DATA_LEDGER
from ..metering.contracts import currencies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence

    from homeassistant.core import HomeAssistant

    from ..sources.ecowatt import EcoWattDay
    from ..sources.tempo_calendar import TempoColour
    from .parts import Part

_PAGE: Final = {
    Grain.HALF_HOURLY: timedelta(days=30),
    Grain.HOURLY: timedelta(days=60),
    Grain.DAILY: timedelta(days=3660),
    Grain.MONTHLY: timedelta(days=3660),
}
# So many measurements are made before others have their turn.
_OF_A_PAGE: Final = 500


async def in_pages(made: Iterable[Measurement]) -> AsyncIterator[Sequence[Measurement]]:
    """Yield measurements in pages, made as they are yielded; others have their turn in between."""
    for page in batched(made, _OF_A_PAGE, strict=False):
        yield page
        await asyncio.sleep(0)


async def energy_periods(
    hass: HomeAssistant, part: Part, start: float, before: float, bound: float
) -> AsyncIterator[Sequence[Measurement]]:
    """Yield the energies of the periods that begin in [start, before) and end by `bound`.

    All in UTC seconds; in pages. Raises DatabaseUnavailableError.
    """
    series, ledger = part.energy_series, hass.data[DATA_LEDGER]
    assert series is not None
    assert part.grain is not None
    read = {
        Grain.HALF_HOURLY: ledger.async_half_hours,
        Grain.HOURLY: ledger.async_hours,
        Grain.DAILY: ledger.async_days,
        Grain.MONTHLY: ledger.async_months,
    }[part.grain]
    for first, last in _pages(part.grain, start, before):
        async for page in in_pages(
            Energy(
                data_type=part.data_type,
                point=part.name,
                grain=part.grain,
                start=period.start,
                end=period.end,
                closed=True,
                timestamp=period.end.astimezone(UTC),
                kwh=period.kwh,
            )
            for period in await read(series, first, last)
            if period.closed and period.end.timestamp() <= bound
        ):
            yield page


async def cost_periods(
    hass: HomeAssistant, part: Part, start: float, before: float, bound: float
) -> AsyncIterator[Sequence[Measurement]]:
    """Yield the costs of the periods that begin in [start, before) and end by `bound`, in pages.

    A period whose price is not known is left out, and the watermark passes it: a running sum
    grows by nothing there, as in the installation's own statistics. Once it is priced, the change
    is announced, and it is sent, with all that builds on it where sums are kept.
    """
    series, costs = part.energy_series, hass.data[DATA_COSTS]
    assert series is not None
    assert part.grain is not None
    zone = local_zone()
    [currency] = currencies_of(hass, {series.metering_point})
    for first, last in _pages(part.grain, start, before):
        # Hours of costs are local ones, those of the statistics are UTC's.
        aggregation = "half_hourly" if part.grain is Grain.HOURLY else part.grain.value
        amounts: dict[tuple[float, float], float] = defaultdict(float)
        for period in await costs.async_costs(
            series,
            first,
            last,
            aggregation=aggregation,  # type: ignore[arg-type]
        ):
            if period.cost is not None:
                begin, end = period.start.timestamp(), period.end.timestamp()
                if part.grain is Grain.HOURLY:
                    begin = hour_of(begin)
                    end = begin + HOUR
                amounts[begin, end] += period.cost
        async for page in in_pages(
            Cost(
                data_type=part.data_type,
                point=part.name,
                grain=part.grain,
                start=local_time(begin, zone),
                end=local_time(end, zone),
                closed=True,
                timestamp=datetime.fromtimestamp(end, UTC),
                amount=round(amount, 8),
                currency=currency,
            )
            for (begin, end), amount in sorted(amounts.items())
            if end <= bound
        ):
            yield page


def tempo_day(
    part: Part, day: date, colour: TempoColour, *, closed: bool, read_at: datetime | None
) -> TempoDay:
    """Return the colour of a day, stamped with its local midnight."""
    start, end = _day(day)
    now = dt_util.utcnow()
    timestamp = end.astimezone(UTC)
    return TempoDay(
        data_type=part.data_type,
        point=part.name,
        grain=Grain.DAILY,
        start=start,
        end=end,
        closed=closed,
        timestamp=timestamp if timestamp <= now else read_at or now,
        colour=colour,
    )


def ecowatt_level(
    part: Part, signal: EcoWattDay, *, closed: bool, read_at: datetime | None
) -> EcoWattLevel:
    """Return the level of a day, which has to be known."""
    assert signal.level is not None
    start, end = _day(signal.date)
    return EcoWattLevel(
        data_type=part.data_type,
        point=part.name,
        grain=Grain.DAILY,
        start=start,
        end=end,
        closed=closed,
        timestamp=end.astimezone(UTC) if closed else read_at or dt_util.utcnow(),
        level=signal.level,
        details={"message": signal.message, "hourly_values": signal.hourly_values},
    )


def known_days[T](values: Mapping[date, T], start: float, before: float) -> Iterator[date]:
    """Yield the days that begin in [start, before) and that have a value, ascending."""
    zone = local_zone()
    for day in sorted(values):
        if start <= day_start(day, zone) < before:
            yield day


def _day(day: date) -> tuple[datetime, datetime]:
    zone = local_zone()
    start, end = day_bounds(day, zone)
    return local_time(start, zone), local_time(end, zone)


def _pages(grain: Grain, start: float, before: float) -> Iterator[tuple[datetime, datetime]]:
    page = _PAGE[grain].total_seconds()
    while start < before:
        # Full hours, so that no hour is put together from two halves.
        until = min(hour_of(start) + page, before)
        yield datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(until, UTC)
        start = until
