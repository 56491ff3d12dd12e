"""Nights on which clocks change, and of zones that are no whole hours off, for plugs of others too.

What a plug uses changes with each quarter-hour, and from day to day.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

from .counters import used_by
from .house import connected, house
from .zones import check_sums, compare_days

if TYPE_CHECKING:
    from pathlib import Path

    from .house import House, Plug
    from .table import Table

# The days on which clocks change, and two on which none does.
_NIGHTS = (
    ("Europe/Paris", (2026, 10, 25)),
    ("Europe/Paris", (2026, 3, 29)),
    ("Australia/Lord_Howe", (2026, 4, 5)),  # Half an hour more.
    ("Australia/Lord_Howe", (2026, 10, 4)),  # Half an hour less.
    ("America/St_Johns", (2026, 11, 1)),
    ("America/St_Johns", (2026, 3, 8)),
    ("Asia/Kolkata", (2026, 10, 1)),
    ("Asia/Kathmandu", (2026, 11, 12)),
)
# The zone of each newer plug's clock, None for the house's.
_NEWER = (None, "America/New_York", "Asia/Kathmandu")
_OLDER = (None, "America/New_York")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_QUARTER = 900
# 0 to 1800 W, of which each quarter-hour has whole watt-hours.
_WATTS = [60.0 * (number * 12 % 31) for number in range(31)]
_BEFORE = [0.0, *accumulate(_WATTS)]
# Where a day ends is known to a poll of 5 s.
_WITHIN = 0.006


@dataclass(frozen=True)
class _Uneven:
    """Another power in each quarter-hour, and not the same at the same time of two days."""

    def power(self, when: datetime) -> float:
        """Return the power in W."""
        return _WATTS[int(when.timestamp()) // _QUARTER % len(_WATTS)]

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the energy in Wh."""
        return _wh_until(end.timestamp()) - _wh_until(start.timestamp())


def _wh_until(at: float) -> float:
    quarters, rest = divmod(at, _QUARTER)
    rounds, place = divmod(int(quarters), len(_WATTS))
    whole = rounds * _BEFORE[-1] + _BEFORE[place]
    return whole * _QUARTER / 3600 + _WATTS[place] * rest / 3600


async def press_nights(table: Table, folder: Path, only: str = "") -> None:
    """Live over both midnights of each day and over its change, and let all places tell it.

    `only` is a part of the names of the houses to press, as `Europe/Paris 2026-10-25` is one.
    """
    midnights = {
        f"{name} {date(*day)}": (place, datetime(*day, tzinfo=ZoneInfo(name)))
        for place, (name, day) in enumerate(_NIGHTS, 1)
    }
    pressed = [one for name, one in midnights.items() if only in name]
    assert pressed, f"{only}: in none of {', '.join(midnights)}"
    # So long before a midnight all plugs can be added, in so many houses at once.
    early = (2 + len(pressed)) * _MINUTE
    await asyncio.gather(*[
        _press(table, folder / str(place), midnight, early, place) for place, midnight in pressed
    ])  # fmt: skip


async def _press(
    table: Table, folder: Path, midnight: datetime, early: timedelta, place: int
) -> None:
    zone = midnight.tzinfo
    assert isinstance(zone, ZoneInfo)
    async with house(folder, midnight - early) as here, AsyncExitStack() as stack:
        plugs = _plugs(here, place, midnight - 6 * _DAY)
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        entities: dict[str, dict[date, float]] = defaultdict(dict)
        await _see_end(here, midnight, plugs, entities)
        change = _change(midnight)
        await here.sleep_off((change - _MINUTE).astimezone(zone))
        await here.sleep_until(change + _MINUTE)
        end = midnight + _DAY
        await here.sleep_off((end.astimezone(UTC) - _MINUTE).astimezone(zone))
        await _see_end(here, end, plugs, entities)
        await here.sleep_off(end + timedelta(hours=6, minutes=10))
        await here.are_read([*plugs.values()])
        await here.push()
        for pdl, plug in plugs.items():
            what = f"{zone.key}, {midnight:%d %B}, {plug.alias}"
            seen = {midnight.date(): used_by(plug, midnight, end)}
            await compare_days(table, here, what, pdl, plug, seen, entities[pdl], _WITHIN)
            if isinstance(plug, EmulatedSmartPlug) or plug.clock.timezone == zone:
                await _compare_past(table, here, what, pdl, plug, midnight, entities[pdl])
            if isinstance(plug, EmulatedSmartPlug):
                _compare_hours(table, here, what, plug, midnight)
            halves = [at for at in here.heard(pdl, "detailed") if at[:10] == str(midnight.date())]
            length = (end.astimezone(UTC) - midnight.astimezone(UTC)) // timedelta(minutes=30)
            table.say(f"{what}: half-hours of the day that are pushed", length, len(halves))
        await check_sums(table, here)
        here.look_at_log(table, f"{zone.key}, {midnight:%d %B}")


async def _see_end(
    here: House, midnight: datetime, plugs: dict[str, Plug], seen: dict[str, dict[date, float]]
) -> None:
    """Live over the end of a day, and note what the sensors say of it."""
    await here.sleep_until(midnight + timedelta(seconds=20))
    for pdl in plugs:
        _, ended = await here.of_point(pdl, "consumption_daily")
        assert ended is not None, pdl
        seen[pdl][(midnight - _DAY).date()] = ended


async def _compare_past(
    table: Table, here: House, what: str, pdl: str, plug: Plug, midnight: datetime,
    entities: dict[date, float],
) -> None:  # fmt: skip
    """Compare three days before, of which the last was seen ending."""
    for back in (3, 2, 1):
        start = midnight - back * _DAY
        # What of an hour of its clock was used before a midnight that nobody saw, it does not tell.
        unknown = _split(plug, start) + (_split(plug, start + _DAY) if back > 1 else 0.0)
        day = {start.date(): used_by(plug, start, start + _DAY)}
        within = _WITHIN + unknown
        await compare_days(table, here, what, pdl, plug, day, entities, within)


def _compare_hours(table: Table, here: House, what: str, plug: Plug, midnight: datetime) -> None:
    """Compare each hour of the plug's own clock, whose energy it has told."""
    booked = here.quarters(plug)
    first = _hour_of(plug, midnight - 3 * _DAY) + timedelta(hours=1)
    hours = [
        hour for number in range(95) if _is_told(plug, hour := first + timedelta(hours=number))
    ]
    worst = max(
        abs(sum(kwh for at, kwh in booked.items() if 0 <= at - hour.timestamp() < 3600)
            - used_by(plug, hour, hour + timedelta(hours=1)))
        for hour in hours
    )  # fmt: skip
    table.add(f"{what}: the worst of {len(hours)} hours is off by", 0.0,
              ledger=worst, within=_WITHIN)  # fmt: skip


def _is_told(plug: Plug, hour: datetime) -> bool:
    """Return whether a plug's hours of a day begin where its clock shows full ones."""
    day = hour.astimezone(plug.clock.timezone).date()
    bounds = [plug.clock.day_start(day + timedelta(days=more)) for more in (0, 1)]
    return not (bounds[1] - bounds[0]) % timedelta(hours=1)


def _split(plug: Plug, midnight: datetime) -> float:
    """Return what was used in the hour of a newer plug's clock that a midnight splits, in kWh."""
    if not isinstance(plug, EmulatedSmartPlug):
        return 0.0
    hour = _hour_of(plug, midnight)
    return 0.0 if hour == midnight else used_by(plug, hour, hour + timedelta(hours=1))


def _hour_of(plug: Plug, at: datetime) -> datetime:
    """Return when the hour of a plug's clock began, in UTC."""
    shown = at.astimezone(plug.clock.timezone)
    return shown.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def _change(midnight: datetime) -> datetime:
    """Return when clocks change on a day, or its noon, in UTC."""
    at, end = midnight.astimezone(UTC), (midnight + _DAY).astimezone(UTC)
    while at < end:
        later = at + 15 * _MINUTE
        if later.astimezone(midnight.tzinfo).utcoffset() != midnight.utcoffset():
            return later
        at = later
    return midnight.astimezone(UTC) + timedelta(hours=12)


def _plugs(here: House, place: int, installed_at: datetime) -> dict[str, Plug]:
    plugs: dict[str, Plug] = {}
    for number, other in enumerate(_NEWER, 1):
        zone = _zone(here, other)
        plugs[f"n{number}"] = EmulatedSmartPlug(
            host=f"127.0.86.{place * 16 + number}", mac=f"5C:62:8B:86:{place:02X}:{number:02X}",
            alias=f"newer, on {zone.key}", load=_Uneven(), clock=here.clock, timezone=zone,
            installed_at=installed_at,
        )  # fmt: skip
    for number, other in enumerate(_OLDER, 1):
        zone = _zone(here, other)
        if zone.key == "Australia/Lord_Howe":
            # None of them knows it.
            continue
        plugs[f"o{number}"] = EmulatedPlug(
            mac=f"50:C7:BF:14:{place:02X}:{number:02X}", alias=f"older, on {zone.key}",
            load=_Uneven(), clock=here.clock, timezone=zone, installed_at=installed_at,
        )  # fmt: skip
    return plugs


def _zone(here: House, other: str | None) -> ZoneInfo:
    if other is None:
        return here.zone
    return ZoneInfo("Europe/Paris" if other == here.zone.key else other)
