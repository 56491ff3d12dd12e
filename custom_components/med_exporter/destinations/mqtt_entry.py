"""From a config entry to an MQTT destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.const import (
    CONF_ID,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.exceptions import ConfigEntryNotReady

from ..const import (
    CONF_BROKER,
    CONF_CA_CERTIFICATE,
    CONF_QOS,
    CONF_RETAIN,
    CONF_TOPIC_PREFIX,
    DOMAIN,
)
from .base import DestinationError
from .mqtt import MqttDestination, Publishing
from .mqtt_client import Broker
from .secrets import async_settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

DEFAULT_PORT: Final = 1883
DEFAULT_TLS_PORT: Final = 8883
_MQTT_DOMAIN: Final = "mqtt"


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


def publishing_of(settings: Mapping[str, Any]) -> Publishing:
    """Return how values are published."""
    return Publishing(
        topic_prefix=settings[CONF_TOPIC_PREFIX],
        qos=int(settings[CONF_QOS]),
        retain=settings[CONF_RETAIN],
    )


async def async_create_mqtt(hass: HomeAssistant, entry: ConfigEntry) -> MqttDestination:
    """Make the destination of a config entry.

    Raises ConfigEntryAuthFailed where the password can no longer be read, ConfigEntryNotReady
    where Home Assistant's own MQTT integration is to be used and is not set up.
    """
    settings = await async_settings_of(hass, entry)
    try:
        broker = broker_of(hass, settings)
    except DestinationError as err:
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key=err.key) from err
    return MqttDestination(broker, publishing_of(settings), unique=entry.data[CONF_ID])


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
