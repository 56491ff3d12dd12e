"""MQTT discovery: another Home Assistant on the broker makes the sensors by itself.

The messages are those of Home Assistant's own MQTT integration: retained, one per sensor, below
`homeassistant/sensor/{node}/`, where the node is this destination. Nothing is kept on disk: what
stands there the broker tells.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ...const import LOGGER, DataType
from ...engine.lazy_dataclass import dataclass
from ..base import DestinationError
from ..measurements import EcoWattLevel, Energy, PointName, TempoDay
from .messages import ECOWATT, STATUS, TEMPO_TODAY, TEMPO_TOMORROW, Message, Publishing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ..measurements import Measurement
    from .client import MqttClient

_PREFIX: Final = "homeassistant"
_BIRTH_TOPIC: Final = f"{_PREFIX}/status"
_BIRTH: Final = b"online"
_MANUFACTURER: Final = "MED Exporter"
GRID_NAME: Final = "Tempo & EcoWatt"

# A sensor that heard nothing for two intervals and this long has no value any more.
_GRACE: Final = timedelta(minutes=5)
# What another Home Assistant takes from reading about a sensor to listening to its topic.
_UNTIL_IT_LISTENS: Final = 3.0
# Retained messages come right behind the answer to a subscription.
_UNTIL_TOLD: Final = 1.0

# An empty text leaves value and last reset as they are: closed periods pass by unseen.
_ENERGY_VALUE: Final = "{{ '' if value_json.closed else value_json.value }}"
_LAST_RESET: Final = "{{ '' if value_json.closed else value_json.date ~ '%sT00:00:00' }}"
_COLOUR: Final = "{{ value_json.color | lower if value_json.color else None }}"

_TOPIC_KEYS: Final = ("state_topic", "availability_topic", "json_attributes_topic")

_ENERGY_KEYS: Final = {
    one: one.value
    for one in (DataType.CONSUMPTION_DAILY, DataType.CONSUMPTION_MONTHLY, DataType.PRODUCTION_DAILY)
}
_GRID_KEYS: Final = {
    DataType.TEMPO: {TEMPO_TODAY: "tempo_color", TEMPO_TOMORROW: "tempo_color_tomorrow"},
    DataType.ECOWATT: {ECOWATT: "ecowatt_level"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoverySettings:
    """What discovery messages say beside the topics.

    Attributes:
        node: names this destination on the broker, for good.
        interval: time between two exports.
        data: what the destination receives.
        names: name of each sensor, by the key of its translation.
        version: of this integration.
        pdls: returns the ids of all metering points that are set up, loaded or not.

    """

    node: str
    interval: timedelta
    data: Collection[DataType]
    names: Mapping[str, str]
    version: str
    pdls: Callable[[], Collection[str]]


class MqttDiscovery:
    """Announces each sensor before its first value, and again to whoever starts later."""

    def __init__(self, publishing: Publishing, settings: DiscoverySettings) -> None:
        self._publishing = publishing
        self._settings = settings
        self._client: MqttClient | None = None
        self._announced: dict[str, str] = {}
        self._seen: set[str] = set()
        self._values: dict[str, Message] = {}
        self._is_refusal_reported = False

    async def attend(self, client: MqttClient) -> None:
        """Answer to what happens on a connection while it stands; ends with it.

        Sensors that are not wanted any more are taken away, and all are announced again when
        another Home Assistant starts.
        """
        with suppress(DestinationError):
            await client.subscribe(_config_topic(self._settings.node, "+"))
            await client.subscribe(_BIRTH_TOPIC)
            while True:
                topic, payload = await client.next_message()
                if topic == _BIRTH_TOPIC:
                    if payload == _BIRTH:
                        await self._announce_again(client)
                elif payload:
                    self._seen.add(topic)
                    await self.tidy(client)
                    if topic in self._seen:
                        await self._bring_up_to_date(client, topic, payload)

    async def announce(
        self, client: MqttClient, measurement: Measurement, message: Message
    ) -> None:
        """Announce the sensor that is to show a message, unless that was done before.

        A broker that refuses discovery keeps nobody from receiving values: that is logged only.
        """
        if (config := self.config_of(measurement, message.topic)) is None:
            return
        self._values[message.topic] = message
        if client is not self._client:
            # A broker that was restarted may have lost what it was told.
            self._client, self._announced, self._is_refusal_reported = client, {}, False
        topic, payload = config
        if self._announced.get(topic) == payload:
            return
        self._announced[topic] = payload
        self._seen.add(topic)
        await self._publish(client, {topic: payload})

    async def tidy(self, client: MqttClient) -> None:
        """Take away the sensors of metering points and data types that are gone."""
        await self._empty(client, self._seen - self._possible(self._settings.data))

    async def withdraw(self, client: MqttClient) -> None:
        """Take away all sensors."""
        await self._empty(client, self._seen | self._possible(DataType))

    async def withdraw_unseen(self, client: MqttClient) -> None:
        """Ask the broker which sensors there are, and take away all."""
        with suppress(TimeoutError, DestinationError):
            async with asyncio.timeout(_UNTIL_TOLD):
                await client.subscribe(_config_topic(self._settings.node, "+"))
                while True:
                    topic, payload = await client.next_message()
                    if payload:
                        self._seen.add(topic)
        await self.withdraw(client)

    async def _announce_again(self, client: MqttClient) -> None:
        await self._publish(client, self._announced)
        if self._publishing.retain:
            return
        # The values are kept nowhere else.
        await asyncio.sleep(_UNTIL_IT_LISTENS)
        for message in list(self._values.values()):
            client.send(message, qos=self._publishing.qos)

    async def _bring_up_to_date(self, client: MqttClient, topic: str, payload: bytes) -> None:
        """Let a sensor of before follow other settings at once, not with its next value only."""
        try:
            config = json.loads(payload)
            before = config["availability_topic"].removesuffix(STATUS)
            after = f"{self._publishing.topic_prefix}/"
            moved = {
                key: value.replace(before, after, 1)
                for key, value in config.items()
                if key in _TOPIC_KEYS and value.startswith(before)
            }
        except (ValueError, LookupError, AttributeError, TypeError):
            # Not one of ours: it is replaced before the next value.
            return
        current = {**config, **moved, **self._settled()}
        if current != config and topic not in self._announced:
            await self._publish(client, {topic: json.dumps(current)})

    async def _empty(self, client: MqttClient, topics: set[str]) -> None:
        self._seen -= topics
        for topic in topics:
            self._announced.pop(topic, None)
        await self._publish(client, dict.fromkeys(topics, ""))

    async def _publish(self, client: MqttClient, configs: Mapping[str, str]) -> None:
        messages = [
            Message(topic=topic, payload=payload, retain=True) for topic, payload in configs.items()
        ]
        try:
            await client.deliver(*messages, qos=client.answering_qos)
        except DestinationError as err:
            if not self._is_refusal_reported and not err.is_unusable:
                LOGGER.warning("MQTT discovery: %s", err)
                self._is_refusal_reported = True

    def _possible(self, data: Collection[DataType]) -> set[str]:
        """Return the topics that sensors of these data types can have."""
        keys = [
            f"{pdl}_{key}"
            for pdl in self._settings.pdls()
            for data_type, key in _ENERGY_KEYS.items()
            if data_type in data
        ]
        for data_type, grid_keys in _GRID_KEYS.items():
            if data_type in data:
                keys += grid_keys.values()
        return {_config_topic(self._settings.node, key) for key in keys}

    def config_of(self, measurement: Measurement, topic: str) -> tuple[str, str] | None:
        """Return the topic and the payload that announce a sensor."""
        node = self._settings.node
        if isinstance(measurement, Energy):
            key = _ENERGY_KEYS.get(measurement.data_type)
            if key is None or measurement.closed or measurement.point is None:
                return None
            point = measurement.point
            config = self._common(key, f"{point.pdl}_{key}", topic, _device_of(node, point))
            config |= _entity_id(f"med_{point.slug}_{key}") | _energy(measurement)
            return _config_topic(node, f"{point.pdl}_{key}"), json.dumps(config)
        if not isinstance(measurement, (TempoDay, EcoWattLevel)):
            return None
        suffix = topic.removeprefix(f"{self._publishing.topic_prefix}/")
        key = _GRID_KEYS[measurement.data_type][suffix]
        device = {"identifiers": [f"{node}_grid"], "name": GRID_NAME}
        config = self._common(key, key, topic, device) | _entity_id(f"med_{key}")
        config |= _tempo() if isinstance(measurement, TempoDay) else _ecowatt(topic)
        return _config_topic(node, key), json.dumps(config)

    def _common(
        self, key: str, unique: str, topic: str, device: Mapping[str, Any]
    ) -> dict[str, Any]:
        settings = self._settings
        return {
            "name": settings.names[key],
            "unique_id": f"{settings.node}_{unique}",
            "state_topic": topic,
            "availability_topic": f"{self._publishing.topic_prefix}/{STATUS}",
            **self._settled(),
            "device": {**device, "manufacturer": _MANUFACTURER},
            "origin": {"name": _MANUFACTURER, "sw_version": settings.version},
        }

    def _settled(self) -> dict[str, int]:
        """Return what the settings say of every sensor."""
        lifetime = 2 * self._settings.interval + _GRACE
        return {"qos": self._publishing.qos, "expire_after": int(lifetime.total_seconds())}


def _config_topic(node: str, key: str) -> str:
    return f"{_PREFIX}/sensor/{node}/{key}/config"


def _device_of(node: str, point: PointName) -> dict[str, Any]:
    return {"identifiers": [f"{node}_{point.pdl}"], "name": point.name}


def _entity_id(name: str) -> dict[str, str]:
    # The second is what Home Assistant called it before 2025.10.
    return {"default_entity_id": f"sensor.{name}", "object_id": name}


def _energy(measurement: Energy) -> dict[str, Any]:
    is_monthly = measurement.data_type is DataType.CONSUMPTION_MONTHLY
    return {
        "device_class": "energy",
        "unit_of_measurement": "kWh",
        # With a last reset a correction downwards is one, and no new day.
        "state_class": "total",
        "suggested_display_precision": 3,
        "value_template": _ENERGY_VALUE,
        "last_reset_value_template": _LAST_RESET % ("-01" if is_monthly else ""),
    }


def _tempo() -> dict[str, Any]:
    return {
        "device_class": "enum",
        "options": ["blue", "white", "red"],
        "value_template": _COLOUR,
    }


def _ecowatt(topic: str) -> dict[str, Any]:
    return {
        "value_template": "{{ value_json.value }}",
        "json_attributes_topic": topic,
        "json_attributes_template": (
            "{{ {'message': value_json.message, 'hourly_values': value_json.hourly_values}"
            " | tojson }}"
        ),
    }
