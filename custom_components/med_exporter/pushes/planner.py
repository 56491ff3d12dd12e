"""What a destination still has to be given of each series, and in which order."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..clocks.local import certain_now, local_zone
from ..const import CONF_PLUGS, CONF_ROLE, DataType
from ..database import async_read, queue_work
from ..destinations.base import Corrections
from ..engine.times import day_start
from ..grid.link import loaded_grid
from ..ledger import DATA_LEDGER
from ..sources.tempo_calendar import FIRST_DAY, paris_date
from .periods import period_start
from .plan import Phase, Plan, Span, spans_of, unknown_days, waiting
from .watermarks import SCHEMA, Opening, Watermark, open_series, read_watermarks, rewind
from .witnesses import Witnesses, find_witnesses

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from homeassistant.core import HomeAssistant

    from ..destinations.base import Intake
    from ..destinations.measurements import Grain
    from ..ledger import PointSeries
    from ..sources.ecowatt import EcoWattDay
    from ..sources.tempo_calendar import TempoColour
    from .date_range import PushRange
    from .parts import Part
    from .watermarks import SeriesKey

_FIRST_DAYS: Final = timedelta(days=365)
_ONE_DAY: Final = timedelta(days=1)
# The recorder does what is queued within moments, unless it is migrating or out of order.
_OPEN_LIMIT: Final = 120
_COLOURS_LIMIT: Final = 60


class Planner:
    """Plans the parts of one run of a destination, or counts what waits for it.

    Args:
        hass: Home Assistant.
        destination: the destination's public id.
        intake: what it takes.
        levels: EcoWatt's signals of the last days.
        asked: the range that a run was asked for.

    Attributes:
        extents: from when to when each series is closed (UTC seconds), after `async_measure`.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        destination: str,
        intake: Intake,
        levels: Mapping[date, EcoWattDay],
        asked: PushRange | None = None,
    ) -> None:
        self._hass = hass
        self._destination = destination
        self._intake = intake
        self._levels = levels
        self._asked = asked
        self.extents: dict[PointSeries, tuple[float, float]] = {}
        # Where watermarks stood that were taken back for a range.
        self._reached: dict[SeriesKey, int] = {}

    async def async_measure(self, parts: Collection[Part]) -> None:
        """Find out up to where the series are closed. Raises DatabaseUnavailableError.

        What closes afterwards waits for the next run, so that all that is read is of one state.
        """
        ledger = self._hass.data[DATA_LEDGER]
        many = {part.energy_series: part for part in parts if part.grain is not None}
        wanted = {series: part for series, part in many.items() if series is not None}
        stretches = await ledger.async_stretches(list(wanted))
        for series, part in wanted.items():
            stretch = stretches.get(series)
            if stretch is not None:
                first, bound = (moment.timestamp() for moment in stretch)
                self.extents[series] = (first, min(bound, await self._async_patience(part)))

    async def async_witnesses(
        self, parts: Collection[Part], turns: dict[SeriesKey, int]
    ) -> list[Witnesses]:
        """Return what tells whether the destination still has what it acknowledged.

        `turns` counts how often each series was looked at: each time at another stretch of its
        past. To be called after `async_measure`. Raises DatabaseUnavailableError.
        """
        known = await self._async_known()
        found = []
        for part in parts:
            watermark, first = known.get(part.key), 0.0
            if watermark is None or watermark.grain is not part.grain:
                continue
            if part.energy_series is not None:
                if part.energy_series not in self.extents:
                    continue
                first, _ = self.extents[part.energy_series]
            turn = turns[part.key] = turns.get(part.key, dt_util.utcnow().toordinal()) + 1
            witnesses = await find_witnesses(self._hass, part, watermark, first, turn)
            if witnesses is not None:
                found.append(witnesses)
        return found

    async def async_take_back(self, part: Part, to_ts: int) -> None:
        """Have all of a part from a period on (UTC seconds) given again. Raises TimeoutError."""
        back = partial(rewind, destination=self._destination, key=part.key, to_ts=to_ts)
        async with asyncio.timeout(_OPEN_LIMIT):
            await queue_work(self._hass, SCHEMA, back)

    async def _async_known(self) -> dict[SeriesKey, Watermark]:
        nothing: dict[SeriesKey, Watermark] = {}
        read = partial(read_watermarks, destination=self._destination)
        return await async_read(self._hass, SCHEMA, read, nothing)

    async def async_count(self, parts: Collection[Part]) -> dict[Part, int]:
        """Return how many closed periods wait, after `async_measure`; changes nothing.

        Raises DatabaseUnavailableError.
        """
        known = await self._async_known()
        grid = loaded_grid(self._hass)
        colours = {} if grid is None else dict(grid.data.known_colours)
        return {
            part: waiting(self._planned(part, known.get(part.key) or _new(part), colours))
            for part in parts
            if part.grain is not None
        }

    async def async_plan(self, part: Part) -> Plan:
        """Return what to send of a part. Raises DatabaseUnavailableError and TimeoutError."""
        if part.grain is None or not self._has_values(part):
            return Plan(part=part)
        watermark = await self._async_open(part, part.grain)
        colours: Mapping[date, TempoColour] = {}
        if part.data_type is DataType.TEMPO:
            colours = await self._async_colours(watermark)
        return self._planned(part, watermark, colours)

    def _has_values(self, part: Part) -> bool:
        """Return whether anything is known at all: a house without a grid begins no series."""
        if part.energy_series is not None:
            return part.energy_series in self.extents
        if part.data_type is DataType.TEMPO:
            return loaded_grid(self._hass) is not None
        return bool(self._levels)

    def _planned(
        self, part: Part, watermark: Watermark, colours: Mapping[date, TempoColour]
    ) -> Plan:
        """Return the plan from a watermark on."""
        series = part.energy_series
        if series is not None:
            if series not in self.extents:
                return Plan(part=part)
            first, bound = self.extents[series]
            spans = self._spans(watermark, first, bound)
            return Plan(part=part, watermark=watermark, spans=spans, bound=bound)
        today, zone = paris_date(certain_now(self._hass)), local_zone()
        if part.data_type is DataType.TEMPO:
            # A colour is settled before its day begins, so today's is as closed as yesterday's.
            days: dict[date, TempoColour | EcoWattDay] = {
                day: colour for day, colour in colours.items() if day <= today
            }
        else:
            days = {
                day: signal
                for day, signal in self._levels.items()
                if day < today and signal.level is not None
            }
        if not days:
            return Plan(part=part, watermark=watermark)
        bound = day_start(max(days) + _ONE_DAY, zone)
        spans = self._spans(watermark, day_start(min(days), zone), bound)
        gaps: set[int] = set()
        if part.data_type is DataType.TEMPO:
            unknown = unknown_days(days, watermark.until_ts, zone)
            gaps = {day_start(day, zone) for day in unknown}
            if self._asked is None:
                spans = (
                    *(Span(Phase.GAP, gap, gap + 1) for gap in sorted(watermark.gaps)),
                    *spans,
                )
        return Plan(
            part=part,
            watermark=watermark,
            spans=spans,
            bound=bound,
            days=days,
            gaps=frozenset(gaps),
        )

    def _spans(self, watermark: Watermark, first: float, bound: float) -> tuple[Span, ...]:
        reached = self._reached.get(watermark.key)
        return spans_of(watermark, first, bound, self._asked, reached)

    async def _async_open(self, part: Part, grain: Grain) -> Watermark:
        onwards = self._intake.corrections is Corrections.ONWARDS
        opening = Opening(key=part.key, grain=grain, onwards=onwards, since_ts=_since(grain))
        destination, asked = self._destination, self._asked
        async with asyncio.timeout(_OPEN_LIMIT):
            if onwards and asked is not None and part.key not in self._reached:
                # Sums build on each other: all from there on, and not to be left half done.
                start = asked.start_ts
                to_ts = None if start is None else period_start(grain, start, local_zone())
                back = partial(rewind, destination=destination, key=part.key, to_ts=to_ts)
                self._reached[part.key] = await queue_work(self._hass, SCHEMA, back)
            opened = await queue_work(
                self._hass,
                SCHEMA,
                partial(open_series, destination=destination, openings=[opening]),
            )
        return opened[part.key]

    async def _async_colours(self, watermark: Watermark) -> Mapping[date, TempoColour]:
        grid = loaded_grid(self._hass)
        if grid is None:
            return {}
        wanted = [watermark.until_ts, *watermark.gaps]
        if self._asked is not None and self._asked.start_ts is not None:
            wanted.append(int(self._asked.start_ts))
        first = max(
            dt_util.utc_from_timestamp(min(wanted)).astimezone(local_zone()).date(), FIRST_DAY
        )
        try:
            async with asyncio.timeout(_COLOURS_LIMIT):
                await grid.async_colours(first, paris_date(dt_util.utcnow()))
        except TimeoutError:
            # Slow servers hold nobody up; what they tell later is sent later.
            pass
        return dict(grid.data.known_colours)

    async def _async_patience(self, part: Part) -> float:
        """Return up to when the plugs of a part's role have reported, or are waited for no more."""
        now = certain_now(self._hass).timestamp()
        patience, series, point = self._intake.patience, part.energy_series, part.point
        if not patience or series is None or point is None:
            return now
        plugs = [
            plug_id
            for plug_id, plug in point.entry.data[CONF_PLUGS].items()
            if plug[CONF_ROLE] == series.role
        ]
        posted = await self._hass.data[DATA_LEDGER].async_posted_until(plugs)
        waited = now - patience.total_seconds()
        if posted.keys() != set(plugs):
            # One of them has never been heard of.
            return waited
        return max(waited, min((at.timestamp() for at in posted.values()), default=now))


def _new(part: Part) -> Watermark:
    """Return the watermark that a part would begin with."""
    assert part.grain is not None
    since = _since(part.grain)
    return Watermark(
        key=part.key,
        grain=part.grain,
        onwards=False,
        since_ts=since,
        until_ts=since,
        again_from_ts=None,
        gaps=frozenset(),
        revision=0,
    )


def _since(grain: Grain) -> int:
    """Return where a new series begins: 365 days ago."""
    return period_start(
        grain, (dt_util.start_of_local_day() - _FIRST_DAYS).timestamp(), local_zone()
    )
