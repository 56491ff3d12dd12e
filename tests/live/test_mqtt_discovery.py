"""Another Home Assistant on the broker makes the sensors by itself, and sees the exporter die."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.live.conftest import PDL, constant, home_with, plugs_on_loopback, until
from tests.mqtt_destinations import mqtt_input
from tests.real_home import RealHome, RequestError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live

DAILY = f"sensor.med_{PDL}_consumption_daily"
MONTHLY = f"sensor.med_{PDL}_consumption_monthly"


async def test_the_sensors_come_go_dark_with_the_exporter_and_vanish_with_the_destination(
    tmp_path: Path, mosquitto
) -> None:
    broker = mosquitto()
    async with (
        plugs_on_loopback(*constant(2000)) as plugs,
        home_with(tmp_path / "exporter", plugs) as (exporter, _),
        RealHome(tmp_path / "other") as other,
    ):
        await other.onboard()
        await _listen_to(other, broker.port)
        entry = await exporter.flow(
            "med_exporter",
            {"next_step_id": "mqtt"},
            mqtt_input(broker.port, discovery=True),
        )
        answer = await exporter.call_action(
            "med_exporter.run_push", {"destination": entry["title"], "wait": True}
        )
        assert answer["status"] == "success", answer
        # Closed days went to the same topics.
        assert answer["records_exported"] > 20

        async def shown() -> dict[str, Any] | None:
            state = (await other.states()).get(DAILY)
            known = state is not None and state["state"] not in ("unknown", "unavailable")
            return state if known else None

        state = await until(shown)
        here = (await exporter.states())[DAILY]
        assert float(state["state"]) == pytest.approx(float(here["state"]), abs=0.2)
        attributes = state["attributes"]
        assert attributes["unit_of_measurement"] == "kWh"
        assert (attributes["device_class"], attributes["state_class"]) == ("energy", "total")
        assert attributes["friendly_name"] == "House Consumption today"
        midnight = here["attributes"]["last_reset"][:19]
        assert attributes["last_reset"][:19] == midnight
        month = (await other.states())[MONTHLY]
        assert month["attributes"]["last_reset"][:10] == f"{midnight[:8]}01"
        await _never_showed_a_closed_day(other, float(state["state"]))
        assert f"sensor.med_{PDL}_production_daily" not in await other.states()

        await exporter.kill()
        await until(lambda: _is(other, DAILY, "unavailable"))

        await exporter.start()
        assert float((await until(shown))["state"]) > 0

        await other.restart()
        assert await until(shown)

        await exporter.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")

        async def gone() -> bool:
            return DAILY not in await other.states()

        await until(gone)
        assert not other.complaints("mqtt")


async def _listen_to(home: RealHome, port: int) -> None:
    """Set up Home Assistant's own MQTT integration, whose form has grown a section."""
    address = {"broker": "127.0.0.1", "port": port}
    without_tls = {"set_client_cert": False, "set_ca_cert": "off"}
    try:
        await home.flow("mqtt", {**address, "other_settings": without_tls})
    except RequestError:
        await home.flow("mqtt", address)


async def _is(home: RealHome, entity_id: str, value: str) -> bool:
    return (await home.states())[entity_id]["state"] == value


async def _never_showed_a_closed_day(home: RealHome, current: float) -> None:
    async def recorded() -> list[float]:
        history = await home.get("/api/history/period", filter_entity_id=DAILY)
        states = [row["state"] for rows in history for row in rows]
        return [float(state) for state in states if state[:1].isdigit()]

    assert max(await until(recorded)) <= current
