"""What a part of a run has to send: stretches of time, each for its reason."""

from __future__ import annotations

from dataclasses import field
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..clocks.local import local_zone
from ..engine.lazy_dataclass import dataclass
from ..sources.tempo_calendar import FIRST_DAY
from .closed_periods import known_days
from .periods import count_periods, period_start

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from ..sources.ecowatt import EcoWattDay
    from ..sources.tempo_calendar import TempoColour
    from .date_range import PushRange
    from .parts import Part
    from .watermarks import Watermark

_ONE_DAY: Final = timedelta(days=1)


class Phase(Enum):
    """Why a measurement is given to a destination."""

    AGAIN = "again"
    """It has changed since it was given."""
    GAP = "gap"
    """It was not known when its turn came."""
    REPEAT = "repeat"
    """Somebody has asked for it."""
    PENDING = "pending"
    """It follows the watermark."""
    CURRENT = "current"
    """It still runs."""


@dataclass(frozen=True, slots=True)
class Span:
    """Periods that begin in [start, before), in UTC seconds."""

    phase: Phase
    start: float
    before: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a part has to send.

    Attributes:
        part: the part.
        watermark: None where it has no closed periods.
        spans: in the order in which they are sent.
        bound: nothing that ends later is closed (UTC seconds).
        days: the values of the grid by day.
        gaps: days before the last known one whose value is not known.

    """

    part: Part
    watermark: Watermark | None = None
    spans: tuple[Span, ...] = ()
    bound: float = 0
    days: Mapping[date, TempoColour | EcoWattDay] = field(default_factory=dict)
    gaps: frozenset[int] = frozenset()


def spans_of(
    watermark: Watermark, first: float, bound: float, asked: PushRange | None, reached: int | None
) -> tuple[Span, ...]:
    """Return the spans of a series, in the order in which they are sent.

    Args:
        watermark: how far the series came.
        first: when its first period begins (UTC seconds).
        bound: when its last closed period ends.
        asked: the range that a run was asked for.
        reached: where the watermark stood before it was taken back for that range, if it was.

    """
    until, spans = watermark.until_ts, []
    if asked is None:
        if watermark.again_from_ts is not None:
            spans.append(Span(Phase.AGAIN, watermark.again_from_ts, until))
        spans.append(Span(Phase.PENDING, until, bound))
    else:
        start = watermark.since_ts if asked.start_ts is None else asked.start_ts
        before = bound if asked.end_ts is None else min(bound, asked.end_ts)
        if watermark.onwards:
            # What lies between the watermark and the range has to go first, and what is
            # there already has to follow.
            before = max(before, until if reached is None else reached)
            spans.append(Span(Phase.PENDING, min(start, until), before))
        elif start > until:
            spans.append(Span(Phase.REPEAT, start, before))
        else:
            spans.append(Span(Phase.REPEAT, start, min(until, before)))
            spans.append(Span(Phase.PENDING, until, before))
    # The first period of all may have begun before its first hour that is known.
    begin = period_start(watermark.grain, first, local_zone())
    clipped = (Span(one.phase, max(one.start, begin), one.before) for one in spans)
    return tuple(one for one in clipped if one.start < one.before)


def waiting(plan: Plan) -> int:
    """Return how many closed periods a plan has to send."""
    grain = plan.part.grain
    assert grain is not None
    if plan.part.energy_series is None:
        return sum(len(list(known_days(plan.days, span.start, span.before))) for span in plan.spans)
    return sum(
        count_periods(grain, span.start, min(span.before, plan.bound), local_zone())
        for span in plan.spans
    )


def unknown_days(days: Collection[date], since: float, zone: ZoneInfo) -> list[date]:
    """Return the days from a moment on without a value before the last that has one."""
    day = max(dt_util.utc_from_timestamp(since).astimezone(zone).date(), FIRST_DAY)
    last, unknown = max(days), []
    while day < last:
        if day not in days:
            unknown.append(day)
        day += _ONE_DAY
    return unknown
