"""A push runs from real plugs to a real broker, counts what arrived, and isolates failures."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.mqtt.destination import INTAKE
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.pushes.request import PushRequest
from custom_components.med_exporter.pushes.runner import (
    DATA_PUSHES,
    AlreadyRunningError,
    DataNotChosenError,
    UnknownMeteringPointError,
)
from custom_components.med_exporter.pushes.runtime import DestinationState
from tests.metering_points import PDL, add_metering_point
from tests.mqtt_destinations import PREFIX, add_mqtt, destination_value, until
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Sequence
    from datetime import datetime

    import aiomqtt
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.measurements import Measurement
    from custom_components.med_exporter.pushes.runner import PushRunner
    from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("brief_waits")


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def house(hass: HomeAssistant, plug_network: PlugNetwork) -> ConfigEntry:
    """A metering point that only consumes."""
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=1000.0)
    await plug_network.start(plug)
    return await add_metering_point(hass, plug.address)


@pytest.fixture
async def roof(hass: HomeAssistant, plug_network: PlugNetwork) -> ConfigEntry:
    """A metering point that only produces."""
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Inverter", load=500.0)
    await plug_network.start(plug)
    return await add_metering_point(
        hass, plug.address, pdl="roof", name="Roof", roles={"Inverter": "production"}
    )


def runner(hass: HomeAssistant) -> PushRunner:
    return hass.data[DATA_PUSHES]


async def received(
    broker: Mosquitto, messages: asyncio.Queue[aiomqtt.Message]
) -> dict[str, dict[str, Any]]:
    return {
        str(item.topic).removeprefix(f"{PREFIX}/"): json.loads(item.payload)
        for item in await broker.so_far(messages, f"{PREFIX}/end")
        if not str(item.topic).endswith(("/status", "/test"))
    }


async def test_current_values_arrive_and_are_counted(
    hass: HomeAssistant, mosquitto, house: ConfigEntry, roof: ConfigEntry
) -> None:
    broker = mosquitto()
    entry = await add_mqtt(hass, broker.port)
    async with broker.listening(f"{PREFIX}/#") as messages:
        await received(broker, messages)
        record = await runner(hass).async_run(entry.runtime_data, trigger="action", user_id="me")
        arrived = await received(broker, messages)
    # Nothing is said of what a metering point does not have.
    assert set(arrived) == {
        f"{PDL}/consumption/daily",
        f"{PDL}/consumption/monthly",
        "roof/production/daily",
    }
    daily = arrived[f"{PDL}/consumption/daily"]
    current = house.runtime_data.current(DataType.CONSUMPTION_DAILY)
    assert daily == {
        "value": current.value_kwh,
        "unit": "kWh",
        "date": dt_util.now().strftime("%Y-%m-%d"),
        "pdl": PDL,
        "closed": False,
        "timestamp": current.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert (record.status, record.records, record.error_code) == (
        ExportStatus.COMPLETED,
        3,
        None,
    )
    assert (record.trigger, record.user_id) == ("action", "me")
    assert (record.destination, record.destination_name) == ("mqtt", entry.title)
    assert record.destination_id == entry.data["id"]
    assert await hass.data[DATA_HISTORY].async_get(record.id) == record


async def test_a_run_can_be_narrowed_down(
    hass: HomeAssistant, mosquitto, house: ConfigEntry, roof: ConfigEntry
) -> None:
    broker = mosquitto()
    entry = await add_mqtt(hass, broker.port, data=["consumption_daily", "consumption_monthly"])
    async with broker.listening(f"{PREFIX}/#") as messages:
        await received(broker, messages)
        await runner(hass).async_run(
            entry.runtime_data,
            PushRequest(data=("consumption_monthly",), pdl=(PDL,)),
            trigger="action",
        )
        assert set(await received(broker, messages)) == {f"{PDL}/consumption/monthly"}
    with pytest.raises(DataNotChosenError) as unchosen:
        await runner(hass).async_start(
            entry.runtime_data, PushRequest(data=("production_daily",)), trigger="x"
        )
    assert unchosen.value.field == "data"
    with pytest.raises(UnknownMeteringPointError) as unknown:
        await runner(hass).async_start(
            entry.runtime_data, PushRequest(pdl=("nowhere",)), trigger="x"
        )
    assert unknown.value.field == "pdl"
    assert (await hass.data[DATA_HISTORY].async_list())[1] == 1


async def test_one_part_failing_does_not_stop_the_rest(
    hass: HomeAssistant, mosquitto, house: ConfigEntry, roof: ConfigEntry
) -> None:
    rules = [f"topic write {PREFIX}/status", f"topic write {PREFIX}/test"]
    rules += [f"topic write {PREFIX}/{PDL}/consumption/daily", f"topic write {PREFIX}/roof/#"]
    broker = mosquitto()
    entry = await add_mqtt(hass, broker.port)
    await until(entry.runtime_data.destination, stands=True)
    # The test of the connection would have said it.
    broker.stop()
    await until(entry.runtime_data.destination, stands=False)
    broker.acl = "\n".join(rules) + "\n"
    broker.start()
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    assert (record.status, record.records) == (ExportStatus.FAILED, 2)
    assert record.error_code == "PUBLISH_NOT_ALLOWED"
    assert f"{PREFIX}/{PDL}/consumption/monthly" in record.error_message
    assert [(part["data"], part["pdl"]) for part in record.warnings] == [
        ("consumption_monthly", PDL)
    ]
    assert destination_value(hass, entry, "status") == "error"
    assert destination_value(hass, entry, "last_records") == "2"


async def test_a_metering_point_that_breaks_does_not_stop_the_rest(
    hass: HomeAssistant,
    mosquitto,
    house: ConfigEntry,
    roof: ConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = await add_mqtt(hass, mosquitto().port)

    def broken(data_type: DataType) -> None:
        raise ValueError(data_type)

    monkeypatch.setattr(house.runtime_data, "current", broken)
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    assert (record.status, record.records, record.error_code) == (
        ExportStatus.FAILED,
        1,
        "INTERNAL_ERROR",
    )


async def test_a_broker_that_is_gone_ends_the_run_once(
    hass: HomeAssistant, mosquitto, house: ConfigEntry
) -> None:
    broker = mosquitto()
    entry = await add_mqtt(hass, broker.port)
    await until(entry.runtime_data.destination, stands=True)
    broker.kill()
    await until(entry.runtime_data.destination, stands=False)
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    assert (record.status, record.records, record.error_code) == (
        ExportStatus.FAILED,
        0,
        "REFUSED",
    )
    assert len(record.warnings) == 1
    broker.start()
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    assert (record.status, record.records) == (ExportStatus.COMPLETED, 2)


async def test_a_refused_login_asks_for_it_again(
    hass: HomeAssistant, mosquitto, house: ConfigEntry
) -> None:
    broker = mosquitto(users={"someone": "secret"})
    entry = await add_mqtt(hass, broker.port, username="someone", password="secret")
    await until(entry.runtime_data.destination, stands=True)
    broker.kill()
    await until(entry.runtime_data.destination, stands=False)
    broker.users = {"someone": "changed"}
    (broker.folder / f"{broker.port}.passwords").unlink()
    broker.start()
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    assert record.error_code == "WRONG_CREDENTIALS"
    assert "secret" not in str(record)
    await hass.async_block_till_done()
    assert [
        flow["step_id"]
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ] == ["mqtt_reauth"]


class SlowDestination:
    """A destination that takes a value only when the test lets it, one series after the other."""

    def __init__(self) -> None:
        self.intake = replace(INTAKE, at_once=1)
        self.gate = asyncio.Event()
        self.first = asyncio.Event()
        self.taken: list[Measurement] = []

    async def async_reach(self) -> None:
        """Be there."""

    async def async_missing(self, witnesses: object) -> tuple[()]:
        return ()

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        async for page in pages:
            for measurement in page:
                await self.gate.wait()
                self.gate.clear()
                self.taken.append(measurement)
                settle(measurement, Outcome.STORED)
                self.first.set()

    async def async_close(self) -> None:
        """Nothing to close."""


@pytest.fixture
async def slow(
    hass: HomeAssistant, mosquitto, house: ConfigEntry
) -> tuple[ConfigEntry, SlowDestination]:
    entry = await add_mqtt(hass, mosquitto().port)
    await entry.runtime_data.destination.async_close()
    entry.runtime_data.destination = SlowDestination()
    return entry, entry.runtime_data.destination


async def test_two_runs_never_overlap_on_one_destination(hass: HomeAssistant, slow) -> None:
    entry, _ = slow
    record = await runner(hass).async_start(entry.runtime_data, trigger="action")
    assert record.status is ExportStatus.RUNNING
    with pytest.raises(AlreadyRunningError):
        await runner(hass).async_start(entry.runtime_data, trigger="action")
    await hass.config_entries.async_unload(entry.entry_id)
    stored = await hass.data[DATA_HISTORY].async_get(record.id)
    assert (stored.status, stored.error_code) == (ExportStatus.INTERRUPTED, "INTERRUPTED")


async def test_whoever_is_answered_finds_the_run_after_any_kill(hass: HomeAssistant, slow) -> None:
    entry, _ = slow
    history = hass.data[DATA_HISTORY]
    await runner(hass).async_start(entry.runtime_data, trigger="action")
    # Nothing of it is in memory alone.
    assert not history._pending
    await runner(hass).async_interrupt(entry.runtime_data)


async def test_progress_moves(hass: HomeAssistant, slow) -> None:
    entry, destination = slow
    runtime = entry.runtime_data
    changes: list[float | None] = []
    runtime.add_listener(lambda: changes.append(runtime.progress))
    record = await runner(hass).async_start(runtime, trigger="action")
    assert runtime.state is DestinationState.RUNNING
    assert runner(hass).progress(record.id) == 0
    destination.gate.set()
    async with asyncio.timeout(10):
        await destination.first.wait()
    assert len(destination.taken) == 1
    assert runner(hass).progress(record.id) == pytest.approx(20)
    async with asyncio.timeout(10):
        while runner(hass).progress(record.id) is not None:
            destination.gate.set()
            await asyncio.sleep(0.02)
    assert runtime.state is DestinationState.SUCCESS
    assert changes[0] == 0
    assert changes[-1] == 100


async def test_a_stop_of_home_assistant_interrupts(hass: HomeAssistant, slow) -> None:
    entry, _ = slow
    record = await runner(hass).async_start(entry.runtime_data, trigger="action")
    await runner(hass).async_close()
    stored = await hass.data[DATA_HISTORY].async_get(record.id)
    assert stored.status is ExportStatus.INTERRUPTED
    assert stored.completed_at is not None


async def runs(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    records, _ = await hass.data[DATA_HISTORY].async_list(destination=entry.data["id"])
    return [record.trigger for record in records]


async def pass_time(hass: HomeAssistant, since: datetime | None = None, **span: float) -> None:
    async_fire_time_changed(hass, (since or dt_util.utcnow()) + timedelta(**span))
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("interval", ["15", "1440"])
async def test_exports_by_itself_at_the_interval(
    hass: HomeAssistant, mosquitto, house: ConfigEntry, interval: str
) -> None:
    entry = await add_mqtt(hass, mosquitto().port, interval=interval)
    assert await runs(hass, entry) == []
    await pass_time(hass, minutes=1)
    assert await runs(hass, entry) == ["automatic"]
    first = entry.runtime_data.last_started
    await pass_time(hass, first, minutes=int(interval) - 1)
    assert await runs(hass, entry) == ["automatic"]
    await pass_time(hass, first, minutes=int(interval) + 1)
    assert await runs(hass, entry) == ["automatic"] * 2


async def test_the_interval_goes_on_over_a_reload(
    hass: HomeAssistant, mosquitto, house: ConfigEntry
) -> None:
    entry = await add_mqtt(hass, mosquitto().port)
    await runner(hass).async_run(entry.runtime_data, trigger="action")
    last_success = destination_value(hass, entry, "last_success")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert destination_value(hass, entry, "status") == "success"
    assert destination_value(hass, entry, "last_success") == last_success != "unknown"
    first = entry.runtime_data.last_started
    await pass_time(hass, first, minutes=50)
    assert await runs(hass, entry) == ["action"]
    await pass_time(hass, first, minutes=61)
    assert await runs(hass, entry) == ["automatic", "action"]


async def test_a_run_of_an_earlier_life_shows_as_interrupted(
    hass: HomeAssistant, mosquitto, house: ConfigEntry
) -> None:
    entry = await add_mqtt(hass, mosquitto().port)
    record = await runner(hass).async_run(entry.runtime_data, trigger="action")
    history = hass.data[DATA_HISTORY]
    await history.save(replace(record, status=ExportStatus.RUNNING, completed_at=None))
    history._unfinished.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert destination_value(hass, entry, "status") == "interrupted"
