"""What a user says of a broker, and the broker that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import CONF_PASSWORD, CONF_PORT, CONF_USERNAME, CONF_VERIFY_SSL

from ..base import DestinationError
from .broker import Broker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

CONF_BROKER: Final = "broker"
CONF_CA_CERTIFICATE: Final = "ca_certificate"
CONF_QOS: Final = "qos"
CONF_RETAIN: Final = "retain"
CONF_TOPIC_PREFIX: Final = "topic_prefix"

DEFAULT_PORT: Final = 1883
DEFAULT_TLS_PORT: Final = 8883
_MQTT_DOMAIN: Final = "mqtt"


def with_scheme(address: str) -> str:
    """Return a broker's address with the scheme that was left out; others come back as typed.

    A host and a port are what other programs ask for: a broker is spoken to plainly then, but for
    the port that is registered for TLS.
    """
    if "://" in address or address.startswith(("/", "mqtt:", "mqtts:")):
        return address
    return f"mqtts://{address}" if address.endswith(f":{DEFAULT_TLS_PORT}") else f"mqtt://{address}"


def broker_of(hass: HomeAssistant, settings: Mapping[str, Any]) -> Broker:
    """Return the broker that settings in clear name.

    An empty `broker` is the broker of Home Assistant's own MQTT integration, with its login and
    certificates. Raises DestinationError where there is no such integration.
    """
    address = settings.get(CONF_BROKER)
    if not address:
        return _home_assistants_broker(hass)
    url = urlsplit(address)
    tls = url.scheme == "mqtts"
    return Broker(
        host=url.hostname or "",
        port=url.port or (DEFAULT_TLS_PORT if tls else DEFAULT_PORT),
        tls=tls,
        verify_ssl=settings.get(CONF_VERIFY_SSL, True),
        ca_certificate=settings.get(CONF_CA_CERTIFICATE) or None,
        username=settings.get(CONF_USERNAME) or None,
        password=settings.get(CONF_PASSWORD) or None,
    )


def _home_assistants_broker(hass: HomeAssistant) -> Broker:
    """Read the entry of the MQTT integration; the names are those of its own flow."""
    entries = [
        entry
        for entry in hass.config_entries.async_entries(_MQTT_DOMAIN)
        if entry.source != SOURCE_IGNORE and not entry.disabled_by
    ]
    if not entries:
        raise DestinationError("no_mqtt_integration", field=CONF_BROKER)
    data = entries[0].data
    certificate = data.get("certificate")
    return Broker(
        host=data["broker"],
        port=data.get(CONF_PORT, DEFAULT_PORT),
        tls=certificate is not None,
        check_hostname=not data.get("tls_insecure", False),
        ca_certificate=None if certificate in {None, "auto"} else certificate,
        client_certificate=data.get("client_cert"),
        client_key=data.get("client_key"),
        username=data.get(CONF_USERNAME),
        password=data.get(CONF_PASSWORD),
        transport="websockets" if data.get("transport") == "websockets" else "tcp",
        websocket_path=data.get("ws_path", "/"),
        websocket_headers=data.get("ws_headers"),
    )
