"""A supplier's day that comes a day late, and changes a day later, at all five destinations."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import api
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.destinations.victoriametrics import (
    destination as victoriametrics_module,
)
from tests.influxdb import add_influxdb
from tests.jeedom_server import Jeedom, add_jeedom, running_jeedom
from tests.metering_points import NOON, PARIS, answer, start_flow
from tests.mqtt_destinations import PREFIX, add_mqtt
from tests.victoriametrics import add_victoriametrics

from .test_corrections import DAY, steady

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.config_entries import ConfigEntry

    from custom_components.med_exporter.history.records import ExportRecord
    from tests.influxdb import Influxd
    from tests.mosquitto import Mosquitto
    from tests.other_home import OtherHome
    from tests.real_home import HomeClient
    from tests.victoriametrics import VictoriaMetricsServer

    from .conftest import Home

DATA = ["consumption_daily"]
MIDNIGHT = NOON.replace(hour=0, minute=0, second=0, microsecond=0)
START = MIDNIGHT - 8 * DAY


class Places:
    """Where the days of a house go, and what each place has of them."""

    def __init__(
        self,
        home: Home,
        broker: Mosquitto,
        server: VictoriaMetricsServer,
        influx: Influxd,
        jeedom: Jeedom,
        other: HomeClient,
    ) -> None:
        self.home = home
        self.broker = broker
        self.server = server
        self.influx = influx
        self.jeedom = jeedom
        self.other = other
        self.entries: dict[str, ConfigEntry] = {}
        self.heard: dict[str, float] = {}

    async def run(self) -> dict[str, ExportRecord]:
        """Push to all of them, and return how each run ended."""
        records = {}
        async with self.broker.listening(f"{PREFIX}/#") as messages:
            for name, entry in self.entries.items():
                records[name] = await self.home.house.push(entry.runtime_data)
                assert records[name].error_code is None, (name, records[name])
            async with self.broker.client() as client:
                await client.publish(f"{PREFIX}/end", qos=2)
            async with asyncio.timeout(10):
                while not str((message := await messages.get()).topic).endswith("/end"):
                    if str(message.topic).endswith("/consumption/daily"):
                        payload = json.loads(message.payload)
                        if payload["closed"]:
                            self.heard[payload["date"]] = payload["value"]
        return records

    async def days(self) -> dict[str, dict[str, float]]:
        """Return what each place has."""
        metric = "myelectricaldata_consumption"
        held = await asyncio.to_thread(
            self.server.samples, f'{metric}_wh{{pdl="house",type="daily"}}'
        )
        points = await asyncio.to_thread(
            self.influx.points, metric, "wh", pdl="house", type="daily"
        )
        stamps = self.jeedom.values("house", "consumption_daily")
        return {
            "mqtt": self.heard,
            "victoriametrics": {day_of(stamp / 1000): wh / 1000 for stamp, (wh,) in held.items()},
            # It has the running day too, which can be overwritten there.
            "influxdb": {
                day_of(stamp): wh / 1000
                for stamp, wh in points.items()
                if day_of(stamp) < dt_util.now().date().isoformat()
            },
            "jeedom": {
                stamp[:10]: kwh for stamp, kwh in stamps.items() if stamp.endswith("00:00:00")
            },
            "home_assistant": await self._in_other_home(),
        }

    async def _in_other_home(self) -> dict[str, float]:
        found = await self.other.command(
            "recorder/statistics_during_period",
            start_time=START.isoformat(),
            statistic_ids=["med_exporter:consumption_house"],
            period="hour",
            types=["change"],
        )
        days: dict[str, float] = {}
        for row in found.get("med_exporter:consumption_house", []):
            day = day_of(row["start"] / 1000)
            days[day] = round(days.get(day, 0.0) + row["change"], 6)
        return days


def day_of(stamp: float) -> str:
    return f"{datetime.fromtimestamp(stamp, PARIS):%Y-%m-%d}"


@pytest.fixture
async def places(
    home: Home,
    mosquitto: Callable[..., Mosquitto],
    victoriametrics: Callable[..., VictoriaMetricsServer],
    influxd: Callable[..., Influxd],
    other_home: OtherHome,
    other_client: HomeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Places]:
    # The house's clock stands still, its servers' clocks do not.
    asyncio.get_running_loop().time = api.real_monotonic
    monkeypatch.setattr(victoriametrics_module, "ON_DISK_AFTER", 0)
    broker, server, influx = mosquitto(), victoriametrics(), influxd()
    async with running_jeedom() as jeedom:
        places = Places(home, broker, server, influx, jeedom, other_client)
        hass = home.hass
        flow = await start_flow(hass, "home_assistant")
        fields: dict[str, Any] = {
            "url": other_home.url, "token": other_home.token, "verify_ssl": True,
            "interval": "60", "data": DATA,
        }  # fmt: skip
        made = await answer(hass, flow, fields)
        assert made["type"] is FlowResultType.CREATE_ENTRY, made.get("errors")
        places.entries = {
            "mqtt": await add_mqtt(hass, broker.port, data=DATA),
            "victoriametrics": await add_victoriametrics(hass, server.url, data=DATA),
            "influxdb": await add_influxdb(hass, influx.url, data=DATA),
            "jeedom": await add_jeedom(hass, jeedom.url, data=DATA),
            "home_assistant": made["result"],
        }
        for entry in places.entries.values():
            entry.runtime_data.set_enabled(enabled=False)
        yield places


async def test_a_day_that_comes_late_and_changes(home: Home, places: Places) -> None:
    yesterday = MIDNIGHT - DAY
    await home.import_hours("linky:house", START, steady(START, yesterday))
    entry = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(entry)
    await places.run()
    before = await home.house.days()
    assert len(before) == 7
    assert await places.days() == dict.fromkeys(places.entries, before)

    last = steady(START, yesterday)[-1]
    await home.import_hours("linky:house", yesterday, steady(yesterday, MIDNIGHT, last, 0.8))
    await home.look(entry)
    records = await places.run()
    whole = await home.house.days()
    assert whole == {**before, "2026-11-19": 19.2}
    assert await places.days() == dict.fromkeys(places.entries, whole)
    assert not any(record.warnings for record in records.values())

    # The day after, the supplier has another opinion.
    await home.import_hours("linky:house", yesterday, steady(yesterday, MIDNIGHT, last, 0.9))
    home.house.freezer.tick(timedelta(hours=24))
    await home.look(entry)
    records = await places.run()
    changed = await home.house.days()
    assert changed["2026-11-19"] == pytest.approx(21.6)
    found = await places.days()
    held = found.pop("victoriametrics")
    for name, days in found.items():
        assert {day: days.get(day) for day in whole} == pytest.approx(
            {day: changed[day] for day in whole}
        ), name
    # One whose samples cannot be overwritten keeps what it has, and the run says so.
    assert {day: held[day] for day in whole} == pytest.approx(whole)
    codes = {name: [one["code"] for one in one.warnings] for name, one in records.items()}
    assert codes.pop("victoriametrics") == ["NOT_CORRECTABLE"]
    assert not any(codes.values()), codes
