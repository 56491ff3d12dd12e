"""Corrections over each other on a day of 25 hours, of three kinds of meters, and odd names."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from homeassistant.util import slugify

from tests.influxdb import Influxd, influxdb_input
from tests.ledger_rows import quarters_in
from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug
from tests.real_home import RealHome

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 10, 26, 6, 40, tzinfo=PARIS)
DAY = date(2026, 10, 25)
_HOURS = 25
_DATA = ["consumption_daily", "production_daily"]
# Metering points whose ids and names are as odd as they may be, and collide but for their case.
_PLUGS = "0-_Z-9_x"
_METERED = "-A1_"
_TWINS = ("twin", "TWIN2")
_NAME = 'O\u2019Brien "\u03a9" <b>&amp;</b>, = Maison; é'
_STATISTIC = "linky:house"
# What is asked for, in a row; each is taken back in the opposite order.
_ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("2026-10-25T01:00:00+02:00", "2026-10-25T04:00:00+01:00", {"operation": "set", "value": 3.5}),
    ("2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+01:00", {"operation": "scale", "value": 4}),
    ("2026-10-25T02:15:00+01:00", "2026-10-25T05:45:00+01:00", {"operation": "remove"}),
    ("2026-10-25", "2026-10-25", {"operation": "scale", "value": 0.125}),
    ("2026-10-25T03:00:00+01:00", "2026-10-25T03:15:00+01:00", {"operation": "set", "value": 0.75}),
]


async def press_overlaps(table: Table, folder: Path) -> None:
    """Correct a day again and again, then take it all back; look at all places each time."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    server = Influxd(folder).start()
    try:
        server.set_up()
        async with (
            RealHome(folder / "other", time_zone="Europe/Paris") as other,
            house(folder, NOW) as here,
            AsyncExitStack() as stack,
        ):
            await other.onboard()
            await here.add_destination("home_assistant", {
                "url": other.url, "token": other.token, "verify_ssl": True,
                "interval": "1440", "data": _DATA,
            })  # fmt: skip
            await here.add_destination("influxdb", influxdb_input(server.url, data=_DATA))
            overlaps = _Overlaps(table, here, other, server)
            await overlaps.begin(stack)
            await overlaps.press()
            here.look_at_log(table, "overlaps")
    finally:
        server.kill()


class _Overlaps:
    def __init__(self, table: Table, here: House, other: RealHome, server: Influxd) -> None:
        self._table, self._here, self._other, self._server = table, here, other, server
        made = {"clock": here.clock, "timezone": PARIS, "installed_at": NOW - timedelta(days=20)}
        self._used = EmulatedPlug(mac="50:C7:BF:00:19:01", alias=_NAME, load=400.0, **made)
        self._brought = EmulatedPlug(mac="50:C7:BF:00:19:02", alias="Panel", load=200.0, **made)
        self._twins = [
            EmulatedPlug(mac=f"50:C7:BF:00:19:1{n}", alias=_NAME, load=100.0, **made)
            for n in range(2)
        ]

    async def begin(self, stack: AsyncExitStack) -> None:
        here = self._here
        for plug in (self._used, self._brought, *self._twins):
            await stack.enter_async_context(connected(plug))
        await here.add(_PLUGS, self._used, self._brought, Panel="production")
        for pdl, plug in zip(_TWINS, self._twins, strict=True):
            await here.add(pdl, plug)
        midnight = here.bounds(DAY)[0] - timedelta(days=2)
        total, rows = 0.0, []
        for number in range(77):
            total += 0.1 * (number % 5)
            start = midnight.astimezone(ZoneInfo("UTC")) + timedelta(hours=number)
            rows.append({"start": start.isoformat(), "state": total, "sum": total})
        metadata = {
            "source": "linky", "statistic_id": _STATISTIC, "name": _NAME,
            "unit_of_measurement": "kWh", "has_sum": True, "has_mean": False,
        }  # fmt: skip
        await here.home.command("recorder/import_statistics", metadata=metadata, stats=rows)

        async def is_stored() -> bool:
            known = await here.home.command("recorder/list_statistic_ids")
            return _STATISTIC in {one["statistic_id"] for one in known}

        await until(is_stored, 30)
        form = {
            "name": _NAME, "pdl": _METERED, "take_over": False, "statistics": [_STATISTIC],
        }  # fmt: skip
        made = await here.home.flow("med_exporter", {"next_step_id": "meters"}, form, {}, {})
        here.entries[_METERED] = made["entry_id"]

    async def press(self) -> None:
        meters = {
            "consumption": (_PLUGS, "consumption", plug_id(self._used)),
            "production": (_PLUGS, "production", plug_id(self._brought)),
            "a supplier's statistic": (_METERED, "consumption", _STATISTIC),
        }
        truths = {what: await self._hours(*of[:2]) for what, of in meters.items()}
        for what, (pdl, role, meter) in meters.items():
            first = sum(truths[what].values())
            self._table.add(
                f"{what}: before", first, **await self._places(pdl, role, first), within=0.003
            )
            undos: list[dict[str, Any]] = []
            for start, end, asked in _ASKED:
                wanted = {"pdl": pdl, "meter": meter, "start": start, "end": end, "reason": what}
                answer = await self._here.home.call_action(
                    "med_exporter.correct_energy", wanted | asked
                )
                undos.append(wanted | answer["undo"])
            await self._look(f"{what}: five in a row", pdl, role)
            for undo in reversed(undos):
                await self._here.home.call_action("med_exporter.correct_energy", undo)
            await self._look(f"{what}: all taken back", pdl, role)
            after = await self._hours(pdl, role)
            apart = max(abs(truths[what][one] - after.get(one, 0.0)) for one in truths[what])
            self._table.add(f"{what}: hours are as before, furthest", 0.0, statistics=apart)
            self._table.say(f"{what}: hours of the day", _HOURS, len(after))
        for pdl in _TWINS:
            told = await self._places(pdl, "consumption", 2.5)
            self._table.add(f"{pdl}: the day", 2.5, **told, within=0.003)

    async def _look(self, what: str, pdl: str, role: str) -> None:
        """Compare all places with the ledger."""
        kwh = sum((await self._quarters(pdl, role)).values())
        self._table.add(what, kwh, **await self._places(pdl, role, kwh), within=0.003)

    async def _quarters(self, pdl: str, role: str) -> dict[int, float]:
        slug = slugify(pdl)
        start, end = (one.timestamp() for one in self._here.bounds(DAY))
        found = await asyncio.to_thread(
            quarters_in, self._here.home.database, "metering_point = ? AND role = ?", slug, role
        )
        return {at: kwh for at, kwh in found.items() if start <= at < end}

    async def _hours(self, pdl: str, role: str) -> dict[float, float]:
        statistic_id = f"med_exporter:{role}_{slugify(pdl)}"

        async def whole() -> dict[float, float] | None:
            found = await self._here.statistics(statistic_id, DAY)
            return found if len(found) >= _HOURS else None

        found = await until(whole, 120)
        assert found is not None
        return found

    async def _places(self, pdl: str, role: str, kwh: float) -> dict[str, Any]:
        """Return what each place says once all have been told, or after a minute."""
        found: dict[str, Any] = {}

        async def told() -> bool:
            await self._here.push()
            found.update(await self._told(pdl, role))
            numbers = [one for one in found.values() if one is not None]
            return len(numbers) == len(found) and all(abs(one - kwh) < 0.002 for one in numbers)

        with suppress(AssertionError):
            await until(told, 90)
        return found

    async def _told(self, pdl: str, role: str) -> dict[str, Any]:
        here, slug = self._here, slugify(pdl)
        start, end = here.bounds(DAY)
        statistic_id = f"med_exporter:{role}_{slug}"
        pushed = await self._other.command(
            "recorder/statistics_during_period", start_time=start.isoformat(),
            end_time=end.isoformat(), statistic_ids=[statistic_id], period="hour",
            types=["change"],
        )  # fmt: skip
        points = await asyncio.to_thread(
            self._server.points, f"myelectricaldata_{role}", "wh", pdl=pdl, type="daily"
        )
        in_influx = points.get(int(start.timestamp()))
        local = await here.statistics(statistic_id, DAY)
        other = self._brought.alias if role == "consumption" else self._used.alias
        fields = ["timestamp", "device_name", "energy_kwh"]
        rows = await here.file(DAY, devices=[pdl], fields=fields)
        # The broker is sent no production.
        heard = here.in_mqtt(pdl, "daily", str(DAY)) if role == "consumption" else ()
        return {
            **({"mqtt": heard[-1]} if heard else {}),
            "ledger": sum((await self._quarters(pdl, role)).values()),
            "statistics": sum(local.values()),
            "file": sum(row["energy_kwh"] or 0 for row in rows if row["device_name"] != other),
            "pushed": sum(one["change"] for one in pushed.get(statistic_id, [])),
            # The database that overwrites, in the place of the one that does not.
            "victoriametrics": None if in_influx is None else in_influx / 1000,
        }
