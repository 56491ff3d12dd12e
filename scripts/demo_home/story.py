"""The demo from start to end."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import aiohttp

from tests.real_home import FlowError, HomeNotStartedError, RealHome, RequestError

from . import grid, measured
from .broker import listen, open_broker
from .contract import PRICES, add_contract, write_tariff
from .file_export import export_to_file, sum_days
from .history import NotRecordedError, first_live_state, past_readings, write_readings
from .household import APPLIANCES, NAME, PDL, Household, open_household
from .installation import PASSWORD, USERNAME, add_broker, add_metering_point, plug_entity_ids
from .ledger import check_sums, month_sums, running_costs, wait_for_statistics
from .output import DemoError, Report
from .push import mistakes_in, push, values_of_test
from .statistics import has_unit_classes, import_statistics, show_on_energy_dashboard

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from tests.grid_server import GridServer

    from .broker import Listener
    from .file_export import DaySum

_INTEGRATIONS: Final = ("api", "config", "energy", "history", "logbook", "my", "sun")
_RECORDED_SECONDS: Final = 20
_SHOWN_LINES: Final = 4
_SHOWN_DAYS: Final = 3

EXPECTED_ERRORS: Final = (
    DemoError,
    FlowError,
    HomeNotStartedError,
    RequestError,
    aiohttp.ClientError,
    TimeoutError,
    OSError,
)


class Demo:
    """Everything that runs, and what it has shown. `folder` is emptied first."""

    def __init__(self, folder: Path, report: Report, *, days: int, language: str) -> None:
        self._folder = folder
        self._report = report
        self._days = days
        self._language = language
        self._running = AsyncExitStack()
        self._home: RealHome | None = None

    async def run(self) -> None:
        """Show everything; failures stand in the report. What was started goes on running."""
        await self._part("the demo", self._show())

    async def _part(self, name: str, work: Awaitable[None]) -> None:
        """Do one part; where it fails, say so and let the others go on."""
        try:
            await work
        except EXPECTED_ERRORS as error:
            self._report.fail(f"{name}: {type(error).__name__}: {error}")

    async def close(self) -> None:
        """End everything that was started, the last first."""
        await self._running.aclose()

    @property
    def is_open(self) -> bool:
        """Whether there is a Home Assistant to look at."""
        return self._home is not None and self._home.is_running

    @property
    def home(self) -> RealHome:
        """The Home Assistant, once `run` has come that far; RuntimeError before."""
        if self._home is None:
            raise RuntimeError("Home Assistant was not started")
        return self._home

    async def _show(self) -> None:
        report, start = self._report, self._running.enter_async_context
        household = await start(open_household(self._days))
        for name, plug in household.plugs.items():
            report.step(f"{name}: an emulated {plug.kind.model} at {plug.address}")
        broker_port = await start(open_broker())
        listener = await start(listen(broker_port))
        report.step(f"MQTT broker at mqtt://127.0.0.1:{broker_port}")
        grid_server = await start(grid.open_grid(household.counted_since))
        report.step(f"Tempo and EcoWatt server at {grid_server.address}")
        self._home = home = await start(self._new_home())
        report.step(f"Home Assistant answers at {home.url}")
        await home.onboard("Demo", USERNAME, PASSWORD)
        version = (await home.get("/api/config"))["version"]
        report.step(f"Home Assistant {version} has started, with a first user")
        entry_id = await add_metering_point(home, household)
        report.step(f"Metering point {NAME} ({PDL}) set up, with {len(household.plugs)} plugs")
        await self._part("Tempo and EcoWatt", self._add_grid(grid_server))
        await self._part("contract", self._add_contract(entry_id, household))
        await self._part("history", self._write_history(household))
        await self._part("daily export", self._export("daily", household))
        await self._part("raw export", self._export("raw", household))
        await self._part("MQTT", self._push(household, broker_port, listener))
        await self._part("ledger", self._show_months(household))
        await self._part("files of sums", self._write_files_of_sums(household))
        await self._part("whole house", self._take_over())
        await self._part("sums", self._check_sums(grid_server))
        for record in home.complaints():
            report.fail(f"in Home Assistant's log: {record.text}")

    def _new_home(self) -> RealHome:
        configuration = self._folder / "config"
        if configuration.exists():
            shutil.rmtree(configuration)
        return RealHome(configuration, language=self._language, integrations=_INTEGRATIONS)

    async def _add_grid(self, server: GridServer) -> None:
        report = self._report
        entry_id = await grid.add_grid(self.home, server)
        states = await grid.read_grid(self.home, entry_id)
        left = (f"{states[f'tempo_{colour}_days_left']} {colour}" for colour in PRICES)
        report.step("Tempo and EcoWatt set up")
        report.line(
            f"Today is {states['tempo_color']}, tomorrow {states['tempo_color_tomorrow']};"
            f" days left: {', '.join(left)}; EcoWatt level {states['ecowatt_level']}"
        )
        for mistake in grid.mistakes_in(states, server):
            report.fail(f"Tempo and EcoWatt: {mistake}")

    async def _add_contract(self, entry_id: str, household: Household) -> None:
        await add_contract(self.home, entry_id, household.counted_since)
        await self._wait_for_metering_point()
        self._report.step(f"Tempo contract entered, valid from {household.counted_since}")

    async def _wait_for_metering_point(self) -> None:
        for _ in range(_RECORDED_SECONDS * 10):
            states = await self.home.states()
            daily = states.get(f"sensor.med_{PDL}_consumption_daily", {})
            if daily.get("state") not in (None, "unknown", "unavailable"):
                return
            await asyncio.sleep(0.1)
        raise DemoError("the metering point has not come back with its contract")

    async def _show_months(self, household: Household) -> None:
        report = self._report
        report.step("Waiting for the ledger to write its long-term statistics")
        await wait_for_statistics(self.home, household.counted_since)
        sums = await month_sums(self.home, household)
        report.step("Closed hours of the ledger, by month:")
        report.line(f"{'':16}{'consumption (kWh)':>22}{'production (kWh)':>22}{'cost (€)':>22}")
        for one in sums:
            kwh = "".join(f"{kwh:22.3f}" for kwh in one.kwh.values())
            report.line(f"{one.month:16}{kwh}{one.cost:22.2f}")
            for mistake in one.mistakes:
                report.fail(f"ledger: {mistake}")
        costs = await running_costs(self.home)
        report.line(", ".join(f"{when}: {amount}" for when, amount in costs.items()))

    async def _write_files_of_sums(self, household: Household) -> None:
        readings, analysis = self._folder / "hourly.csv", self._folder / "costs.csv"
        await export_to_file(self.home, household, readings, aggregation="hourly")
        order = {"export_type": "cost_analysis", "grouping": "daily"}
        breakdown = ["device", "time_of_use"]
        await export_to_file(self.home, household, analysis, breakdown_by=breakdown, **order)

    async def _take_over(self) -> None:
        is_new = await has_unit_classes(self.home)
        rows = await measured.import_years(self.home, self.home.database, is_new=is_new)
        await measured.show_on_energy_dashboard(self.home)
        await measured.take_over(self.home)
        self._report.step(
            f"Metering point {measured.NAME} ({measured.PDL}) taken over from the Energy dashboard:"
            f" {measured.YEARS} years, {rows} hourly statistics"
        )
        kwh = await measured.wait_for_years(self.home)
        self._report.line(", ".join(f"{role}: {total:.3f} kWh" for role, total in kwh.items()))

    async def _check_sums(self, server: GridServer) -> None:
        tariff, entities = self._folder / "tariff.json", self._folder / "entities.json"
        write_tariff(tariff, server)
        # Home Assistant writes its own list of them minutes after its start.
        entities.write_text(json.dumps(await self.home.entity_ids()), encoding="utf-8")
        readings, analysis = self._folder / "hourly.csv", self._folder / "costs.csv"
        files = {"tariff": tariff, "entities": entities, "readings": readings, "analysis": analysis}
        options = [text for name, path in files.items() for text in (f"--{name}", str(path))]
        status, lines = await check_sums(self.home.database, *options)
        table = self._folder / "sums.txt"
        table.write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._report.step(f"scripts/check_sums, from the recorder's tables alone: see {table}")
        for line in lines if status else lines[-1:]:
            self._report.line(line)
        if status:
            self._report.fail(f"sums: scripts/check_sums ended with {status}")

    async def _write_history(self, household: Household) -> None:
        """Write each plug's past up to its first live state, beside the running recorder."""
        live_since = datetime.now(UTC)
        database = self.home.database
        entity_ids = await plug_entity_ids(self.home)
        rows = 0
        for appliance in APPLIANCES:
            ids = entity_ids[appliance.name]
            installed_at = household.plugs[appliance.name].outlet.installed_at
            for _ in range(_RECORDED_SECONDS * 10):
                try:
                    end = await asyncio.to_thread(first_live_state, database, ids)
                    live_since = min(live_since, end)
                    break
                except NotRecordedError:
                    await asyncio.sleep(0.1)
            else:
                raise DemoError(f"the recorder has no states of {appliance.name}")
            readings = past_readings(appliance, installed_at, household.first_day, end)
            rows += await asyncio.to_thread(write_readings, database, readings, ids)
        hours = await import_statistics(self.home, household, entity_ids, live_since)
        await show_on_energy_dashboard(self.home, entity_ids)
        self._report.step(
            f"{self._days} days of history written: {rows} states, {hours} hourly statistics"
        )

    async def _export(self, aggregation: str, household: Household) -> None:
        report = self._report
        path = self._folder / f"{aggregation}.csv"
        exported = await export_to_file(self.home, household, path, aggregation=aggregation)
        status = exported.status
        report.step(
            f"CSV export, {aggregation}: {status['record_count']} records,"
            f" {status['file_size']} bytes, {path}"
        )
        with path.open(encoding="utf-8", newline="") as file:
            for _, line in zip(range(_SHOWN_LINES), file, strict=False):
                report.line(line.rstrip())
        # The plugs answer in this process, so its loop has to be free for them.
        sums = await asyncio.to_thread(sum_days, path, household)
        self._show_sums(sums)
        for one in sums:
            if not one.agrees:
                report.fail(
                    f"{aggregation} export: {one.name} on {one.day} has {one.in_file:.3f} kWh,"
                    f" the plug has counted {one.counted:.3f} kWh"
                )
        # What the plugs counted before they were added is known by the day, not by the hour.
        others = [one for one in status["warnings"] if one["code"] != "ESTIMATED"]
        if others:
            report.fail(f"{aggregation} export: warnings {others}")

    def _show_sums(self, sums: list[DaySum]) -> None:
        report = self._report
        last_days = sorted({one.day for one in sums})[-_SHOWN_DAYS:]
        report.line(f"{'kWh':16}" + "".join(f"{day!s:>22}" for day in last_days))
        for name in dict.fromkeys(one.name for one in sums):
            cells = [
                f"{one.in_file:9.3f} = {one.counted:.3f}"
                if one.agrees
                else f"{one.in_file:9.3f} ≠ {one.counted:.3f}"
                for one in sums
                if one.name == name and one.day in last_days
            ]
            report.line(f"{name:16}" + "".join(f"{cell:>22}" for cell in cells))
        agreeing = sum(one.agrees for one in sums)
        report.line(
            f"{agreeing} of {len(sums)} sums (in the file = in the plug's day counter) agree."
        )

    async def _push(self, household: Household, broker_port: int, listener: Listener) -> None:
        report = self._report
        destination = await add_broker(self.home, broker_port)
        report.step("MQTT destination set up")
        before = await values_of_test(listener)
        answer = await push(self.home, destination)
        mistakes = await mistakes_in(listener, household, answer, before)
        report.step(
            f"MQTT push to {answer['destination_name']}: {answer['status']},"
            f" {answer['records_exported']} records"
        )
        report.line(f"{len(listener.messages)} messages, the last of each topic:")
        for topic, payload in listener.latest().items():
            report.line(f"{topic}  {payload}")
        for mistake in mistakes:
            report.fail(f"MQTT push: {mistake}")
