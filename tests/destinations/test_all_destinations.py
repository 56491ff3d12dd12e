"""Four real servers beside each other, through the doors that a user has: HTTP, buttons, switch."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import api
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.destinations.victoriametrics import (
    destination as victoriametrics_module,
)
from custom_components.med_exporter.errors import ExportFailedError
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.pushes.outage import issue_id
from tests.jeedom_server import Jeedom, add_jeedom, running_jeedom
from tests.metering_points import NOON, PARIS
from tests.mqtt_destinations import PREFIX, add_mqtt, destination_entity, destination_value
from tests.pushing import House, plug, since
from tests.victoriametrics import add_victoriametrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp.test_utils import TestClient
    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.config_entries import ConfigEntry

    from custom_components.med_exporter.history.records import ExportRecord
    from tests.mosquitto import Mosquitto
    from tests.victoriametrics import VictoriaMetricsServer

HOUSE, ROOF = plug(), plug(3, "production", "roof")
DAYS = 12
DATA = ["consumption_daily", "production_daily", "tempo"]
NO_TEMPO = {"house": "consumption", "roof": "production"}


class Town:
    """A house, one that only produces, and where their values go."""

    def __init__(
        self,
        house: House,
        client: TestClient,
        broker: Mosquitto,
        server: VictoriaMetricsServer,
        jeedom: Jeedom,
    ) -> None:
        self.house = house
        self.hass = house.hass
        self.client = client
        self.broker = broker
        self.server = server
        self.jeedom = jeedom
        self.entries: dict[str, ConfigEntry] = {}

    async def add(self, name: str, entry: ConfigEntry) -> None:
        entry.runtime_data.set_enabled(enabled=False)
        self.entries[name] = entry

    def id(self, name: str) -> str:
        return self.entries[name].data["id"]

    def value(self, name: str, key: str) -> str:
        return destination_value(self.hass, self.entries[name], key)

    async def start(self, name: str, **asked: Any) -> str:
        """Start a run over HTTP, and return its id."""
        answer = await self.client.post(f"/api/export/{self.id(name)}/run", json=asked)
        body = await answer.json()
        assert (answer.status, body["status"]) == (HTTPStatus.ACCEPTED, "running"), body
        return body["id"]

    async def ended(self, export_id: str) -> ExportRecord:
        """Wait for the end of a run, and return how the history tells it."""
        await self.hass.async_block_till_done(wait_background_tasks=True)
        record = await self.hass.data[DATA_HISTORY].async_get(export_id)
        assert record is not None
        return record

    async def run(self, name: str, **asked: Any) -> ExportRecord:
        return await self.ended(await self.start(name, **asked))

    async def heard(self, prefix: str = PREFIX) -> Any:
        return self.broker.listening(f"{prefix}/#")

    async def ledger(self, pdl: str) -> dict[str, Any]:
        days = await self.house.days(pdl, NO_TEMPO[pdl])
        return {day: pytest.approx(kwh, abs=1e-9) for day, kwh in days.items()}

    def in_jeedom(self, pdl: str) -> dict[str, float]:
        values = self.jeedom.values(pdl, f"{NO_TEMPO[pdl]}_daily")
        return {stamp[:10]: value for stamp, value in values.items() if stamp.endswith("00:00:00")}

    async def in_victoriametrics(self, pdl: str) -> dict[str, float]:
        selector = f'myelectricaldata_{NO_TEMPO[pdl]}_wh{{pdl="{pdl}",type="daily"}}'
        samples = await asyncio.to_thread(self.server.samples, selector)
        assert all(len(values) == 1 for values in samples.values())
        return {
            f"{datetime.fromtimestamp(stamp / 1000, PARIS):%Y-%m-%d}": values[0] / 1000
            for stamp, values in samples.items()
        }


def closed_in(messages: asyncio.Queue[Any]) -> dict[str, dict[str, float]]:
    """Return the closed days by topic, the last value of each; empties the queue."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    while not messages.empty():
        message = messages.get_nowait()
        if not str(message.topic).endswith("/daily"):
            continue
        payload = json.loads(message.payload)
        if payload["closed"]:
            values[str(message.topic)][payload["date"]] = payload["value"]
    return dict(values)


async def all_of(messages: asyncio.Queue[Any], broker: Mosquitto) -> dict[str, dict[str, float]]:
    """Return what came once everything that was sent has come."""
    async with broker.client() as client:
        await client.publish(f"{PREFIX}/end", qos=2)
    kept: list[Any] = []
    async with asyncio.timeout(10):
        while not str((message := await messages.get()).topic).endswith("/end"):
            kept.append(message)
    for message in kept:
        messages.put_nowait(message)
    return closed_in(messages)


@pytest.fixture
async def client(paper_house: House, hass_client: Callable[..., Any]) -> TestClient:
    return await hass_client()


@pytest.fixture
async def town(
    paper_house: House,
    client: TestClient,
    mosquitto: Callable[..., Mosquitto],
    victoriametrics: Callable[..., VictoriaMetricsServer],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Town]:
    """All of them set up through their flows; exports come when a test asks."""
    # The house's clock stands still, its servers' clocks do not.
    asyncio.get_running_loop().time = api.real_monotonic
    monkeypatch.setattr(victoriametrics_module, "ON_DISK_AFTER", 0)
    house = paper_house
    for name, one in (("house", HOUSE), ("roof", ROOF)):
        house.add_point(name, one)
        for days in range(DAYS, 0, -1):
            end = NOON if days == 1 else since(days - 1)
            await house.use(one, since(days), end, 0.1 + days / 100)
    broker, server = mosquitto(), victoriametrics()
    async with running_jeedom() as jeedom:
        town = Town(house, client, broker, server, jeedom)
        await town.add("mqtt", await add_mqtt(house.hass, broker.port, data=DATA))
        await town.add(
            "mqtt 2",
            await add_mqtt(
                house.hass, broker.port, topic_prefix="elsewhere", data=["production_daily"]
            ),
        )
        await town.add(
            "victoriametrics", await add_victoriametrics(house.hass, server.url, data=DATA)
        )
        await town.add("jeedom", await add_jeedom(house.hass, jeedom.url, data=DATA))
        yield town


async def press(town: Town, name: str, button: str) -> None:
    await town.hass.services.async_call(
        "button",
        "press",
        {ATTR_ENTITY_ID: destination_entity(town.hass, town.entries[name], "button", button)},
        blocking=True,
    )
    await town.hass.async_block_till_done(wait_background_tasks=True)


async def test_a_broken_one_stops_no_other_and_gets_everything_when_it_is_back(
    town: Town, freezer: FrozenDateTimeFactory
) -> None:
    async with running_jeedom() as other:
        await town.add("broken", await add_jeedom(town.hass, other.url, data=DATA))
    async with town.broker.listening("#") as messages:
        runs = {name: await town.start(name) for name in town.entries}
        for name, run in runs.items():
            record = await town.ended(run)
            expected = "REFUSED" if name == "broken" else None
            assert (record.error_code, record.warnings == []) == (expected, name != "broken"), name
        found = await all_of(messages, town.broker)
    assert found == {
        f"{PREFIX}/house/consumption/daily": await town.ledger("house"),
        f"{PREFIX}/roof/production/daily": await town.ledger("roof"),
        "elsewhere/roof/production/daily": await town.ledger("roof"),
    }
    for pdl in NO_TEMPO:
        assert town.in_jeedom(pdl) == await town.ledger(pdl)
        assert await town.in_victoriametrics(pdl) == await town.ledger(pdl)
    # Nobody knows Tempo, and the roof uses nothing.
    made = {one["logicalId"] for one in town.jeedom.commands.values()}
    assert made - {"clock"} == {
        "consumption_daily",
        "production_daily",
    }
    metrics = {one["__name__"] for one in town.server.series()}
    assert not metrics & {"myelectricaldata_tempo_color", "myelectricaldata_ecowatt_level"}

    for name, entry in town.entries.items():
        await entry.runtime_data.async_backlog()
        status = "error" if name == "broken" else "success"
        assert town.value(name, "status") == status, name
        backlog = len(NO_TEMPO) * len(await town.ledger("house")) if name == "broken" else 0
        assert int(town.value(name, "backlog")) == backlog, name

    issue = issue_id(town.id("broken"))
    assert ir.async_get(town.hass).async_get_issue(DOMAIN, issue) is None
    freezer.tick(timedelta(hours=25))
    async_fire_time_changed(town.hass, dt_util.utcnow())
    # The login over HTTP has run out meanwhile.
    with pytest.raises(ExportFailedError, match=r"127\.0\.0\.1"):
        await press(town, "broken", "export_now")
    assert town.value("broken", "status") == "error"
    assert ir.async_get(town.hass).async_get_issue(DOMAIN, issue) is not None
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        await press(town, "broken", "test_connection")

    async with running_jeedom(other):
        await press(town, "broken", "test_connection")
        await press(town, "broken", "export_now")
        assert town.value("broken", "status") == "success"
        await town.entries["broken"].runtime_data.async_backlog()
        assert town.value("broken", "backlog") == "0"
        assert ir.async_get(town.hass).async_get_issue(DOMAIN, issue) is None
        assert set(other.values("house", "consumption_daily")) >= {
            f"{day} 00:00:00" for day in await town.ledger("house")
        }


async def test_several_of_one_type_are_told_apart_and_a_second_run_is_refused(town: Town) -> None:
    answer = await town.client.post("/api/export/mqtt/run")
    body = await answer.json()
    assert (answer.status, body["error_code"]) == (HTTPStatus.CONFLICT, "AMBIGUOUS_DESTINATION")
    assert town.id("mqtt") in body["message"]
    assert town.id("mqtt 2") in body["message"]

    first = await town.start("jeedom")
    answer = await town.client.post(f"/api/export/{town.id('jeedom')}/run")
    assert (answer.status, (await answer.json())["error_code"]) == (
        HTTPStatus.CONFLICT,
        "ALREADY_RUNNING",
    )
    assert (await town.ended(first)).error_code is None


async def test_a_day_filled_in_late_is_sent_again_where_that_is_possible_and_named_where_not(
    town: Town,
) -> None:
    extra = plug(4)
    await town.house.read(extra, 0.0, since(6))
    for name in town.entries:
        assert (await town.run(name)).warnings == [], name
    before = await town.ledger("house")
    sent = len(await town.in_victoriametrics("house"))

    await town.house.grow(extra, 6.0, since(3))
    await town.house.settle()
    after = await town.ledger("house")
    changed = {day for day, kwh in after.items() if kwh != before.get(day)}
    assert len(changed) == 3
    for name in ("mqtt", "jeedom", "victoriametrics"):
        await town.entries[name].runtime_data.async_backlog()
        # Everything from the first change on is looked at again.
        assert int(town.value(name, "backlog")) >= len(changed), name
    async with town.broker.listening(f"{PREFIX}/#") as messages:
        runs = {name: await town.run(name) for name in town.entries}
        found = await all_of(messages, town.broker)

    again = found[f"{PREFIX}/house/consumption/daily"]
    assert again == {day: after[day] for day in again}
    assert (changed <= set(again), min(again)) == (True, min(changed))
    assert town.in_jeedom("house") == after
    for name, record in runs.items():
        assert record.error_code is None, name
        assert bool(record.warnings) == (name == "victoriametrics"), name
    (named,) = runs["victoriametrics"].warnings
    assert (named["code"], named["pdl"], named["data"], named["count"]) == (
        "NOT_CORRECTABLE",
        "house",
        "consumption_daily",
        3,
    )
    assert (named["start"], named["end"]) == (min(changed), max(changed))
    held = await town.in_victoriametrics("house")
    assert (held, len(held)) == (before, sent)
    for name in town.entries:
        await town.entries[name].runtime_data.async_backlog()
        assert town.value(name, "backlog") == "0", name


async def test_a_range_is_sent_again_and_nothing_else(town: Town) -> None:
    for name in town.entries:
        await town.run(name)
    events = len(town.jeedom.events)
    asked = {
        "data": ["consumption_daily"],
        "pdl": ["house"],
        "start": "2026-11-12",
        "end": "2026-11-14",
    }
    async with town.broker.listening("#") as messages:
        runs = {name: await town.run(name, **asked) for name in ("mqtt", "jeedom")}
        runs["victoriametrics"] = await town.run("victoriametrics", **asked)
        found = await all_of(messages, town.broker)
    ledger = await town.ledger("house")
    days = ("2026-11-12", "2026-11-13", "2026-11-14")
    assert found == {f"{PREFIX}/house/consumption/daily": {day: ledger[day] for day in days}}
    assert runs["mqtt"].records == len(days)
    # These have them, and say so when they are asked.
    assert (runs["victoriametrics"].records, runs["jeedom"].records) == (0, 0)
    assert len(town.jeedom.events) == events
    assert {record.error_code for record in runs.values()} == {None}
    assert all(record.started_at and record.started_at.tzinfo is UTC for record in runs.values())
