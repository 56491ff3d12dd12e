"""MQTT destinations for tests: through the real config flow, or by themselves; a real broker."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.measurements import (
    EcoWattLevel,
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.destination import MqttDestination
from custom_components.med_exporter.destinations.mqtt.messages import Publishing
from custom_components.med_exporter.sources.tempo_calendar import (
    ONE_DAY,
    PARIS,
    TempoColour,
    paris_date,
)
from tests.measurements import pages_of
from tests.metering_points import answer, start_flow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiomqtt
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

PREFIX = "home/energy"
PDL = "12345678901234"
UNIQUE = "0a1b2c3d-4e5f"
POINT = PointName(pdl=PDL, slug=PDL, name="House")
READ_AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
PUBLISHING = Publishing(topic_prefix=PREFIX, qos=1, retain=True)


def energy(
    kwh: float,
    data_type: DataType,
    day: date,
    *,
    closed: bool = True,
    point: PointName = POINT,
) -> Energy:
    """Return the energy of a day, or of the month that begins on it."""
    is_monthly = data_type is DataType.CONSUMPTION_MONTHLY
    end = (day + 31 * ONE_DAY).replace(day=1) if is_monthly else day + ONE_DAY
    midnight = datetime.combine(end, time(), PARIS)
    return Energy(
        data_type=data_type,
        point=point,
        grain=Grain.MONTHLY if is_monthly else Grain.DAILY,
        start=datetime.combine(day, time(), PARIS),
        end=midnight,
        closed=closed,
        timestamp=midnight.astimezone(UTC) if closed else READ_AT,
        kwh=kwh,
    )


TODAY = paris_date(datetime.now(UTC))
DAILY = energy(12.345, DataType.CONSUMPTION_DAILY, date(2026, 11, 20), closed=False)


def half_hour(kwh: float, start: datetime) -> Energy:
    """Return the energy of a half-hour."""
    end = start + timedelta(minutes=30)
    return Energy(
        data_type=DataType.CONSUMPTION_DETAILED,
        point=POINT,
        grain=Grain.HALF_HOURLY,
        start=start,
        end=end,
        closed=True,
        timestamp=end.astimezone(UTC),
        kwh=kwh,
    )


def tempo(colour: str, day: date, *, closed: bool = False) -> TempoDay:
    """Return the colour of a day."""
    return TempoDay(
        data_type=DataType.TEMPO, **_grid_day(day, closed=closed), colour=TempoColour(colour)
    )


def ecowatt(level: int, day: date) -> EcoWattLevel:
    """Return the signal of a day."""
    return EcoWattLevel(
        data_type=DataType.ECOWATT,
        **_grid_day(day, closed=False),
        level=level,
        details={"message": "Tense", "hourly_values": [1, 2]},
    )


def _grid_day(day: date, *, closed: bool) -> dict[str, Any]:
    return {
        "point": None,
        "grain": Grain.DAILY,
        "start": datetime.combine(day, time(), PARIS),
        "end": datetime.combine(day + ONE_DAY, time(), PARIS),
        "closed": closed,
        "timestamp": READ_AT,
    }


@asynccontextmanager
async def destination(
    port: int, publishing: Publishing = PUBLISHING, **broker: Any
) -> AsyncIterator[MqttDestination]:
    """A started destination, closed in the end."""
    made = MqttDestination(Broker(host="127.0.0.1", port=port, **broker), publishing, unique=UNIQUE)
    await made.async_start()
    try:
        yield made
    finally:
        await made.async_close()


async def push(
    made: MqttDestination, *measurements: Measurement
) -> list[tuple[Measurement, Outcome]]:
    """Push, and return what was settled, and how."""
    settled: list[tuple[Measurement, Outcome]] = []
    await made.async_push(pages_of(measurements), lambda *outcome: settled.append(outcome))
    return settled


def stored(*measurements: Measurement) -> list[tuple[Measurement, Outcome]]:
    """Return what `push` returns where everything has arrived."""
    return [(measurement, Outcome.STORED) for measurement in measurements]


async def take(queue: asyncio.Queue[aiomqtt.Message], count: int) -> list[aiomqtt.Message]:
    """Return the next messages."""
    async with asyncio.timeout(20):
        return [await queue.get() for _ in range(count)]


async def until(destination: MqttDestination, *, stands: bool) -> None:
    """Wait until the connection stands, or until its end was noticed."""
    async with asyncio.timeout(20):
        while (destination._connection.open_client is not None) is not stands:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def mqtt_input(port: int, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in; a change to None leaves the field out."""
    values = {
        "broker": f"mqtt://127.0.0.1:{port}",
        "verify_ssl": True,
        "topic_prefix": PREFIX,
        "qos": "1",
        "retain": True,
        "discovery": False,
        "interval": "60",
        "data": [item.value for item in DataType],
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


async def add_mqtt(hass: HomeAssistant, port: int, **changes: Any) -> ConfigEntry:
    """Set up a destination."""
    result = await answer(hass, await start_flow(hass, "mqtt"), mqtt_input(port, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]


def destination_entity(hass: HomeAssistant, entry: ConfigEntry, platform: str, key: str) -> str:
    """Return the entity id of a destination's entity."""
    unique_id = f"{entry.data['id']}_{key}"
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id is not None
    return entity_id


def destination_value(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the state of a destination's sensor."""
    state = hass.states.get(destination_entity(hass, entry, "sensor", key))
    assert state is not None
    return state.state
