"""Plugs that tell days alone, by the clock of another zone, and join in the middle of a day.

Each uses 300 W on one day of its own clock and 100 W on the next: what it tells of its days says
exactly how much of it is of which day of the house.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug, EveryOtherDay
from tests.plug_emulator.smart import EmulatedSmartPlug, EnergyHistory

from .counters import used_by
from .house import connected, house
from .zones import check_sums, compare_days

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from .house import House, Plug
    from .table import Table

# When plugs join each house. Days of some plugs have begun then, and of some not.
_JOINED = {
    "Europe/Paris": (2026, 11, 4, 22, 10),
    "America/St_Johns": (2026, 11, 4, 3, 10),
    "Australia/Lord_Howe": (2026, 11, 4, 22, 10),
    "Asia/Kolkata": (2026, 11, 4, 12, 10),
}
_OLDER = ("America/New_York", "Asia/Kathmandu", "Pacific/Auckland")
_NEWER = ("America/New_York", "Pacific/Auckland")
_DAYS_ALONE = EnergyHistory(intervals=(1440,))
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_WITHIN = 0.004


@dataclass(frozen=True)
class _NeverIdle:
    """100 W, and 200 W more on every other day of a zone.

    A newer plug that uses nothing after a stop over its midnight is believed ten minutes later.
    """

    zone: ZoneInfo

    def power(self, when: datetime) -> float:
        """Return the power in W."""
        return 100.0 + EveryOtherDay(self.zone).power(when)

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the energy in Wh."""
        always = 100.0 * (end - start).total_seconds() / 3600
        return always + EveryOtherDay(self.zone).energy(start, end)


async def press_joins(table: Table, folder: Path, only: str = "") -> None:
    """Add the plugs to each house, and let all places tell the day they joined, and those before.

    `only` is a part of the names of the zones whose houses are to be pressed.
    """
    moments = {
        name: (place, datetime(*when, tzinfo=ZoneInfo(name)))
        for place, (name, when) in enumerate(_JOINED.items(), 1)
    }
    pressed = [one for name, one in moments.items() if only in name]
    assert pressed, f"{only}: in none of {', '.join(moments)}"
    await asyncio.gather(*[_press(table, folder, joined, place) for place, joined in pressed])


async def _press(table: Table, folder: Path, joined: datetime, place: int) -> None:
    zone = joined.tzinfo
    assert isinstance(zone, ZoneInfo)
    midnight = datetime.combine(joined.date(), time(), zone)
    before = [(midnight - back * _DAY).date() for back in (3, 2, 1)]
    async with (
        house(folder / zone.key.replace("/", "_"), joined) as here,
        AsyncExitStack() as stack,
    ):
        plugs = _plugs(here, place, midnight - 8 * _DAY)
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read([*plugs.values()])
        for pdl, plug in plugs.items():
            shown, _ = await here.of_point(pdl, "consumption_daily")
            used = used_by(plug, midnight, here.clock())
            what = f"{_named(zone, plug)}: the day it joins, so far"
            table.add(what, used, entity=shown, within=_WITHIN)
        await _until_booked(here, plugs, before)
        await here.push()
        for pdl, plug in plugs.items():
            await _compare(table, here, f"{_named(zone, plug)}, just joined", pdl, plug, before, {})

        end = midnight + _DAY
        await here.sleep_off((end.astimezone(UTC) - timedelta(minutes=1)).astimezone(zone))
        await here.sleep_until(end + timedelta(seconds=20))
        ended: dict[str, float] = {}
        for pdl in plugs:
            _, last = await here.of_point(pdl, "consumption_daily")
            assert last is not None, pdl
            ended[pdl] = last
        await here.sleep_off(end + timedelta(hours=6, minutes=10))
        await here.are_read([*plugs.values()])
        await here.push()
        for pdl, plug in plugs.items():
            days = [*before, joined.date()]
            seen = {joined.date(): ended[pdl]}
            await _compare(table, here, _named(zone, plug), pdl, plug, days, seen)
            # By days of its own clock too: nothing of them is twice or missing.
            quarters = here.quarters(plug).items()
            for day in days:
                start, over = _own_day(plug, day)
                if over > here.clock():
                    continue
                found = sum(
                    kwh for at, kwh in quarters if start.timestamp() <= at < over.timestamp()
                )
                what = f"{_named(zone, plug)}, {day} of its own clock"
                table.add(what, used_by(plug, start, over), ledger=found, within=_WITHIN)
        await check_sums(table, here)
        here.look_at_log(table, zone.key)


async def _until_booked(here: House, plugs: dict[str, Plug], days: list[date]) -> None:
    """Wait until the ledger has of each plug what it has told of its past."""
    start, end = here.bounds(days[0], days[-1])

    async def is_there() -> bool:
        return all(
            here.ledger(plug, days[0], days[-1]) >= used_by(plug, start, end) - 4 * _WITHIN
            for plug in plugs.values()
        )

    try:
        await until(is_there, 120)
    except AssertionError:
        # What is missing, the rows say.
        return


async def _compare(
    table: Table, here: House, what: str, pdl: str, plug: Plug, days: list[date],
    entities: dict[date, float],
) -> None:  # fmt: skip
    expected = {day: used_by(plug, *here.bounds(day)) for day in days}
    await compare_days(table, here, what, pdl, plug, expected, entities, _WITHIN)
    if not (here.bounds(days[0])[0].utcoffset() or _HOUR) % _HOUR:
        # Hours of statistics are those of UTC.
        for day, used in expected.items():
            hours = await here.statistics(f"med_exporter:consumption_{pdl}", day)
            table.add(f"{what}, {day}: its hours in the statistics", used,
                      statistics=sum(hours.values()), within=_WITHIN)  # fmt: skip


def _own_day(plug: Plug, day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), plug.clock.timezone)
    return start, datetime.combine(day + _DAY, time(), plug.clock.timezone)


def _named(zone: ZoneInfo, plug: Plug) -> str:
    return f"{zone.key}, {plug.alias}"


def _plugs(here: House, place: int, installed_at: datetime) -> dict[str, Plug]:
    plugs: dict[str, Plug] = {}
    for number, name in enumerate(_OLDER, 1):
        zone = ZoneInfo(name)
        plugs[f"o{number}"] = EmulatedPlug(
            mac=f"50:C7:BF:15:{place:02X}:{number:02X}", alias=f"older, on {name}",
            load=_NeverIdle(zone), clock=here.clock, timezone=zone, installed_at=installed_at,
        )  # fmt: skip
    for number, name in enumerate(_NEWER, 1):
        zone = ZoneInfo(name)
        plugs[f"n{number}"] = EmulatedSmartPlug(
            host=f"127.0.88.{place * 16 + number}", mac=f"5C:62:8B:88:{place:02X}:{number:02X}",
            alias=f"newer, on {name}, tells days alone", load=_NeverIdle(zone),
            clock=here.clock, timezone=zone, installed_at=installed_at, history=_DAYS_ALONE,
        )  # fmt: skip
    return plugs
