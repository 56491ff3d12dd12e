"""Metering points whose plugs change: what is done to them, what is true of them, what is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.ledger_rows import quarters_in
from tests.plug_emulator import EmulatedPlug

from .house import connected

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AsyncExitStack
    from datetime import date

    from .generic import Generic
    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 10, 28, tzinfo=PARIS)
# A plug that comes or goes is read every five seconds, at 1 kW, and asked by the flow before.
_WITHIN = 0.015
# Two places that speak of the same moment.
_SAME = 0.0015


@dataclass
class Point:
    """A metering point: which plugs it has, and from when until when each has counted in it."""

    pdl: str
    what: str
    plugs: list[EmulatedPlug]
    stays: list[tuple[EmulatedPlug, datetime, datetime | None]] = field(default_factory=list)
    meters: list[tuple[datetime, float]] = field(default_factory=list)

    def used(self, start: datetime, end: datetime) -> float:
        """Return what has truly counted in it, in kWh."""
        stays = [(plug, max(start, since), min(end, to or end)) for plug, since, to in self.stays]
        metered = sum(kwh for at, kwh in self.meters if start <= at < end)
        used = (plug.outlets[0].energy_between(a, b) for plug, a, b in stays if a < b)
        return sum(used) + metered

    @property
    def is_there(self) -> bool:
        """Whether there is a metering point any more."""
        return bool(self.plugs or self.meters)

    def gone(self, plug: EmulatedPlug, at: datetime) -> None:
        """Note that a plug has left."""
        self.plugs.remove(plug)
        self.stays = [
            (one, since, at if one is plug and to is None else to) for one, since, to in self.stays
        ]

    def come(self, plug: EmulatedPlug, since: datetime) -> None:
        """Note that a plug has joined, and counts from then on."""
        self.plugs.append(plug)
        self.stays.append((plug, since, None))


class ChangingPoints:
    """What is done to metering points, and what all places say of them."""

    def __init__(self, here: House, table: Table, stack: AsyncExitStack) -> None:
        self.here, self.table = here, table
        self.points: dict[str, Point] = {}
        self._stack = stack
        self._made = 0
        self._away: list[tuple[datetime, float]] = []

    async def plug(self, load: float) -> EmulatedPlug:
        """Return a plug that has counted for some days."""
        self._made += 1
        plug = EmulatedPlug(
            mac=f"50:C7:BF:00:10:{self._made:02X}", alias=f"Plug {self._made}", load=load,
            clock=self.here.clock, timezone=PARIS, installed_at=SINCE,
        )  # fmt: skip
        await self._stack.enter_async_context(connected(plug))
        return plug

    async def add(self, pdl: str, what: str, *loads: float) -> None:
        """Add a metering point of new plugs, whose past counts."""
        plugs = [await self.plug(load) for load in loads]
        await self.here.add(pdl, *plugs)
        self.points[pdl] = Point(pdl, what, plugs, [(one, SINCE, None) for one in plugs])

    async def leave(self, pdl: str, number: int = 0) -> EmulatedPlug:
        """Take a plug out of a metering point that has others."""
        point = self.points[pdl]
        plug = point.plugs[number]
        await self.here.change(pdl, *[one for one in point.plugs if one is not plug])
        point.gone(plug, self.here.clock())
        return plug

    async def join(self, pdl: str, plug: EmulatedPlug, *, past: bool = False) -> None:
        """Add a plug to a metering point; its past counts where that is wished."""
        point = self.points[pdl]
        await self.here.change(pdl, *point.plugs, plug, count_past=past)
        if past:
            self._bring_past(point, plug)
        else:
            point.come(plug, self._begin(plug))

    async def exchange(self, pdl: str, new: EmulatedPlug, number: int = 0) -> EmulatedPlug:
        """Put another plug in the place of one, in one go; its past does not count."""
        point = self.points[pdl]
        old = point.plugs[number]
        wanted = [new if one is old else one for one in point.plugs]
        await self.here.change(pdl, *wanted, count_past=False)
        point.gone(old, self.here.clock())
        point.come(new, self._begin(new))
        return old

    def _begin(self, plug: EmulatedPlug) -> datetime:
        """Return from when on a plug counts that has just joined without its past.

        It counts from that day on, but for what is booked elsewhere.
        """
        midnight = (
            self.here.clock().astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
        )
        stays = [stay for point in self.points.values() for stay in point.stays]
        return max([midnight, *(to for one, _, to in stays if one is plug and to is not None)])

    async def re_add(self, old: str, new: str, what: str, *, past: bool) -> None:
        """Remove a metering point, and add its plugs by another id."""
        plugs = list(self.points[old].plugs)
        await self.here.remove(old)
        for plug in plugs:
            self.points[old].gone(plug, self.here.clock())
        await self.here.add(new, *plugs, count_past=past)
        self.points[new] = Point(new, what, [])
        for plug in plugs:
            if past:
                self._bring_past(self.points[new], plug)
            else:
                self.points[new].come(plug, self._begin(plug))

    async def take(self, new: str, what: str, plug: EmulatedPlug, *, past: bool) -> None:
        """Add a metering point of a plug that has left another one."""
        await self.here.add(new, plug, count_past=past)
        self.points[new] = Point(new, what, [])
        if past:
            self._bring_past(self.points[new], plug)
        else:
            self.points[new].come(plug, self._begin(plug))

    async def rename(self, old: str, new: str) -> None:
        """Put a mistyped id right."""
        point = self.points.pop(old)
        await self.here.change(old, *point.plugs, new=new)
        point.pdl, self.points[new] = new, point

    async def add_meter(self, pdl: str, what: str, meter: Generic) -> None:
        """Add a metering point of an energy sensor, also in the place of one of plugs."""
        form = {"name": pdl, "pdl": pdl, "take_over": False, "statistics": [meter.entity_id]}
        made = await self.here.home.flow("med_exporter", {"next_step_id": "meters"}, form, {}, {})
        self.here.entries[pdl] = made["entry_id"]
        self.points.setdefault(pdl, Point(pdl, what, []))

    async def meter(self, pdl: str, meter: Generic, value: float) -> None:
        """Let an energy sensor of a metering point go on to a value."""
        grown = await meter.count(self.here, value)
        is_there = not self.points[pdl].plugs
        told = self.points[pdl].meters if is_there else self._away
        told.append((self.here.clock(), grown))

    async def plug_for_meter(self, pdl: str, load: float) -> None:
        """Put a plug, whose past counts, in the place of an energy sensor."""
        plug, point = await self.plug(load), self.points[pdl]
        await self.here.remove(pdl)
        # What a meter has counted stands in its own statistics, and counts while it is there.
        self._away, point.meters = point.meters, []
        await self.here.add(pdl, plug)
        point.come(plug, SINCE)

    async def meter_for_plug(self, pdl: str, meter: Generic) -> None:
        """Put an energy sensor back in the place of a plug."""
        point = self.points[pdl]
        await self.here.remove(pdl)
        point.gone(point.plugs[0], self.here.clock())
        await self.add_meter(pdl, point.what, meter)
        point.meters = self._away

    def _bring_past(self, point: Point, plug: EmulatedPlug) -> None:
        for other in self.points.values():
            other.stays = [stay for stay in other.stays if stay[0] is not plug]
        point.come(plug, SINCE)

    @property
    def all_plugs(self) -> list[EmulatedPlug]:
        """All plugs that are in a metering point."""
        return [plug for point in self.points.values() for plug in point.plugs]

    def booked(self, pdl: str, first: date, last: date | None = None) -> float:
        """Return what the ledger has of a metering point on some days."""
        start, end = (one.timestamp() for one in self.here.bounds(first, last))
        quarters = quarters_in(
            self.here.home.database, "metering_point = ? AND role = 'consumption'", pdl
        )
        return sum(kwh for at, kwh in quarters.items() if start <= at < end)

    async def compare_running(self, when: str) -> None:
        """Compare what entities say of the day and month that run, with the truth."""
        now = self.here.clock().astimezone(PARIS)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for point in self.points.values():
            if not point.is_there:
                continue
            for key, start in (("daily", day), ("monthly", day.replace(day=1))):
                shown, _ = await self.here.of_point(point.pdl, f"consumption_{key}")
                used = point.used(start, self.here.clock())
                self.table.add(
                    f"{point.pdl}, {point.what}: {when}, {key} so far",
                    used, entity=shown, within=_WITHIN,
                )  # fmt: skip

    async def compare_ended(
        self, when: str, day: date, *, monthly: bool, late: Collection[str] = ()
    ) -> None:
        """Compare what all places say of a day that has ended, and of its month.

        Metering points that are `late` stand in no statistics and are not pushed yet.
        """
        spans = {"daily": (day, day)}
        if monthly:
            spans["monthly"] = (day.replace(day=1), day)
        for point in self.points.values():
            for key, (first, last) in spans.items():
                start, end = self.here.bounds(first, last)
                if point.stays and all(since >= end for _, since, _ in point.stays):
                    # It had no plug yet, and no place tells of it.
                    continue
                used = point.used(start, end)
                hours = await self.here.statistics(
                    f"med_exporter:consumption_{point.pdl}", first, last
                )
                found: dict[str, float | None] = {
                    "ledger": self.booked(point.pdl, first, last),
                }
                if point.pdl not in late:
                    found["statistics"] = sum(hours.values())
                if point.is_there:
                    found["file"] = await self._in_report(point.pdl, first, last)
                # Later, it tells of another period.
                if point.is_there and self._is_last(key, day):
                    _, found["entity"] = await self.here.of_point(point.pdl, f"consumption_{key}")
                if point.is_there and point.pdl not in late:
                    period = str(day) if key == "daily" else f"{day:%Y-%m}"
                    heard = self.here.in_mqtt(point.pdl, key, period)
                    found["mqtt"] = heard[-1] if heard else None
                    found["victoriametrics"] = await self.here.stored(point.pdl, key, start)
                what = f"{point.pdl}, {point.what}: {when}, {key}"
                self.table.add(what, used, **found, within=_WITHIN)
                told = [one for one in found.values() if one is not None]
                self.table.say(
                    f"{what}: places differ by less than {_SAME}",
                    True, max(told) - min(told) < _SAME,
                )  # fmt: skip

    def _is_last(self, key: str, day: date) -> bool:
        """Tell whether a day, or its month, is the one before that which runs."""
        today = self.here.clock().astimezone(PARIS).date()
        before = today if key == "daily" else today.replace(day=1)
        return before - timedelta(days=1) == day

    async def _in_report(self, pdl: str, first: date, last: date) -> float:
        rows = await self.here.file(
            first, last, export_type="system_report", aggregation=None,
            devices=[pdl], report_sections=["energy_consumption"],
        )  # fmt: skip
        return sum(
            row["energy_kwh"] or 0
            for row in rows
            if row["device"] and row["day"] and row["role"] == "consumption"
        )
