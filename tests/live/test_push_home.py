"""Home Assistant dies at any moment of its pushes; in the end every destination has the ledger."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections import defaultdict
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from scripts.demo_home.household import PARIS, midnight
from tests.influxdb import Influxd, influxdb_input
from tests.jeedom_server import Jeedom, jeedom_input, running_jeedom
from tests.ledger_rows import quarters_in
from tests.live.conftest import today, until
from tests.mqtt_destinations import PREFIX, mqtt_input
from tests.plug_emulator import EmulatedPlug, Fridge, SolarInverter, WashingMachine
from tests.real_home import RealHome, RequestError
from tests.victoriametrics import VictoriaMetricsServer, victoriametrics_input

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path

    import aiomqtt

pytestmark = pytest.mark.live

SEED = 1789
# What rounding to micro-watt-hours leaves.
TOLERANCE_KWH = 2e-6
# Every other one comes as soon as the last run has been answered for.
DEATHS = 10
# What a new destination starts with is a little more. The clocks change twice in it.
DAYS = 240
DATA = [
    "consumption_daily",
    "consumption_monthly",
    "consumption_detailed",
    "production_daily",
]
# Each series waits until the server has written it to its disk: here are fewer.
DAYS_ONLY = ["consumption_daily", "production_daily"]
DESTINATIONS = ("mqtt", "influxdb", "victoriametrics", "jeedom")


class Series(NamedTuple):
    """What a watermark is about."""

    pdl: str
    data_type: str


# The second one consumes and produces, the third only produces.
POINTS = {
    "house": (Fridge(),),
    "barn": (WashingMachine(), SolarInverter()),
    "roof": (SolarInverter(),),
}
ALL = [
    *(Series(pdl, data_type) for pdl in ("house", "barn") for data_type in DATA[:3]),
    *(Series(pdl, "production_daily") for pdl in ("barn", "roof")),
]


class Received:
    """What somebody who listens to the broker has heard of closed periods, oldest first."""

    def __init__(self) -> None:
        self.values: dict[Series, list[tuple[str, float]]] = defaultdict(list)
        self.count = 0

    async def follow(self, messages: asyncio.Queue[aiomqtt.Message]) -> None:
        while True:
            message = await messages.get()
            _, pdl, *kind = str(message.topic).removeprefix(PREFIX).split("/")
            if len(kind) != 2:
                continue
            payload = json.loads(message.payload)
            if payload["closed"]:
                self.count += 1
                series = Series(pdl, "_".join(kind))
                self.values[series].append((payload["date"], payload["value"]))


@asynccontextmanager
async def plugs() -> AsyncGenerator[dict[str, list[EmulatedPlug]]]:
    """The plugs of each metering point, in use for months."""
    installed_at = midnight(today() - timedelta(days=DAYS))
    made: dict[str, list[EmulatedPlug]] = {}
    number = 0
    try:
        for pdl, loads in POINTS.items():
            made[pdl] = []
            for load in loads:
                number += 1
                one = EmulatedPlug(
                    mac=f"50:C7:BF:00:02:{number:02X}",
                    alias=f"Plug {number}",
                    load=load,
                    timezone=PARIS,
                    installed_at=installed_at,
                )
                await one.connect("127.0.0.1", 0)
                made[pdl].append(one)
        yield made
    finally:
        for ones in made.values():
            for one in ones:
                one.disconnect()


@asynccontextmanager
async def listening(broker: Any) -> AsyncIterator[Received]:
    received = Received()
    async with broker.listening(f"{PREFIX}/#") as messages:
        following = asyncio.create_task(received.follow(messages))
        try:
            yield received
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


def half_hours_of(database: Path, series: Series) -> dict[datetime, float]:
    """Return the ledger's energy in kWh by half-hour."""
    role = series.data_type.partition("_")[0]
    energies: defaultdict[datetime, float] = defaultdict(float)
    for start, kwh in quarters_in(
        database, "metering_point = ? AND role = ?", series.pdl, role
    ).items():
        energies[datetime.fromtimestamp(start // 1800 * 1800, UTC)] += kwh
    return dict(energies)


def hours_of(database: Path, series: Series) -> dict[datetime, float]:
    """Return the energy in kWh by hour, as the long-term statistics have it."""
    role = series.data_type.partition("_")[0]
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT start_ts, sum FROM statistics JOIN statistics_meta"
            " ON statistics_meta.id = statistics.metadata_id WHERE statistic_id = ?"
            " ORDER BY start_ts",
            (f"med_exporter:{role}_{series.pdl}",),
        ).fetchall()
    energies, before = {}, 0.0
    for start, total in rows:
        energies[datetime.fromtimestamp(start, UTC)] = total - before
        before = total
    return energies


def ledger_of(database: Path, series: Series, before: datetime) -> dict[datetime, float]:
    """Return the closed periods that had ended some time ago, in kWh by their local start."""
    if series.data_type == "consumption_detailed":
        return {
            start.astimezone(PARIS): kwh
            for start, kwh in half_hours_of(database, series).items()
            if start + timedelta(minutes=30) <= before
        }
    energies: dict[date, float] = defaultdict(float)
    for start, kwh in hours_of(database, series).items():
        day = start.astimezone(PARIS).date()
        energies[day.replace(day=1) if series.data_type.endswith("monthly") else day] += kwh
    return {
        midnight(day): kwh
        for day, kwh in energies.items()
        if _after(day, series.data_type) <= before
    }


def _after(day: date, data_type: str) -> datetime:
    if data_type.endswith("monthly"):
        return midnight((day.replace(day=28) + timedelta(days=4)).replace(day=1))
    return midnight(day + timedelta(days=1))


def in_mqtt(received: Received, series: Series) -> dict[datetime, float]:
    """Return the one value of each period that came, however often it came."""
    values: dict[datetime, float] = {}
    for text, value in received.values[series]:
        if series.data_type == "consumption_detailed":
            start = datetime.fromisoformat(text).astimezone(PARIS)
        else:
            start = midnight(date.fromisoformat(text if len(text) > 7 else f"{text}-01"))
        assert values.setdefault(start, value) == value, (series, text)
    return values


def in_victoriametrics(server: VictoriaMetricsServer, series: Series) -> dict[datetime, float]:
    """Return what is stored in kWh; a moment with two samples is a mistake."""
    kind = series.data_type.partition("_")[0]
    samples = server.samples(f'myelectricaldata_{kind}_wh{{pdl="{series.pdl}",type="daily"}}')
    assert all(len(values) == 1 for values in samples.values()), series
    return {
        datetime.fromtimestamp(stamp / 1000, PARIS): values[0] / 1000
        for stamp, values in samples.items()
    }


def in_influxdb(server: Influxd, series: Series, before: datetime) -> dict[datetime, float]:
    """Return what is stored of closed days, in kWh; a point has one value by nature."""
    kind = f"myelectricaldata_{series.data_type.partition('_')[0]}"
    points = server.points(kind, "wh", pdl=series.pdl, type="daily")
    starts = {datetime.fromtimestamp(stamp, PARIS): value for stamp, value in points.items()}
    return {start: value / 1000 for start, value in starts.items() if _end(start, series) <= before}


def in_jeedom(jeedom: Jeedom, series: Series, before: datetime) -> dict[datetime, float]:
    """Return the history before the test: running values have a second of their own, any one."""
    values = {}
    for text, value in jeedom.values(series.pdl, series.data_type).items():
        local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        fold = 0
        if local.second == 1:
            # In the hour that comes twice.
            local, fold = local.replace(second=0), 1
        start = local.replace(tzinfo=PARIS, fold=fold)
        if start.timestamp() <= before.timestamp():
            values[start] = value
    return values


async def started(home: RealHome, kind: str) -> str:
    """Start a push once its destination is loaded, and return its id."""

    async def begun() -> dict[str, Any] | None:
        try:
            return await home.post(f"/api/export/{kind}/run")
        except RequestError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    entry = await until(begun, 60)
    assert entry is not None
    assert entry["status"] == "running"
    return entry["id"]


async def logged(home: RealHome) -> dict[str, dict[str, Any]]:
    """Return the log of pushes by id."""
    page = await home.get("/api/export/logs", limit="100")
    return {one["id"]: one for one in page["logs"]}


async def test_killed_at_any_moment_of_its_pushes_it_leaves_no_gap_and_no_double(
    tmp_path: Path,
    mosquitto: Callable[..., Any],
    victoriametrics: Callable[..., Any],
    influxd: Callable[..., Influxd],
    pytestconfig: pytest.Config,
) -> None:
    # A stack kept for each callback of the servers here takes most of the time.
    asyncio.get_running_loop().set_debug(False)
    broker, server, influx = mosquitto(), victoriametrics(), influxd()
    chance = random.Random(pytestconfig.getoption("--hypothesis-seed") or SEED)
    async with (
        plugs() as of_point,
        running_jeedom() as jeedom,
        listening(broker) as received,
        RealHome(tmp_path / "home") as home,
    ):
        await home.onboard()
        await add_points(home, of_point)
        inputs = {
            "mqtt": mqtt_input(broker.port, data=DATA),
            "victoriametrics": victoriametrics_input(server.url, data=DAYS_ONLY),
            "influxdb": influxdb_input(influx.url, data=DAYS_ONLY),
            "jeedom": jeedom_input(jeedom.url, data=DATA),
        }
        for kind, user_input in inputs.items():
            await home.flow("med_exporter", {"next_step_id": kind}, user_input)
            # Runs come when the test asks.
            await home.request("PUT", f"/api/export/configs/{kind}", json={"enabled": False})
        await until(lambda: entries_are_kept(home, len(POINTS) + len(DESTINATIONS)))

        killed: dict[str, str] = {}
        for number in range(DEATHS):
            begun = time.monotonic(), received.count, len(jeedom.events)
            for kind in DESTINATIONS:
                killed[await started(home, kind)] = kind
            limits = (chance.uniform(0.5, 20), chance.randrange(1, 6000), chance.randrange(1, 4000))
            if number % 2:
                limits = (0, 0, 0)
            # By the number of values that one of the two has received, or by the clock.
            decides = (1, 2, 0)[number // 2 % 3]

            async def is_time(begun=begun, limits=limits, decides=decides) -> bool:
                now = time.monotonic(), received.count, len(jeedom.events)
                passed = [
                    one - before >= limit
                    for one, before, limit in zip(now, begun, limits, strict=True)
                ]
                return passed[0] or passed[decides]

            await until(is_time, 60)
            await home.kill(children=True)
            await home.restart()
        await check_log(home, killed)

        compared_before = datetime.now(PARIS) - timedelta(hours=2)
        await push_the_rest(home)
        await home.stop()

        for series in ALL:
            ledger = ledger_of(home.database, series, datetime.now(PARIS))
            due = {start for start in ledger if _end(start, series) <= compared_before}
            assert len(due) >= (DAYS // 31 if series.data_type.endswith("monthly") else DAYS - 2)
            found = {
                "mqtt": in_mqtt(received, series),
                "jeedom": in_jeedom(jeedom, series, compared_before),
            }
            if series.data_type in DAYS_ONLY:
                found["victoriametrics"] = await asyncio.to_thread(
                    in_victoriametrics, server, series
                )
                found["influxdb"] = await asyncio.to_thread(
                    in_influxdb, influx, series, compared_before
                )
            for kind, values in found.items():
                compare(kind, series, values, ledger, due)
        closed = [event for event in jeedom.events if event[1] <= f"{compared_before:%F %T}"]
        assert len({event[:2] for event in closed}) == len(closed)
        assert not [one for one in home.complaints() if one.level == "ERROR"]


async def add_points(home: RealHome, of_point: dict[str, list[EmulatedPlug]]) -> None:
    """Set up the metering points, and wait until the ledger has taken in what the plugs tell."""
    for pdl, ones in of_point.items():
        roles = {
            one.alias: "production" if isinstance(one.outlet.load, SolarInverter) else "consumption"
            for one in ones
        }
        await home.flow(
            "med_exporter",
            {"next_step_id": "kasa"},
            {"name": pdl.capitalize(), "pdl": pdl, "hosts": [one.address for one in ones]},
            roles,
        )

    async def ledger_is_filled() -> bool:
        return all(
            len(ledger_of(home.database, series, datetime.now(PARIS))) >= DAYS - 1
            for series in ALL
            if not series.data_type.endswith("monthly")
        )

    await until(ledger_is_filled, 150)


async def entries_are_kept(home: RealHome, count: int) -> bool:
    """Tell whether a kill would leave the entries: Home Assistant writes them some time later."""
    text = (home.database.parent / ".storage" / "core.config_entries").read_text(encoding="utf-8")
    entries = json.loads(text)["data"]["entries"]
    return sum("id" in one["data"] or "pdl" in one["data"] for one in entries) >= count


async def check_log(home: RealHome, killed: dict[str, str]) -> None:
    """Look for each run in the log: it had ended, or was interrupted; some were."""
    log = await logged(home)
    ends: dict[str, set[str | None]] = defaultdict(set)
    for one, kind in killed.items():
        code = log[one]["error_code"]
        assert (log[one]["status"], code) in {("success", None), ("error", "INTERRUPTED")}
        ends[kind].add(code)
    assert any("INTERRUPTED" in codes for codes in ends.values()), ends


async def push_the_rest(home: RealHome) -> None:
    """Run each destination to its end, at the same time."""
    last = [await started(home, kind) for kind in DESTINATIONS]

    async def all_have_ended() -> bool:
        log = await logged(home)
        return all(log[one]["status"] != "running" for one in last)

    await until(all_have_ended, 240)
    log = await logged(home)
    assert [log[one]["error_message"] for one in last] == [None] * len(last)
    assert {log[one]["status"] for one in last} == {"success"}


def compare(
    kind: str,
    series: Series,
    values: dict[datetime, float],
    ledger: dict[datetime, float],
    due: set[datetime],
) -> None:
    """Compare what a destination has with the ledger, value by value."""
    assert not due - values.keys(), (kind, series)
    assert not values.keys() - ledger.keys(), (kind, series)
    differing = {
        start: (value, ledger[start])
        for start, value in values.items()
        if abs(value - ledger[start]) > TOLERANCE_KWH
    }
    assert not differing, (kind, series)


def _end(start: datetime, series: Series) -> datetime:
    if series.data_type == "consumption_detailed":
        return (start.astimezone(UTC) + timedelta(minutes=30)).astimezone(PARIS)
    return _after(start.date(), series.data_type)
