"""A real Home Assistant beside a broker and a database, and all the places that tell energy."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.ledger_rows import quarters_in
from tests.live.conftest import until
from tests.live.house.database import ask
from tests.mosquitto import Mosquitto
from tests.mqtt_destinations import PREFIX, mqtt_input
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug
from tests.real_home import RealHome, RequestError
from tests.victoriametrics import VictoriaMetricsServer, victoriametrics_input

from .house_clock import HouseClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
    from pathlib import Path

    import aiomqtt

    from .table import Table

LOGIN = {"username": "me@example.com", "password": "secret"}
DATA = ["consumption_daily", "consumption_monthly", "consumption_detailed"]
_NO_VALUE = ("unknown", "unavailable")
_END = f"{PREFIX}/all_is_heard"
Plug = EmulatedPlug | EmulatedSmartPlug


class House:
    """A home with its clock, its broker and its database; metering points are added to it."""

    def __init__(
        self, folder: Path, now: datetime, *, settings: Mapping[str, Any] | None = None
    ) -> None:
        assert isinstance(now.tzinfo, ZoneInfo)
        self.zone = now.tzinfo
        self.clock = HouseClock(folder / "clock", now)
        self.home = RealHome(
            folder / "home",
            environment=self.clock.environment,
            time_zone=self.zone.key,
            settings=settings,
        )
        self.broker = Mosquitto(folder)
        self.server = VictoriaMetricsServer(folder)
        self.entries: dict[str, str] = {}
        self._destinations: list[str] = []
        self._heard: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._ids: dict[str, str] = {}
        self._all_is_heard = asyncio.Event()

    # What is in it.

    async def add(self, pdl: str, *plugs: Plug, **answers: Any) -> None:
        """Add a metering point of plugs by its flow, and let it poll every five seconds.

        `answers` are for the form of its plugs.
        """
        entry = await self.home.flow(
            "med_exporter", {"next_step_id": "kasa"}, _point(pdl, plugs), answers
        )
        self.entries[pdl] = entry["entry_id"]
        await self.home.options_flow(
            entry["entry_id"], {"next_step_id": "polling"}, {"polling_interval": 5}
        )
        self._ids.clear()

    async def change(self, pdl: str, *plugs: Plug, new: str | None = None, **answers: Any) -> None:
        """Let a metering point have these plugs, and go by a new id.

        `answers` are for the form of the plugs that are new; without new plugs, there is none.
        """
        wanted = {**_point(pdl, plugs), "pdl": new or pdl}
        forms = [wanted, answers] if answers else [wanted]
        await self.home.reconfigure("med_exporter", self.entries[pdl], *forms)
        self.entries[new or pdl] = self.entries.pop(pdl)
        self._ids.clear()

    async def remove(self, pdl: str) -> None:
        """Remove a metering point."""
        await self.home.delete(f"/api/config/config_entries/entry/{self.entries.pop(pdl)}")
        self._ids.clear()

    async def add_destinations(self) -> None:
        """Add the broker and the database; they are pushed to when they are told."""
        inputs = {
            "mqtt": mqtt_input(self.broker.port, data=DATA, interval="1440"),
            "victoriametrics": victoriametrics_input(self.server.url, data=DATA, interval="1440"),
        }
        for kind, user_input in inputs.items():
            await self.add_destination(kind, user_input)

    async def add_destination(self, kind: str, user_input: dict[str, Any]) -> None:
        """Add a destination that is pushed to when it is told."""
        made = await self.home.flow("med_exporter", {"next_step_id": kind}, user_input)
        self._destinations.append(made["entry_id"])

    # What happens in it.

    async def are_read(self, plugs: Sequence[Plug], times: int = 2) -> None:
        """Wait until each plug was asked so often for its power."""
        before = [_times_asked(one) for one in plugs]

        def missing() -> list[str]:
            return [
                one.alias
                for one, count in zip(plugs, before, strict=True)
                if _times_asked(one) < count + times
            ]

        async def asked() -> bool:
            return not missing()

        try:
            # python-kasa asks a newer plug again half a minute after it has refused, or more.
            await until(asked, 600)
        except AssertionError:
            raise AssertionError(f"not read {times} times: {', '.join(missing())}") from None
        # The answer is on its way to the states.
        await asyncio.sleep(0.5)

    async def sleep_until(self, now: datetime) -> None:
        """Live on, second by second, until it is then."""
        await asyncio.sleep((now - self.clock()).total_seconds())

    async def sleep_off(self, now: datetime) -> None:
        """Stop, and start again when it is then."""
        await self.home.stop()
        self.clock.move_to(now)
        await self.home.start()
        await self.home.wait_until_running()

    async def push(self, late: Collection[str] = ()) -> None:
        """Push to all destinations, once what is over stands in the statistics.

        Metering points that are `late` wait longer for it than this does.
        """
        question = "SELECT statistic_id, dirty_from_ts FROM med_exporter_sums"
        waited_for = {f"med_exporter:consumption_{one}" for one in self.entries.keys() - {*late}}

        async def is_written() -> bool:
            rows = await asyncio.to_thread(ask, self.home.database, question)
            since = [at for one, at in rows if one in waited_for]
            return min(since, default=0) >= self.clock().timestamp() // 3600 * 3600

        await until(is_written, 600)
        for entry_id in self._destinations:

            async def done(entry_id: str = entry_id) -> bool:
                try:
                    await self.home.call_action("med_exporter.run_push", {"destination": entry_id})
                except RequestError:
                    return False
                return True

            await until(done, 600)
        # The broker passes on in order what it has taken.
        self._all_is_heard.clear()
        async with self.broker.client() as client:
            await client.publish(_END, qos=1)
        async with asyncio.timeout(60):
            await self._all_is_heard.wait()

    # What it tells.

    async def of_plug(self, plug: Plug, key: str) -> float:
        """Return the number that a plug's sensor shows."""
        if not self._ids:
            self._ids = await self.home.entity_ids()
        state = await self._shown(self._ids[f"{plug_id(plug)}_{key}"])
        return float(state["state"])

    async def of_point(self, pdl: str, key: str) -> tuple[float, float | None]:
        """Return what a metering point's sensor shows, and its period before."""
        state = await self._shown(f"sensor.med_{pdl}_{key}")
        return float(state["state"]), state["attributes"].get("last_period")

    async def _shown(self, entity_id: str) -> dict[str, Any]:
        """Return the state of an entity, once it has a value."""

        async def known() -> dict[str, Any] | None:
            state: dict[str, Any] = await self.home.get(f"/api/states/{entity_id}")
            return None if state["state"] in _NO_VALUE else state

        state = await until(known, 120)
        assert state is not None
        return state

    def bounds(self, first: date, last: date | None = None) -> tuple[datetime, datetime]:
        """Return where days begin and end."""
        start = datetime.combine(first, time(), self.zone)
        return start, datetime.combine((last or first) + timedelta(days=1), time(), self.zone)

    def quarters(self, plug: Plug) -> dict[int, float]:
        """Return what the ledger has of a plug, by the start of each quarter-hour."""
        return quarters_in(self.home.database, "plug_id = ?", plug_id(plug))

    def ledger(self, plug: Plug, first: date, last: date | None = None) -> float:
        """Return what the ledger has of a plug on some days."""
        start, end = (one.timestamp() for one in self.bounds(first, last))
        return sum(kwh for at, kwh in self.quarters(plug).items() if start <= at < end)

    async def statistics(
        self, statistic_id: str, first: date, last: date | None = None, period: str = "hour"
    ) -> dict[float, float]:
        """Return by what a statistic changed in each period, by its start in UTC seconds."""
        start, end = self.bounds(first, last)
        found = await self.home.command(
            "recorder/statistics_during_period",
            start_time=start.isoformat(),
            end_time=end.isoformat(),
            statistic_ids=[statistic_id],
            period=period,
            types=["change"],
        )
        return {one["start"] / 1000: one["change"] for one in found.get(statistic_id, [])}

    async def file(
        self, first: date, last: date | None = None, *, form: str = "json", **order: Any
    ) -> Any:
        """Return the rows of a file of devices, or its bytes in another format than JSON."""
        asked = {
            "export_type": "device_data", "format": form, "aggregation": "daily",
            "date_range": {"start": str(first), "end": str(last or first)}, **order,
        }  # fmt: skip
        created = await self.home.post(
            "/api/exports/create", {key: one for key, one in asked.items() if one is not None}
        )
        self.last_file = created
        while self.last_file["status"] in ("queued", "running"):
            self.last_file = await self.home.get(f"/api/exports/{created['export_id']}")
        assert self.last_file["status"] == "completed", self.last_file
        answer = await self.home.get(f"/api/exports/download/{created['export_id']}")
        return answer["data"] if form == "json" else answer

    async def file_kwh(self, plug: Plug, first: date, last: date | None = None) -> float:
        """Return what a file by the day has of a plug."""
        rows = await self.file(first, last, devices=[plug_id(plug)])
        return sum(row["energy_kwh"] or 0 for row in rows)

    async def stored(self, pdl: str, grain: str, start: datetime) -> float | None:
        """Return what the database has of a closed period, once it shows it."""

        async def found() -> float | None:
            kept = await self.in_victoriametrics(pdl, grain)
            return kept.get(start.timestamp(), [None])[-1]

        with suppress(AssertionError):
            return await until(found, 10)
        return await found()

    def in_mqtt(self, pdl: str, grain: str, period: str) -> list[float]:
        """Return what was heard of a closed period, one value each time it came."""
        return self._heard[f"{PREFIX}/{pdl}/consumption/{grain}", period]

    def heard(self, pdl: str, grain: str) -> dict[str, float]:
        """Return what was heard last of each closed period."""
        topic = f"{PREFIX}/{pdl}/consumption/{grain}"
        return {period: told[-1] for (one, period), told in self._heard.items() if one == topic}

    async def in_victoriametrics(self, pdl: str, grain: str) -> dict[float, list[float]]:
        """Return the samples in kWh by the start of their period, in UTC seconds."""
        selector = f'myelectricaldata_consumption_wh{{pdl="{pdl}",type="{grain}"}}'
        samples = await asyncio.to_thread(self.server.samples, selector)
        return {stamp / 1000: [one / 1000 for one in each] for stamp, each in samples.items()}

    def look_at_log(self, table: Table, what: str) -> None:
        """Note the errors of the integration."""
        # An older Home Assistant logs each action that was refused, as a second push at a time is.
        errors = [
            one
            for one in self.home.complaints()
            if one.level == "ERROR" and one.logger != "aiohttp.server"
        ]
        table.say(f"{what}: errors in the log", [], [one.text.splitlines()[0] for one in errors])

    async def follow(self, messages: asyncio.Queue[aiomqtt.Message]) -> None:
        """Note what is published."""
        while True:
            message = await messages.get()
            if str(message.topic) == _END:
                self._all_is_heard.set()
            payload = json.loads(message.payload) if b"{" in bytes(message.payload) else {}
            if payload.get("closed"):
                self._heard[str(message.topic), payload["date"]].append(payload["value"])


@asynccontextmanager
async def house(folder: Path, now: datetime, **options: Any) -> AsyncGenerator[House]:
    """A house in which everything runs, without a metering point yet."""
    made = House(folder, now, **options)
    made.broker.start()
    await asyncio.to_thread(made.server.start)
    try:
        async with made.broker.listening(f"{PREFIX}/#") as messages:
            following = asyncio.create_task(made.follow(messages))
            try:
                async with made.home:
                    await made.home.onboard()
                    await made.add_destinations()
                    yield made
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
    finally:
        made.server.kill()
        made.broker.kill()


@asynccontextmanager
async def connected(plug: Plug) -> AsyncGenerator[None]:
    """Let a plug answer on loopback."""
    if isinstance(plug, EmulatedSmartPlug):
        async with plug:
            yield
    else:
        await plug.connect("127.0.0.1", 0)
        try:
            yield
        finally:
            plug.disconnect()


def plug_id(plug: Plug) -> str:
    """Return the id by which the integration knows a plug of one socket."""
    return plug.mac.replace(":", "").lower()


def _point(pdl: str, plugs: Sequence[Plug]) -> dict[str, Any]:
    login = LOGIN if any(isinstance(one, EmulatedSmartPlug) for one in plugs) else {}
    return {"name": pdl, "pdl": pdl, "hosts": [one.address for one in plugs], **login}


def _times_asked(plug: Plug) -> int:
    if isinstance(plug, EmulatedSmartPlug):
        return sum("get_energy_usage" in str(one) for one in plug.received)
    return sum("get_realtime" in str(one.request) for one in plug.received)
