"""The record of an MQTT destination: where the broker is, and what goes there how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_DISCOVERY, CONF_PASSWORD, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from ...const import DOMAIN
from ...form_fields import LOGIN, YesNoSelector, choice
from ...later import Later, later
from ..base import DestinationError
from ..kind import DestinationKind
from .broker import is_certificate
from .settings import (
    CONF_BROKER,
    CONF_CA_CERTIFICATE,
    CONF_QOS,
    CONF_RETAIN,
    CONF_TOPIC_PREFIX,
    broker_of,
    with_scheme,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

_LONGEST_PREFIX: Final = 200
_TEST: Final = Later(__package__, "entry", "async_test_mqtt")
_BROKER_FIELDS: Final = (CONF_USERNAME, CONF_PASSWORD, CONF_CA_CERTIFICATE)


async def _test(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    try:
        unique_id = _unique_id(hass, settings)
        entries = hass.config_entries.async_entries(DOMAIN)
        is_new = all(entry.unique_id != unique_id for entry in entries)
        test = await _TEST.async_get(hass)
        remark: str | None = await test(hass, settings, is_new=is_new)
    except DestinationError as err:
        if not settings.get(CONF_BROKER) and err.field in _BROKER_FIELDS:
            # Login and certificate are those of another integration.
            raise err.at(CONF_BROKER) from err
        raise
    return remark


def _unique_id(hass: HomeAssistant, settings: Mapping[str, Any]) -> str:
    address = broker_of(hass, settings).address.lower()
    return f"mqtt://{address}/{settings[CONF_TOPIC_PREFIX]}"


def _titles(hass: HomeAssistant, settings: Mapping[str, Any]) -> tuple[str, ...]:
    title = f"MQTT {broker_of(hass, settings).host}"
    return title, f"{title} {settings[CONF_TOPIC_PREFIX]}"


def _login_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Leave the login of Home Assistant's own broker to its own integration."""
    return (CONF_USERNAME, CONF_PASSWORD) if data.get(CONF_BROKER) else ()


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Refuse what cannot act on the connection, and prefixes that no topic has."""
    errors: dict[str, str] = {}
    broker = settings.get(CONF_BROKER)
    certificate = settings.get(CONF_CA_CERTIFICATE)
    if broker is None:
        errors = {name: "not_with_own_broker" for name in _BROKER_FIELDS if name in settings}
        if not settings[CONF_VERIFY_SSL]:
            errors[CONF_VERIFY_SSL] = "not_with_own_broker"
    elif certificate and not broker.startswith("mqtts:"):
        errors[CONF_CA_CERTIFICATE] = "needs_mqtts"
    elif certificate and not settings[CONF_VERIFY_SSL]:
        errors[CONF_CA_CERTIFICATE] = "needs_verification"
    elif certificate and not is_certificate(certificate):
        errors[CONF_CA_CERTIFICATE] = "invalid_certificate"
    if not _is_prefix(settings[CONF_TOPIC_PREFIX]):
        errors[CONF_TOPIC_PREFIX] = "invalid_topic_prefix"
    return errors


def _is_prefix(prefix: str) -> bool:
    """Return whether topics may begin so: MQTT 5, section 4.7, and no empty level."""
    return (
        0 < len(prefix.encode(errors="replace")) <= _LONGEST_PREFIX
        and not prefix.startswith("$")
        and all(prefix.split("/"))
        and all(char.isprintable() and char not in "+#" for char in prefix)
    )


def _clean(settings: dict[str, Any]) -> dict[str, Any]:
    prefix = settings.get(CONF_TOPIC_PREFIX, "")
    cleaned = {**settings, CONF_QOS: int(settings[CONF_QOS]), CONF_TOPIC_PREFIX: prefix}
    if CONF_BROKER in settings:
        cleaned[CONF_BROKER] = with_scheme(settings[CONF_BROKER])
    return cleaned


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, CONF_QOS: str(values[CONF_QOS])}


MQTT: Final = DestinationKind(
    type="mqtt",
    model="MQTT",
    create=later(__package__, "entry", "async_create_mqtt"),
    remove=later(__package__, "entry", "async_remove_mqtt"),
    fields={
        vol.Optional(CONF_BROKER): TextSelector(),
        **LOGIN,
        vol.Required(CONF_VERIFY_SSL, default=True): YesNoSelector(),
        vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
        vol.Required(CONF_TOPIC_PREFIX, default="med_exporter"): TextSelector(),
        vol.Required(CONF_QOS, default="1"): choice(CONF_QOS, ["0", "1", "2"]),
        vol.Required(CONF_RETAIN, default=True): YesNoSelector(),
        vol.Required(CONF_DISCOVERY, default=False): YesNoSelector(),
    },
    test=_test,
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_USERNAME, CONF_PASSWORD),
    login_of=_login_of,
    example="mqtt://192.168.1.10:1883",
    address=CONF_BROKER,
    schemes=("mqtt", "mqtts"),
    allow_path=False,
    exists_at=CONF_TOPIC_PREFIX,
    mistakes=_mistakes,
    clean=_clean,
    shown=_shown,
    unusable=frozenset({"NO_MQTT_INTEGRATION"}),
)
