"""What a broker refuses, and what keeps a connection from coming about, as errors for the user."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

from ..base import DestinationError
from ..web import certificate_variant, is_loopback

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

    from .broker import Broker
    from .messages import Publishing

# Reasons of MQTT 5.
UNSUPPORTED_VERSION: Final = 0x84
_BAD_CREDENTIALS: Final = frozenset({0x86, 0x87, 0x8C})
_NOT_AUTHORIZED: Final = 0x87
_TAKEN_OVER: Final = 0x8E
PACKET_TOO_LARGE: Final = 0x95
_RETAIN_NOT_SUPPORTED: Final = 0x9A
_QOS_NOT_SUPPORTED: Final = 0x9B

HANGS_UP_ON: Final = frozenset({"MESSAGE_REFUSED", "QOS_NOT_SUPPORTED", "RETAIN_NOT_SUPPORTED"})
"""Codes of what a broker may hang up on without a word."""

_CAUSES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (ssl.SSLCertVerificationError, "tls_certificate"),
    (socket.gaierror, "name_not_resolved"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timed_out"),
    ((ssl.SSLError, ConnectionError), "not_expected_server"),
)


def message_refused(
    topic: str, words: str, reason: int = 0, *, maximum_qos: int = 2
) -> DestinationError:
    """Name why the broker refuses a message on a topic."""
    if reason == _RETAIN_NOT_SUPPORTED:
        return DestinationError("retain_not_supported", field="retain")
    if reason == _QOS_NOT_SUPPORTED:
        return qos_not_supported(maximum_qos)
    if reason == _NOT_AUTHORIZED:
        return DestinationError("publish_not_allowed", topic=topic)
    variant = "too_large" if reason == PACKET_TOO_LARGE else None
    return DestinationError("message_refused", variant=variant, topic=topic, reason=words)


def qos_not_supported(maximum_qos: int) -> DestinationError:
    """Say which QoS is the highest that the broker takes."""
    return DestinationError("qos_not_supported", field="qos", qos=maximum_qos)


def retain_not_supported(publishing: Publishing) -> DestinationError:
    """Say which of the user's choices needs a broker that keeps messages."""
    if publishing.retain:
        return DestinationError("retain_not_supported", field="retain")
    return DestinationError("retain_not_supported", variant="discovery", field="discovery")


def connection_lost(broker: Broker, reason: int = 0, topic: str | None = None) -> DestinationError:
    """Name why a connection ended, on which a message for a topic may have been under way."""
    if reason == _NOT_AUTHORIZED and topic is not None:
        return DestinationError("publish_not_allowed", topic=topic)
    if reason == PACKET_TOO_LARGE and topic is not None:
        return message_refused(topic, "Packet too large", reason)
    variant = "taken_over" if reason == _TAKEN_OVER else None
    return DestinationError("connection_lost", variant=variant, host=broker.address)


def unsuitable(
    reason: ReasonCode,
    publishing: Publishing,
    broker: Broker,
    *,
    maximum_qos: int,
    retain_available: bool,
) -> DestinationError | None:
    """Name what keeps a broker that has answered from taking what is published."""
    if reason.value in _BAD_CREDENTIALS:
        return DestinationError("wrong_credentials", field="password", host=broker.address)
    if reason.value == _RETAIN_NOT_SUPPORTED or (publishing.keeps_status and not retain_available):
        return retain_not_supported(publishing)
    # The last will has QoS 1 at most: a broker that refuses it for that takes QoS 0 only.
    if reason.value == _QOS_NOT_SUPPORTED:
        maximum_qos = 0
    if publishing.qos > maximum_qos:
        return qos_not_supported(maximum_qos)
    if reason.is_failure:
        return DestinationError(
            "server_refused", field="broker", host=broker.address, reason=str(reason)
        )
    return None


def connection_error(err: OSError, broker: Broker, seconds: float) -> DestinationError:
    """Name the mistake behind a connection that did not come about within so many seconds."""
    code = next((code for kinds, code in _CAUSES if isinstance(err, kinds)), "unreachable")
    return DestinationError(
        code,
        variant=_variant(code, broker, err),
        field="ca_certificate" if code == "tls_certificate" else "broker",
        host=broker.address,
        seconds=int(seconds),
        reason=getattr(err, "verify_message", None) or str(err),
    )


def web_server(broker: Broker) -> DestinationError:
    """Say that a web server stands where a broker should."""
    return DestinationError(
        "not_expected_server", variant="web", field="broker", host=broker.address
    )


def _variant(code: str, broker: Broker, err: OSError) -> str | None:
    if code == "refused" and is_loopback(broker.host):
        return "loopback"
    if code == "tls_certificate" and (variant := certificate_variant(err)) is not None:
        return "self_signed_mqtt" if variant == "self_signed" else variant
    return "mqtt" if code in {"not_expected_server", "tls_certificate"} else None
