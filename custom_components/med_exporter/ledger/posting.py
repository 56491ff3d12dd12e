"""How a plug's counter is booked: what a posting adds, and what is remembered."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING

from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import (
    QUARTER,
)
from .spreading import Hour

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo

    from ..engine.energy import HourKwh
    from .series import LedgerPlug


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterStart:
    """Where a plug's ever-growing counter began: the same for as long as the counter lives.

    Attributes:
        at: when the plug was read for the first time, aware.
        value_kwh: the counter's value at that reading.
        today_kwh: what the plug itself had counted on that day by then; 0 where it does not tell.

    Raises ValueError for what is no beginning.

    """

    at: datetime
    value_kwh: float
    today_kwh: float = 0.0

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("at needs a time zone")
        check_kwh("value_kwh", self.value_kwh)
        check_kwh("today_kwh", self.today_kwh)


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """A reading of a plug's ever-growing counter, to be booked.

    Attributes:
        plug: whose counter it is.
        start: where this counter began. Another one than before says that the counter is a new
            one, whose value has nothing to do with the old one's.
        value_kwh: the counter.
        at: when it was read, aware.
        since: from when on `quarters` tells all; `at` where nothing was measured. Aware.
        quarters: the growth that was measured, in mWh by quarter-hour. What the counter has grown
            beyond it is filled in between the last posting and `since`.
        hour_kwh: what the plug itself counted in hours, by their begin (aware, on a quarter-hour),
            as of `at`. It guides the filling, before its days.
        day_kwh: what the plug counted on its days.
        day_zone: where they end; None for those of the house.
        ticks: `at` in seconds of a clock that is never put right, None where there is none.

    Raises ValueError for what cannot be booked.

    """

    plug: LedgerPlug
    start: CounterStart
    value_kwh: float
    at: datetime
    since: datetime
    quarters: Mapping[int, int] = field(default_factory=dict)
    hour_kwh: Mapping[datetime, HourKwh] = field(default_factory=dict)
    day_kwh: Mapping[date, float] = field(default_factory=dict)
    day_zone: tzinfo | None = None
    ticks: float | None = None

    def __post_init__(self) -> None:
        for name in ("at", "since"):
            if getattr(self, name).tzinfo is None:
                raise ValueError(f"{name} needs a time zone")
        if self.since > self.at:
            raise ValueError("since lies after at")
        check_kwh("value_kwh", self.value_kwh)
        check_told(hour_kwh=self.hour_kwh, day_kwh=self.day_kwh)
        if any(quarter % QUARTER or mwh < 0 for quarter, mwh in self.quarters.items()):
            raise ValueError("quarters are not quarter-hours with what was used in them")


def check_kwh(name: str, kwh: float) -> None:
    """Raise ValueError for what is no energy."""
    if not math.isfinite(kwh) or kwh < 0:
        raise ValueError(f"{name} is no energy: {kwh}")


def check_told(*, hour_kwh: Mapping[datetime, HourKwh], **others: Mapping[date, float]) -> None:
    """Raise ValueError for what is no energy, and for hours that begin on no quarter-hour."""
    if any(at.tzinfo is None or at.timestamp() % QUARTER for at in hour_kwh):
        raise ValueError("hour_kwh does not go by quarter-hours with a time zone")
    for hour in hour_kwh.values():
        check_kwh("hour_kwh", hour.kwh)
    for name, told in others.items():
        for kwh in told.values():
            check_kwh(name, kwh)


def by_moment(hour_kwh: Mapping[datetime, HourKwh]) -> dict[int, Hour]:
    """Return what a plug counted in hours, by the UTC second at which they begin."""
    return {
        int(at.timestamp()): Hour(to_mwh(kwh), None if whole is None else int(whole.timestamp()))
        for at, (kwh, whole) in hour_kwh.items()
    }
