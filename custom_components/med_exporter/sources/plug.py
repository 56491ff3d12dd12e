"""What is known of an energy plug, whatever it is read with."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugCounters:
    """What a plug says it has counted, in kWh; None for what it does not count.

    `total` restarts at zero when the plug reboots, `today` and `month` at local midnight;
    `month_before` is the calendar month that ended last. `clock` is the plug's own local time,
    by which it ends its days, None where it tells none.
    """

    total: float | None = None
    today: float | None = None
    month: float | None = None
    month_before: float | None = None
    clock: datetime | None = None


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
    """What a plug itself has counted, in kWh, by local day and by the first day of each month.

    `hours`, by their start in UTC, are there for as many of the days as the plug tells by the
    hour, from local midnight on; the last one is still running. Each is empty for a plug that
    keeps no such statistics.
    """

    hours: Mapping[datetime, float] = field(default_factory=dict)
    days: Mapping[date, float] = field(default_factory=dict)
    months: Mapping[date, float] = field(default_factory=dict)
