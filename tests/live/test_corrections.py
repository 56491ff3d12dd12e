"""A correction in a real Home Assistant: real destinations, files, costs; and taken back."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_home.household import midnight
from tests.influxdb import Influxd, influxdb_input
from tests.live.conftest import PDL, constant, home_with, plugs_on_loopback, today, until
from tests.mqtt_destinations import PREFIX, mqtt_input
from tests.real_home import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.real_home import RealHome

pytestmark = pytest.mark.live

PRICE = 0.25
DAY = today() - timedelta(days=3)
DATA = ["consumption_daily"]


async def push(home: RealHome, entry_id: str) -> None:
    """Push, once a run that is under way has ended."""

    async def done() -> bool:
        try:
            await home.call_action("med_exporter.run_push", {"destination": entry_id})
        except RequestError:
            return False
        return True

    await until(done, 120)


async def file_rows(home: RealHome, export_type: str, **order: Any) -> list[dict[str, Any]]:
    created = await home.post(
        "/api/exports/create",
        {
            "export_type": export_type, "format": "json",
            "date_range": {"start": str(DAY - timedelta(1)), "end": str(DAY + timedelta(1))},
            **order,
        },
    )  # fmt: skip
    export_id, status = created["export_id"], created
    while status["status"] not in {"completed", "failed"}:
        status = await home.get(f"/api/exports/{export_id}")
    assert status["status"] == "completed", status
    return (await home.get(f"/api/exports/download/{export_id}"))["data"]


async def test_a_correction_reaches_all_destinations_and_is_taken_back(
    tmp_path: Path, mosquitto: Callable[..., Any], influxd: Callable[..., Influxd]
) -> None:
    asyncio.get_running_loop().set_debug(False)
    broker, server = mosquitto(), influxd()
    heard: list[tuple[str, float]] = []

    def listen(messages: asyncio.Queue[Any]) -> list[float]:
        """Return what was heard of the day, oldest first."""
        while not messages.empty():
            payload = json.loads(messages.get_nowait().payload)
            if payload["closed"]:
                heard.append((payload["date"], payload["value"]))
        return [value for day, value in heard if day == str(DAY)]

    def in_influxdb() -> float:
        points = server.points("myelectricaldata_consumption", "wh", pdl=PDL, type="daily")
        return points[int(midnight(DAY).timestamp())] / 1000

    async def costs() -> tuple[float, float, float]:
        """Return what three days cost by the readings, the analysis and the comparison."""
        readings = await file_rows(home, "device_data", aggregation="daily")
        analysis = await file_rows(home, "cost_analysis", grouping="daily")
        compared = await home.call_action(
            "med_exporter.compare_contracts",
            {
                "pdl": PDL, "start": str(DAY - timedelta(1)), "end": str(DAY + timedelta(1)),
                "contracts": [{"kind": "base", "price": 1}],
            },
        )  # fmt: skip
        own = next(one for one in compared["contracts"] if one["name"] == "own")
        return (
            sum(row["cost"] or 0 for row in readings),
            sum(row["energy_cost"] or 0 for row in analysis),
            own["energy_cost"],
        )

    async with (
        plugs_on_loopback(*constant(400)) as plugs,
        broker.listening(f"{PREFIX}/{PDL}/consumption/daily") as messages,
        home_with(tmp_path / "home", plugs) as (home, entry_id),
    ):
        await home.options_flow(
            entry_id,
            {"next_step_id": "contracts"},
            {"next_step_id": "add_contract"},
            {"valid_from": "2020-01-01", "kind": "flat", "standing_charge": 12},
            {"price": PRICE},
        )
        inputs = {
            "mqtt": mqtt_input(broker.port, data=DATA),
            "influxdb": influxdb_input(server.url, data=DATA),
        }
        made = {
            kind: await home.flow("med_exporter", {"next_step_id": kind}, user_input)
            for kind, user_input in inputs.items()
        }

        async def push_all() -> None:
            for entry in made.values():
                await push(home, entry["entry_id"])

        async def is_filled() -> bool:
            await push_all()
            points = await asyncio.to_thread(
                server.points, "myelectricaldata_consumption", "wh", pdl=PDL, type="daily"
            )
            return int(midnight(DAY).timestamp()) in points

        await until(is_filled, 150)
        before = await asyncio.to_thread(in_influxdb)
        paid = await costs()
        assert paid == pytest.approx((paid[1],) * 3, abs=0.005)

        asked = {"pdl": PDL, "start": str(DAY), "end": str(DAY), "reason": "A spike"}
        answer = await home.call_action(
            "med_exporter.correct_energy", {**asked, "operation": "scale", "value": 0.5}
        )
        assert answer["kwh_after"] == pytest.approx(before / 2, abs=1e-5)

        async def told(kwh: float) -> bool:
            await push_all()
            stored = await asyncio.to_thread(in_influxdb)
            return [stored, *listen(messages)[-1:]] == pytest.approx([kwh, kwh], abs=1e-5)

        await until(lambda: told(before / 2), 90)
        corrected = await costs()
        assert corrected == pytest.approx((corrected[1],) * 3, abs=0.005)
        assert paid[1] - corrected[1] == pytest.approx(before / 2 * PRICE, abs=0.011)

        await home.call_action("med_exporter.correct_energy", {**asked, **answer["undo"]})
        await until(lambda: told(before), 90)
        assert await costs() == pytest.approx(paid, abs=1e-6)
        audit = await file_rows(
            home, "audit_logs",
            date_range={"start": str(today()), "end": str(today())},
        )  # fmt: skip
        corrections = [one for one in audit if one["event_type"] == "energy_corrected"]
        assert len(corrections) == 2
        assert all("A spike" in json.dumps(one) for one in corrections)
        errors = [one for one in home.complaints() if one.level == "ERROR"]
        # An older Home Assistant logs each action that was refused, as a second push at a time is.
        assert not [one for one in errors if one.logger != "aiohttp.server"]
