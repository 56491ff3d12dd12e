"""What is known of an energy plug, whatever it is read with."""

from __future__ import annotations

import math
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from ..engine.evidence.evidence import SOCKET_WATTS
from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo

    from ..engine.energy import HourKwh

CLOCK_IS_RIGHT: Final = timedelta(seconds=60)
"""A plug's clock that is off by no more is taken for right: its answers take their time."""

# Twice what a socket passes in an hour, in kWh: no plug counts more.
_MOST_PER_HOUR: Final = 2 * SOCKET_WATTS / 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugCounters:
    """What a plug says it has counted, in kWh; None for what it does not count.

    `total` restarts at zero when the plug reboots, `today` and `month` at local midnight;
    `month_before` is the calendar month that ended last. `clock` is the plug's own local time,
    by which it ends its days, None where it tells none. `ended` are its own months that are over,
    by the first of each, as far as it was asked for them. `ahead` is its own date where it was
    asked for an earlier one, None where it was asked for the one that runs.
    """

    total: float | None = None
    today: float | None = None
    month: float | None = None
    month_before: float | None = None
    clock: datetime | None = None
    ended: Mapping[date, float] = field(default_factory=dict)
    ahead: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugIdentity:
    """An energy device or one socket of a strip.

    `plug_id` is the MAC address without separators, followed by the child's id for a socket.
    """

    plug_id: str
    mac: str
    child_id: str | None
    name: str
    model: str
    firmware: str | None
    hardware: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugSample:
    """One reading: W, V, A, dBm, and the plug's own counters; None for what is not measured."""

    identity: PlugIdentity
    power: float | None
    voltage: float | None
    current: float | None
    counters: PlugCounters
    is_on: bool
    signal_strength: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugStatistics:
    """What a plug itself has counted, in kWh, by its day and by the first day of each month.

    Days and months end by the plug's clock, days where they end in `zone`: the house's for None.
    `hours`, by the quarter-hour of UTC nearest to their true start, are there for as many of the
    days as the plug tells by the hour; the last one is still running. Each is empty for a plug that
    keeps no such statistics.

    An hour that the plug has cut elsewhere was used, but for less than a watt-hour, in the four
    quarter-hours of its `whole`, nobody knows in which.
    """

    hours: Mapping[datetime, HourKwh] = field(default_factory=dict)
    days: Mapping[date, float] = field(default_factory=dict)
    months: Mapping[date, float] = field(default_factory=dict)
    zone: tzinfo | None = None

    def that_can_be(self) -> Self:
        """Return them without what is no energy, or more than any socket can have passed."""
        return replace(
            self,
            hours={at: one for at, one in self.hours.items() if can_be(one.kwh, 1)},
            days={day: kwh for day, kwh in self.days.items() if can_be(kwh, 25)},
            months={month: kwh for month, kwh in self.months.items() if can_be(kwh, 745)},
        )


def can_be(kwh: float, hours: int) -> bool:
    """Tell whether it is energy, and no more than any socket can have passed in so many hours."""
    return math.isfinite(kwh) and 0 <= kwh <= hours * _MOST_PER_HOUR
