"""Prices, contracts and currencies that change in mid-day and mid-month: the same money."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug
from tests.real_home import RealHome

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from .house import House
    from .table import Table

    type Price = Callable[[datetime], float | None]

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 10, 28, tzinfo=PARIS)
DAY = datetime(2026, 11, 20, tzinfo=PARIS)
CHANGE = datetime(2026, 11, 15, tzinfo=PARIS)
_QUARTER = timedelta(minutes=15)
_CENT = 0.005
# What the sensor shows from some seconds later on. The hour in which it begins to show anything has
# that from its start on: what was shown before may have been purged.
_SHOWN: dict[timedelta, float | None] = {
    timedelta(hours=6): 0.10,
    timedelta(hours=9): 0.30,
    timedelta(hours=11): None,
    timedelta(hours=13): -0.12,
    timedelta(hours=15): 0.50,
}
_HIDDEN = -9.0
_SETTINGS: dict[str, Any] = {
    "repairs": {},
    "input_number": {"price": {"min": _HIDDEN, "max": 9, "step": 1e-6, "mode": "box"}},
    "template": [{"sensor": [{
        "name": "price", "unique_id": "price", "unit_of_measurement": "EUR/kWh",
        "state": "{{ states('input_number.price') }}", "state_class": "measurement",
        "availability": f"{{{{ states('input_number.price') | float({_HIDDEN}) > {_HIDDEN} }}}}",
    }]}],
}  # fmt: skip


def _spot(at: datetime) -> float | None:
    # A quarter-hour has the price that it was shown for longest, be that seconds.
    later = {since + _QUARTER * (price is None): price for since, price in _SHOWN.items()}
    shown = [price for since, price in later.items() if DAY + since <= at]
    return None if not shown or shown[-1] is None else (shown[-1] + 0.05) * 1.2


# Each with what a kWh costs, and its contracts: what all kinds have, and the prices.
_POINTS: dict[str, tuple[Price, list[tuple[dict[str, Any], dict[str, Any]]]]] = {
    "changed": (lambda at: 0.3 if at >= CHANGE else 0.2, [
        ({"valid_from": "2020-01-01", "kind": "flat", "standing_charge": 12}, {"price": 0.2}),
        ({"valid_from": "2026-11-15", "kind": "flat", "standing_charge": 24}, {"price": 0.3}),
    ]),
    "solar": (lambda _: 0.25, [
        ({"valid_from": "2020-01-01", "kind": "flat", "feed_in": 0.1}, {"price": 0.25}),
    ]),
    "spot": (_spot, [
        ({"valid_from": "2026-11-20", "kind": "sensor_price"},
         {"entity_id": "sensor.price", "fixed": 0.05, "tax": 20}),
    ]),
}  # fmt: skip
_FEED_IN = 0.1


async def press_money(table: Table, folder: Path) -> None:
    """Live a day of changing prices, look the morning after, then change the currency."""
    async with (
        RealHome(folder / "other") as other,
        house(folder, DAY + timedelta(hours=5, minutes=40), settings=_SETTINGS) as here,
        AsyncExitStack() as stack,
    ):
        await other.onboard()
        await here.add_destination("home_assistant", {
            "url": other.url, "token": other.token, "verify_ssl": True,
            "interval": "1440", "data": ["consumption_daily"],
        })  # fmt: skip
        money = _Money(here, other, table, stack)
        await money.begin()
        for since, price in _SHOWN.items():
            await here.sleep_off(DAY + since + timedelta(seconds=5))
            await money.show(price)
            await here.are_read(money.all_plugs)
            await money.compare_running(f"at {since}")
        await money.wake(DAY + timedelta(hours=30, minutes=10))
        await here.push()
        await money.compare_ended("the morning after", DAY.date())
        await money.compare_ended("the month", CHANGE.replace(day=1).date(), DAY.date())
        _let_currency_be(here, "CHF")
        await money.wake(DAY + timedelta(hours=33, minutes=10))
        await here.push()
        await money.compare_ended("in francs, not confirmed", DAY.date())
        await money.confirm("changed")
        await money.compare_ended("in francs, one confirmed", DAY.date())
        here.look_at_log(table, "money")


class _Money:
    """Metering points of 1 kW, and what all places say that they cost."""

    def __init__(self, here: House, other: RealHome, table: Table, stack: AsyncExitStack) -> None:
        self.here, self._other, self._table, self._stack = here, other, table, stack
        self.plugs: dict[str, EmulatedPlug] = {}
        self.solar = self._plug(500)
        self._currencies = dict.fromkeys(_POINTS, "EUR")

    @property
    def all_plugs(self) -> list[EmulatedPlug]:
        return [*self.plugs.values(), self.solar]

    async def begin(self) -> None:
        await self._stack.enter_async_context(connected(self.solar))
        for pdl, (_, contracts) in _POINTS.items():
            plug = self.plugs[pdl] = self._plug(1000)
            await self._stack.enter_async_context(connected(plug))
            roles = {self.solar.alias: "production"} if pdl == "solar" else {}
            await self.here.add(pdl, plug, *([self.solar] if roles else []), **roles)
            for general, prices in contracts:
                await self.here.home.options_flow(
                    self.here.entries[pdl], {"next_step_id": "contracts"},
                    {"next_step_id": "add_contract"}, general, prices,
                )  # fmt: skip

    async def show(self, price: float | None) -> None:
        value = _HIDDEN if price is None else price
        await self.here.home.post(
            "/api/services/input_number/set_value",
            {"entity_id": "input_number.price", "value": value},
        )

    async def wake(self, now: datetime) -> None:
        await self.here.sleep_off(now)
        await self.here.are_read(self.all_plugs)

    async def confirm(self, pdl: str) -> None:
        """Say that a metering point's prices are meant in the new currency."""
        flow = await self.here.home.post(
            "/api/repairs/issues/fix",
            {"handler": "med_exporter", "issue_id": f"currency_changed_{self.here.entries[pdl]}"},
        )
        await self.here.home.post(f"/api/repairs/issues/fix/{flow['flow_id']}", {})
        self._currencies[pdl] = "CHF"
        await self.here.are_read(self.all_plugs)

    async def compare_running(self, when: str) -> None:
        """Compare what entities show of the running day, priced every few minutes, and files."""
        for pdl in _POINTS:
            cost, _ = self._truth(pdl, DAY, self.here.clock())
            (row,) = await self._files(pdl, DAY.date(), DAY.date())
            self._table.add(f"{pdl}: {when}, so far", cost, file=row["cost"] or 0.0, within=0.02)

    async def compare_ended(self, when: str, first: date, last: date | None = None) -> None:
        """Compare what all places say of days that have ended."""
        start, end = self.here.bounds(first, last)
        for pdl in _POINTS:
            cost, unpriced = self._truth(pdl, start, end)
            what = f"{pdl}: {when}"
            statistic_id = f"med_exporter:cost_{pdl}"
            local = await self.here.statistics(statistic_id, first, last)
            pushed = await self._pushed(statistic_id, start, end)
            rows = await self._files(pdl, first, last or first)
            reports = {
                f"{kind} {asked}": await self._report(pdl, first, last, kind, asked)
                for kind, asked in _REPORTS
            }
            shown: dict[str, Any] = {}
            if last is None:
                shown["entity"] = (await self.here.of_point(pdl, "cost_daily"))[1]
            self._table.add(
                what, cost, **shown, statistics=sum(local.values()), pushed=pushed,
                file=sum(row["cost"] or 0 for row in rows), within=_CENT,
            )  # fmt: skip
            for name, (found, currencies) in reports.items():
                self._table.add(f"{what}, {name}", cost, file=found, within=_CENT)
                self._table.say(f"{what}, {name}: money", {self._currencies[pdl]}, currencies)
            state = await self.here.home.get(f"/api/states/sensor.med_{pdl}_cost_daily")
            unit = state["attributes"]["unit_of_measurement"]
            self._table.say(f"{what}: unit", self._currencies[pdl], unit)
            codes = {one["code"] for one in self.here.last_file.get("warnings", [])}
            named = "UNPRICED_ENERGY" in codes
            self._table.say(
                f"{what}: names {unpriced:.2f} kWh without a price", unpriced > 0, named
            )
        brought = await self.here.file(first, last, devices=[plug_id(self.solar)])
        truth = -_FEED_IN * self.solar.outlets[0].energy_between(start, end)
        self._table.add(
            f"production: {when}", truth, file=sum(row["cost"] for row in brought), within=_CENT
        )

    def _plug(self, load: float) -> EmulatedPlug:
        number = len(self.plugs)
        return EmulatedPlug(
            mac=f"50:C7:BF:00:11:{int(load) % 7:X}{number:X}", alias=f"Plug {load} {number}",
            load=load, clock=self.here.clock, timezone=PARIS, installed_at=SINCE,
        )  # fmt: skip

    def _truth(self, pdl: str, start: datetime, end: datetime) -> tuple[float, float]:
        """Return what a stretch costs, and the kWh in it that have no price."""
        price, _ = _POINTS[pdl]
        cost = unpriced = 0.0
        while start < end:
            until = min(start + _QUARTER, end)
            kwh, each = self.plugs[pdl].outlets[0].energy_between(start, until), price(start)
            cost, unpriced = cost + kwh * (each or 0), unpriced + (kwh if each is None else 0)
            start = until
        return cost, unpriced

    async def _files(self, pdl: str, first: date, last: date) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.here.file(
            first, last, devices=[plug_id(self.plugs[pdl])]
        )
        return rows

    async def _pushed(self, statistic_id: str, start: datetime, end: datetime) -> float:
        found = await self._other.command(
            "recorder/statistics_during_period", start_time=start.isoformat(),
            end_time=end.isoformat(), statistic_ids=[statistic_id], period="hour", types=["change"],
        )  # fmt: skip
        return float(sum(one["change"] for one in found.get(statistic_id, [])))

    async def _report(
        self, pdl: str, first: date, last: date | None, kind: str, asked: dict[str, Any]
    ) -> tuple[float, set[str]]:
        rows = await self.here.file(
            first, last, export_type=kind, aggregation=None, devices=[pdl], **asked
        )
        costs = [row for row in rows if row.get("energy_cost") is not None]
        return sum(row["energy_cost"] for row in costs), {row["currency"] for row in costs}


_REPORTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cost_analysis", {"grouping": "daily"}),
    ("cost_analysis", {"grouping": "monthly"}),
    ("system_report", {"report_sections": ["cost_breakdown"]}),
)


def _let_currency_be(here: House, currency: str) -> None:
    """Change it as who keeps it in the configuration does."""
    path = here.home.folder / "configuration.yaml"
    told = json.loads(path.read_text())
    told["homeassistant"]["currency"] = currency
    path.write_text(json.dumps(told))
