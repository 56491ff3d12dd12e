"""Each query of each panel, asked of the real servers, and compared with the ledger."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.destinations.victoriametrics import destination as module
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour
from tests.influxdb import add_influxdb
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.victoriametrics import add_victoriametrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.influxdb import Influxd
    from tests.victoriametrics import VictoriaMetricsServer, VmAuth

FOLDER = Path(__file__).parents[2] / "dashboards"
START, END = since(365) - timedelta(hours=1), NOON + timedelta(minutes=30)
DAY, HALF = timedelta(days=1), timedelta(minutes=30)
SECONDS = {"1m": 60, "30m": 1800, "1h": 3600, "1d": 86400}

Shown = dict[str, list[tuple[datetime, float]]]
"""Points by the name that a panel gives to their series."""


def dashboard(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


def queries(name: str) -> dict[str, dict[str, Any]]:
    """Return what the panels ask for, by their title and letter."""
    return {
        f"{panel['title']} {target['refId']}": target
        for panel in dashboard(name)["panels"]
        for target in panel.get("targets", ())
    }


class Truth:
    """What the ledger, the calendar and the history say, as panels should show it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.colours: dict[str, int] = {}
        self.runs: list[Any] = []

    async def days(self, pdl: str, role: str = "consumption") -> dict[str, float]:
        found = await self.house.days(pdl, role)
        return {date: kwh for date, kwh in found.items() if date >= f"{since(365):%Y-%m-%d}"}

    async def total(self, pdl: str, role: str = "consumption") -> float:
        return sum((await self.days(pdl, role)).values())

    async def months(self, pdl: str) -> dict[str, float]:
        series = PointSeries(pdl, PlugRole.CONSUMPTION)
        return {
            f"{month.start:%Y-%m-%d}": month.kwh
            for month in await self.house.ledger.async_months(series, START, END)
            if month.closed and month.start >= START
        }

    async def half_hours(self, pdl: str) -> dict[datetime, float]:
        series = PointSeries(pdl, PlugRole.CONSUMPTION)
        return {
            half.start.astimezone(UTC): half.kwh
            for half in await self.house.ledger.async_half_hours(series, since(10), END)
            if half.closed
        }

    async def of_colour(self, colour: int) -> float:
        days = [*(await self.days("house")).items(), *(await self.days("barn")).items()]
        return sum(kwh for date, kwh in days if self.colours[date] == colour)


@pytest.fixture
async def truth(paper_house: House, monkeypatch: pytest.MonkeyPatch) -> Truth:
    """A year of two metering points and a producing one, with colours and a level."""
    monkeypatch.setattr(module, "ON_DISK_AFTER", 0)
    chance = random.Random(5)
    for number, name, role in (
        (1, "house", "consumption"),
        (2, "barn", "consumption"),
        (3, "roof", "production"),
    ):
        one = plug(number, role, name)
        paper_house.add_point(name, one)
        for first in range(380, 0, -20):
            last = max(first - 20, 0)
            end = since(last) if last else NOON
            await paper_house.use(one, since(first), end, round(chance.uniform(0.01, 2), 3))
    grid = paper_house.add_grid()
    truth = Truth(paper_house)
    for ago in range(365, -1, -1):
        date = (NOON - ago * DAY).date()
        colour = chance.choice(list(TempoColour))
        grid.know({date: colour})
        truth.colours[date.isoformat()] = colour.code
    grid.signal(NOON.date(), 2)
    return truth


async def push(truth: Truth, entry: Any, line: VmAuth | Influxd) -> None:
    """Push the year, and again; then a run that fails since the line is cut, and one more."""
    runtime = entry.runtime_data
    runtime.set_enabled(enabled=False)
    for asked in ({}, {"pdl": ["house"]}):
        await run(truth, runtime, ExportStatus.COMPLETED, **asked)
    await asyncio.to_thread(line.kill)
    await run(truth, runtime, ExportStatus.FAILED)
    await asyncio.to_thread(line.start)
    await run(truth, runtime, ExportStatus.COMPLETED)


async def run(truth: Truth, runtime: Any, status: ExportStatus, **asked: Any) -> None:
    """Push once, and let a minute and a half pass."""
    record = await truth.house.push(runtime, **asked)
    assert record.status is status, record.error_message
    truth.runs.append(record)
    truth.house.freezer.tick(90)


async def ask_victoriametrics(
    server: VictoriaMetricsServer, target: dict[str, Any], start: datetime = START
) -> Shown:
    """Ask as Grafana does: at multiples of the step, or once at the end."""
    length = round((END - start).total_seconds())
    names = {
        "$pdl": "(barn|house|roof)",
        "$__range": f"{length}s",
        "$__interval": target.get("interval", ""),
    }
    expression = target["expr"]
    for name, text in names.items():
        expression = expression.replace(name, text)
    if target["instant"]:
        path, query = "/api/v1/query", {"query": expression, "time": str(END.timestamp())}
    else:
        step = SECONDS[target["interval"]]
        first, last = (moment.timestamp() // step * step for moment in (start, END))
        path = "/api/v1/query_range"
        query = {"query": expression, "start": first, "end": last, "step": step}
    await asyncio.to_thread(server.get, "/internal/force_flush")
    told = json.loads(await asyncio.to_thread(server.get, path, query))
    assert told["status"] == "success"
    return {
        _legend(target["legendFormat"], series["metric"]): [
            (datetime.fromtimestamp(stamp, UTC), float(value))
            for stamp, value in series.get("values") or [series["value"]]
        ]
        for series in told["data"]["result"]
    }


async def ask_influxd(server: Influxd, target: dict[str, Any], start: datetime = START) -> Shown:
    """Ask as Grafana does for InfluxQL."""
    times = f"time >= {round(start.timestamp())}s AND time <= {round(END.timestamp())}s"
    question = target["query"].replace("$timeFilter", times).replace("$pdl", "(barn|house|roof)")
    return {
        _legend(target["alias"], series.get("tags", {})): [
            (datetime.fromtimestamp(stamp, UTC), value) for stamp, value in series["values"]
        ]
        for series in await asyncio.to_thread(server.ask, question)
    }


def _legend(template: str, labels: dict[str, str]) -> str:
    for name, text in labels.items():
        template = template.replace(f"{{{{{name}}}}}", text).replace(f"$tag_{name}", text)
    return template


def by_day(points: Iterable[tuple[datetime, float]]) -> dict[str, float]:
    """Return points by the local day on which a panel shows them, of which there is one each."""
    found = [(f"{moment.astimezone(PARIS):%Y-%m-%d}", value) for moment, value in points]
    assert len(dict(found)) == len(found)
    return dict(found)


def only(shown: Shown) -> dict[str, float]:
    """Return the last value of each series."""
    return {name: points[-1][1] for name, points in shown.items()}


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


async def check_energy(truth: Truth, ask: Callable[..., Any], *, running: bool) -> set[str]:
    """Check what both dashboards have of energy and the grid; return the queries that were."""
    extra = {"consumption": 1.0, "production": 1.0} if running else {}
    for title, role, points in (
        ("Consumption A", "consumption", ("house", "barn")),
        ("Production A", "production", ("roof",)),
    ):
        totals = {pdl: await truth.total(pdl, role) + extra.get(role, 0) for pdl in points}
        assert only(await ask(title)) == near(totals), title
    today = f"{NOON:%Y-%m-%d}"
    shown = await ask("Days A")
    assert shown.keys() == {"house", "barn"}
    for pdl in shown:
        days = await truth.days(pdl)
        assert len(days) == 365
        assert by_day(shown[pdl]) == near(days | ({today: 1.0} if running else {}))
    shown = await ask("Days B")
    days = await truth.days("roof", "production") | ({today: 1.0} if running else {})
    assert {name: by_day(points) for name, points in shown.items()} == {"roof produced": near(days)}
    shown = await ask("Months A")
    for pdl in ("house", "barn"):
        months = await truth.months(pdl) | ({"2026-11-01": 2.0} if running else {})
        assert by_day(shown[pdl]) == near(months)
        assert len(months) >= 11
    shown = await ask("Half-hours A", since(10))
    for pdl in ("house", "barn"):
        assert dict(shown[pdl]) == near(await truth.half_hours(pdl))
    shown = await ask("Tempo colours A")
    for pdl in ("house", "barn"):
        assert by_day(shown[pdl]) == truth.colours
    counted = list(truth.colours.values())
    for letter, colour, code in (("A", "Blue", 1), ("B", "White", 2), ("C", "Red", 3)):
        found = only(await ask(f"Tempo days {letter}"))
        assert found == {colour: counted.count(code)}, colour
    return {
        "Consumption A", "Production A", "Days A", "Days B", "Months A", "Half-hours A",
        "Tempo colours A", "Tempo days A", "Tempo days B", "Tempo days C",
    }  # fmt: skip


async def check_health(truth: Truth, ask: Callable[..., Any], name: str) -> set[str]:
    """Check what both dashboards have of runs; return the queries that were."""
    assert only(await ask("Runs A")) == {name: len(truth.runs)}
    assert only(await ask("Runs that failed A")) == {name: 1}
    took = (await ask("How long runs took A", since(1)))[name]
    ended = [round(moment.timestamp()) for moment, _ in took]
    for record in truth.runs:
        # Shown at the second at which it ended, or the whole minute after it.
        [number] = [
            number
            for number, moment in enumerate(ended)
            if 0 <= moment - int(record.completed_at.timestamp()) < 60
        ][:1]
        seconds = (record.completed_at - record.started_at).total_seconds()
        assert took[number][1] == pytest.approx(seconds, abs=1e-3)
    records = only(await ask("Records sent since the beginning A"))
    assert records == {name: sum(record.records or 0 for record in truth.runs)}
    return {"Runs A", "Runs that failed A", "How long runs took A",
            "Records sent since the beginning A"}  # fmt: skip


async def test_victoriametrics_shows_what_the_ledger_says(
    truth: Truth, victoriametrics, vmauth
) -> None:
    server = victoriametrics()
    proxy = vmauth(server)
    entry = await add_victoriametrics(
        truth.house.hass,
        proxy.url,
        username=proxy.username,
        password=proxy.password,
        data=[one.value for one in DataType],
    )
    await push(truth, entry, proxy)
    asked = queries("victoriametrics")

    async def ask(name: str, start: datetime = START) -> Shown:
        return await ask_victoriametrics(server, asked[name], start)

    checked = await check_energy(truth, ask, running=False)
    for letter, colour, code in (("A", "Blue", 1), ("B", "White", 2), ("C", "Red", 3)):
        name = f"Consumption by Tempo colour {letter}"
        assert only(await ask(name)) == near({colour: await truth.of_colour(code)})
        checked.add(name)
    # It is shown from the moment at which it was read on.
    shown = await ask("EcoWatt A")
    assert only(shown) == {"house": 2, "barn": 2, "roof": 2}

    checked |= await check_health(truth, ask, "victoriametrics")
    [seconds] = only(await ask("Time since the last run A")).values()
    assert seconds == pytest.approx((END - truth.runs[-1].completed_at).total_seconds(), abs=1)
    checked |= {"EcoWatt A", "Time since the last run A"}
    assert checked == asked.keys()

    definition = dashboard("victoriametrics")["templating"]["list"][1]["definition"]
    selector, label = definition.removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
    told = await asyncio.to_thread(
        server.get, f"/api/v1/label/{label}/values", {"match[]": selector, "start": "0"}
    )
    assert json.loads(told)["data"] == ["barn", "house", "roof"]


async def test_influxdb_shows_what_the_ledger_says(truth: Truth, influxd) -> None:
    server = influxd()
    entry = await add_influxdb(truth.house.hass, server.url, data=[one.value for one in DataType])
    await push(truth, entry, server)
    asked = queries("influxdb")

    async def ask(name: str, start: datetime = START) -> Shown:
        return await ask_influxd(server, asked[name], start)

    checked = await check_energy(truth, ask, running=True)
    shown = await ask("EcoWatt A")
    for pdl in ("house", "barn"):
        assert by_day(shown[pdl]) == {f"{NOON:%Y-%m-%d}": 2}

    checked |= await check_health(truth, ask, "influxdb") | {"EcoWatt A"}
    assert checked == asked.keys()

    variable = dashboard("influxdb")["templating"]["list"][1]["query"]
    values = {
        row[1] for found in await asyncio.to_thread(server.ask, variable) for row in found["values"]
    }
    assert values == {"barn", "house", "roof"}


@pytest.mark.parametrize("name", ["victoriametrics", "influxdb"])
def test_it_can_be_imported_as_it_is(name: str) -> None:
    board = dashboard(name)
    # Without an id, Grafana makes a new one; `__inputs` would ask for something.
    assert "id" not in board
    assert "__inputs" not in board
    kind = "prometheus" if name == "victoriametrics" else "influxdb"
    source, points = board["templating"]["list"]
    assert (source["type"], source["query"], source["name"]) == ("datasource", kind, "datasource")
    everything = {"type": kind, "uid": "${datasource}"}
    assert points["datasource"] == everything
    ids, places = set(), set()
    for panel in board["panels"]:
        assert panel["id"] not in ids
        ids.add(panel["id"])
        for target in panel.get("targets", ()):
            assert (panel["datasource"], target["datasource"]) == (everything, everything)
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & places
        places |= cells
