"""The three plugs of the demo, at their addresses on loopback."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug, Fridge, SolarInverter, WashingMachine
from tests.plug_emulator.clock import Now, real_time

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.plug_emulator import Load

PARIS: Final = ZoneInfo("Europe/Paris")
PDL: Final = "09876543210987"
NAME: Final = "Home"

_LOOPBACK = "127.0.0.1"
_DAY = timedelta(days=1)
# The plugs were plugged in before Home Assistant came, so that their totals begin somewhere.
_DAYS_BEFORE_HISTORY = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Appliance:
    """What a plug measures: `rated_power` in W."""

    name: str
    mac: str
    load: Load
    role: Literal["consumption", "production"]
    rated_power: float

    def plug(self, installed_at: datetime, clock: Now = real_time) -> EmulatedPlug:
        """Return a plug, not yet on a network, that has measured this since `installed_at`."""
        return EmulatedPlug(
            mac=self.mac,
            alias=self.name,
            load=self.load,
            timezone=PARIS,
            clock=clock,
            installed_at=installed_at,
        )


APPLIANCES: Final = (
    Appliance(
        name="Fridge", mac="50:C7:BF:00:00:01", load=Fridge(), role="consumption", rated_power=120
    ),
    Appliance(
        name="Washing machine",
        mac="50:C7:BF:00:00:02",
        load=WashingMachine(),
        role="consumption",
        rated_power=2200,
    ),
    Appliance(
        name="Solar inverter",
        mac="50:C7:BF:00:00:03",
        load=SolarInverter(),
        role="production",
        rated_power=1600,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Household:
    """The plugs on the network, and the days that the history covers, from `first_day` on."""

    first_day: date
    plugs: dict[str, EmulatedPlug]

    @property
    def addresses(self) -> list[str]:
        """The `host:port` of each plug."""
        return [plug.address for plug in self.plugs.values()]

    @property
    def counted_since(self) -> date:
        """The local day on which the plugs were plugged in."""
        return self.first_day - timedelta(days=_DAYS_BEFORE_HISTORY)

    @property
    def full_days(self) -> list[date]:
        """The local days of the history that are over."""
        today = datetime.now(PARIS).date()
        return [
            self.first_day + timedelta(days=number)
            for number in range((today - self.first_day).days)
        ]

    def kwh(self, role: str, first: date, at: datetime) -> float:
        """Return what the day counters of a role's plugs show from a local day up to `at`, in kWh.

        A counter shows whole watt-hours, so a month lacks up to one for each of its days.
        """
        last = at.astimezone(PARIS).date()
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        plugs = [self.plugs[one.name] for one in APPLIANCES if one.role == role]
        kwh = (
            plug.energy_between(midnight(day), min(at, midnight(day + _DAY)))
            for plug in plugs
            for day in days
        )
        return sum(math.floor(1000 * one + 1e-6) for one in kwh) / 1000


@asynccontextmanager
async def open_household(days: int) -> AsyncGenerator[Household]:
    """Put the plugs on free ports of loopback; they have counted for longer than `days`."""
    first_day = datetime.now(PARIS).date() - timedelta(days=days)
    installed_at = midnight(first_day - timedelta(days=_DAYS_BEFORE_HISTORY))
    plugs = {appliance.name: appliance.plug(installed_at) for appliance in APPLIANCES}
    connected: list[EmulatedPlug] = []
    try:
        for plug in plugs.values():
            await plug.connect(_LOOPBACK, 0)
            connected.append(plug)
        yield Household(first_day=first_day, plugs=plugs)
    finally:
        for plug in connected:
            plug.disconnect()


def midnight(day: date) -> datetime:
    """Return the local midnight at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)
