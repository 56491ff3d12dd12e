"""What the meters of a metering point stand at: what is booked, and what was counted since."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ..engine.lazy_dataclass import dataclass
from .live import Live

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from ..const import PlugRole
    from .live import Shown
    from .meter import Meter
    from .source import Told


@dataclass(kw_only=True, slots=True)
class MeterStanding:
    """What a meter shows.

    Attributes:
        live: what its entity has shown since the last row of statistics.
        until: the end of that row, in UTC seconds; None before the first look.

    """

    live: Live = field(default_factory=Live)
    until: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """What stands in the ledger of one role, in mWh; None where nothing is."""

    today: int | None = None
    this_month: int | None = None
    last_day: int | None = None
    last_month: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What stands in the ledger of the day and the month that run, and of those before.

    Attributes:
        day: the local day that runs.
        roles: by role, where anything is known of it.
        today: what each meter has in the running day, by its id, in mWh.

    """

    day: date
    roles: dict[PlugRole, Booked] = field(default_factory=dict)
    today: dict[str, int] = field(default_factory=dict)


class Standing:
    """What has been counted up to now: the ledger's part, and what entities have shown since.

    Args:
        meters: by their ids.
        day: the local day that runs.

    """

    def __init__(self, meters: Mapping[str, Meter], day: date) -> None:
        self._meters = meters
        self._shown = {meter_id: MeterStanding() for meter_id in meters}
        self._running = Running(day=day)

    @property
    def day(self) -> date:
        """Return the local day that runs."""
        return self._running.day

    def booked(self, role: PlugRole) -> Booked:
        """Return what stands in the ledger of a role."""
        return self._running.roles.get(role, Booked())

    def shown(self, meter_id: str) -> MeterStanding:
        """Return what a meter shows."""
        return self._shown[meter_id]

    def see(self, meter_id: str, state: Shown) -> None:
        """Take what the entity of a meter shows now."""
        self._shown[meter_id].live.see(state)

    def take(self, running: Running, looks: Mapping[str, Told]) -> None:
        """Take what the ledger says, and up to when statistics have told of each meter.

        Both in the same moment, so that the sum never falls.
        """
        self._running = running
        for meter_id, told in looks.items():
            if told.until is not None:
                self._shown[meter_id].until = told.until
                self._shown[meter_id].live.settle(told.until, told.shown)

    def close_day(self, now: datetime) -> None:
        """Start a new day, and month, with what has been counted up to now (local, aware)."""
        month = (now.year, now.month) != (self.day.year, self.day.month)
        at = now.timestamp()
        roles: dict[PlugRole, Booked] = {}
        for role, booked in self._running.roles.items():
            so_far = self._since_booked(role, at)
            roles[role] = Booked(
                today=0,
                this_month=0 if month else _plus(booked.this_month, so_far),
                last_day=_plus(booked.today, so_far),
                last_month=_plus(booked.this_month, so_far) if month else booked.last_month,
            )
        self._running = Running(
            day=now.date(), roles=roles, today=dict.fromkeys(self._running.today, 0)
        )
        for one in self._shown.values():
            one.until = max(one.until or 0, int(at))

    def counted(self, role: PlugRole, *, monthly: bool) -> int | None:
        """Return what the meters of a role have counted in the running day or month, in mWh.

        None where nothing is known of it: statistics that come a day late tell of no today.
        """
        booked = self._running.roles.get(role)
        standing = None
        if booked is not None:
            standing = booked.this_month if monthly else booked.today
        has_entity = any(
            meter.role is role and self._shown[meter_id].live.seen_at is not None
            for meter_id, meter in self._meters.items()
        )
        if standing is None and not (has_entity and booked is not None):
            return None
        return (standing or 0) + self._since_booked(role)

    def counted_today(self, meter_id: str) -> int | None:
        """Return what a meter has counted today, in mWh; None where nothing is known of it."""
        booked, state = self._running.today.get(meter_id), self._shown[meter_id]
        if booked is None and (state.until is None or state.live.seen_at is None):
            return None
        return (booked or 0) + state.live.between(state.until or 0)

    def seen_at(self, role: PlugRole) -> float | None:
        """Return when the latest of the meters of a role was read (UTC seconds)."""
        moments = [
            moment
            for meter_id, meter in self._meters.items()
            if meter.role is role
            for moment in (self._shown[meter_id].live.seen_at, self._shown[meter_id].until)
            if moment is not None
        ]
        return max(moments, default=None)

    def _since_booked(self, role: PlugRole, end: float | None = None) -> int:
        """Return what the meters of a role have counted since they were booked, in mWh."""
        return sum(
            state.live.between(max(state.until or 0, meter.counted_from), end)
            for meter_id, meter in self._meters.items()
            if meter.role is role
            for state in (self._shown[meter_id],)
        )


def _plus(mwh: int | None, more: int) -> int | None:
    return None if mwh is None and not more else (mwh or 0) + more
