"""paho's client by its public doors alone, for a paho whose inside is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode


class PlainClient(Client):
    """Is spoken to as a QuickClient is, but is slower, and takes what a broker sends as paho does.

    Attributes:
        answered: is not called: paho tells each answer by `on_publish`.

    """

    answered: Callable[[int, ReasonCode], None] | None = None

    @property
    def has_unread(self) -> bool:
        """Return whether something has come that the socket no longer knows of."""
        return bool(getattr(self.socket(), "pending", int)())

    def publish_once(
        self, topic: bytes, payload: bytes, *, retain: bool, properties: Properties | None
    ) -> int | None:
        """Send a message of QoS 1, and return its number; None where no connection stands."""
        sent = self.publish(topic.decode(), payload, 1, retain, properties)
        return sent.mid if sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def break_off(self) -> None:
        """Do nothing: a thread that still connects has paho's own patience."""
