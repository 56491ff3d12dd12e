"""The flow of an MQTT destination: where the broker is, and what goes there how."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlow, ConfigFlowResult
from homeassistant.const import (
    CONF_ID,
    CONF_PASSWORD,
    CONF_TYPE,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import (
    CONF_BROKER,
    CONF_CA_CERTIFICATE,
    CONF_DATA,
    CONF_INTERVAL,
    CONF_QOS,
    CONF_RETAIN,
    CONF_TOPIC_PREFIX,
    DataType,
    EntryType,
)
from ..destinations.base import DestinationError
from ..destinations.mqtt import async_test_broker
from ..destinations.mqtt_client import is_certificate
from ..destinations.mqtt_entry import broker_of, publishing_of
from ..entries import entries_of_type
from ..vault import SecretLostError, async_get_vault
from .urls import InvalidUrlError, check_url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from homeassistant.config_entries import ConfigEntry

    from ..destinations.mqtt_client import Broker

INTERVALS: Final = (15, 30, 60, 360, 1440)
_DEFAULT_INTERVAL: Final = 60
_LONGEST_PREFIX: Final = 200
_BROKER_FIELDS: Final = (CONF_USERNAME, CONF_PASSWORD, CONF_CA_CERTIFICATE)

_LOGIN: Final = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
    ),
}


def _choice(name: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=multiple,
            mode=SelectSelectorMode.LIST if multiple else SelectSelectorMode.DROPDOWN,
            translation_key=name,
        )
    )


_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_BROKER): TextSelector(),
        **_LOGIN,
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
        vol.Required(CONF_TOPIC_PREFIX, default="med_exporter"): TextSelector(),
        vol.Required(CONF_QOS, default="1"): _choice(CONF_QOS, ["0", "1", "2"]),
        vol.Required(CONF_RETAIN, default=True): BooleanSelector(),
        vol.Required(CONF_INTERVAL, default=str(_DEFAULT_INTERVAL)): _choice(
            CONF_INTERVAL, [str(minutes) for minutes in INTERVALS]
        ),
        vol.Required(CONF_DATA, default=list(DataType)): _choice(
            CONF_DATA, list(DataType), multiple=True
        ),
    }
)


class MqttFlow(ConfigFlow):
    """The steps that set up, change and repair an MQTT destination."""

    _mqtt_settings: dict[str, Any]
    _mqtt_placeholders: dict[str, str]

    # Home Assistant gives this name to discoveries over MQTT, which this integration has none of.
    async def async_step_mqtt(  # type: ignore[override]
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self._mqtt_form("mqtt", user_input, {})

    async def async_step_mqtt_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a destination."""
        data = self._get_reconfigure_entry().data
        shown = {key: value for key, value in data.items() if key != CONF_PASSWORD}
        shown |= {CONF_QOS: str(data[CONF_QOS]), CONF_INTERVAL: str(data[CONF_INTERVAL])}
        return await self._mqtt_form("mqtt_reconfigure", user_input, shown)

    async def async_step_mqtt_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the login again."""
        entry = self._get_reauth_entry()
        # The login of Home Assistant's own broker is repaired in its own integration.
        schema = vol.Schema(_LOGIN if entry.data.get(CONF_BROKER) else {})
        errors: dict[str, str] = {}
        self._mqtt_placeholders = _placeholders(entry.title)
        if user_input is not None:
            settings = _without_login(entry.data) | _given(user_input)
            await self._mqtt_test(settings, errors, {str(key) for key in schema.schema})
            if not errors:
                return self.async_update_reload_and_abort(
                    entry, data=await self._mqtt_data(settings)
                )
        suggested = {CONF_USERNAME: entry.data.get(CONF_USERNAME, "")}
        return self.async_show_form(
            step_id="mqtt_reauth",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or suggested),
            errors=errors,
            description_placeholders=self._mqtt_placeholders,
        )

    async def async_step_mqtt_unverified(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that nobody can tell whether publishing is allowed, and save all the same."""
        if user_input is not None:
            return await self._mqtt_save()
        return self.async_show_form(
            step_id="mqtt_unverified", description_placeholders=self._mqtt_placeholders
        )

    async def _mqtt_form(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        self._mqtt_placeholders = _placeholders()
        if user_input is not None:
            settings = await self._mqtt_settings_of(user_input)
            remark = await self._mqtt_check(settings, errors)
            if not errors:
                self._mqtt_settings = settings
                if remark is not None:
                    return await self.async_step_mqtt_unverified()
                return await self._mqtt_save()
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, user_input or shown),
            errors=errors,
            description_placeholders=self._mqtt_placeholders,
        )

    async def _mqtt_settings_of(self, user_input: dict[str, Any]) -> dict[str, Any]:
        """Return the settings in clear; an empty password keeps that of the same user."""
        settings = _given(user_input)
        settings[CONF_QOS] = int(settings[CONF_QOS])
        settings[CONF_INTERVAL] = int(settings[CONF_INTERVAL])
        settings[CONF_TOPIC_PREFIX] = settings.get(CONF_TOPIC_PREFIX, "")
        if self.source == SOURCE_RECONFIGURE and CONF_PASSWORD not in settings:
            data = self._get_reconfigure_entry().data
            known = data.get(CONF_PASSWORD)
            if known and settings.get(CONF_USERNAME) == data.get(CONF_USERNAME):
                vault = await async_get_vault(self.hass)
                try:
                    settings[CONF_PASSWORD] = vault.decrypt(known)
                except SecretLostError:
                    settings.pop(CONF_PASSWORD, None)
        return settings

    async def _mqtt_check(self, settings: dict[str, Any], errors: dict[str, str]) -> str | None:
        """Note the first mistake at its field, or return the remark of the connection test."""
        errors.update(_mistakes(settings))
        if errors:
            return None
        try:
            unique_id = _unique_id(broker_of(self.hass, settings), settings)
        except DestinationError as err:
            errors[err.field or "base"] = err.key
            return None
        own = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        for entry in entries_of_type(self.hass, EntryType.MQTT):
            if entry.unique_id == unique_id and entry is not own:
                self._mqtt_placeholders["name"] = entry.title
                errors[CONF_TOPIC_PREFIX] = "destination_exists"
                return None
        return await self._mqtt_test(settings, errors, {str(key) for key in _SCHEMA.schema})

    async def _mqtt_test(
        self, settings: dict[str, Any], errors: dict[str, str], fields: Collection[str]
    ) -> str | None:
        """Try the connection; note its mistake where the form has the field, else at its top."""
        try:
            return await async_test_broker(broker_of(self.hass, settings), publishing_of(settings))
        except DestinationError as err:
            self._mqtt_placeholders |= err.translation_placeholders or {}
            field = err.field or "base"
            if not settings.get(CONF_BROKER) and field in _BROKER_FIELDS:
                field = CONF_BROKER
            errors[field if field in fields else "base"] = err.key
            return None

    async def _mqtt_save(self) -> ConfigFlowResult:
        settings = self._mqtt_settings
        broker = broker_of(self.hass, settings)
        unique_id = _unique_id(broker, settings)
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            return self.async_update_reload_and_abort(
                entry, unique_id=unique_id, data=await self._mqtt_data(settings, entry)
            )
        await self.async_set_unique_id(unique_id)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(
            title=self._mqtt_title(broker, settings), data=await self._mqtt_data(settings)
        )

    async def _mqtt_data(
        self, settings: dict[str, Any], entry: ConfigEntry | None = None
    ) -> dict[str, Any]:
        """Return what is stored: the password encrypted, and a public id that stays."""
        data = dict(settings)
        if password := data.get(CONF_PASSWORD):
            data[CONF_PASSWORD] = (await async_get_vault(self.hass)).encrypt(password)
        known = data if entry is None else entry.data
        data[CONF_ID] = known.get(CONF_ID) or str(uuid.uuid4())
        data[CONF_TYPE] = EntryType.MQTT.value
        return data

    def _mqtt_title(self, broker: Broker, settings: dict[str, Any]) -> str:
        title = f"MQTT {broker.host}"
        taken = {entry.title for entry in entries_of_type(self.hass, EntryType.MQTT)}
        return f"{title} {settings[CONF_TOPIC_PREFIX]}" if title in taken else title


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the settings as such, by field."""
    errors = _broker_mistakes(settings)
    if settings.get(CONF_PASSWORD) and not settings.get(CONF_USERNAME):
        errors.setdefault(CONF_USERNAME, "username_missing")
    if not _is_prefix(settings[CONF_TOPIC_PREFIX]):
        errors[CONF_TOPIC_PREFIX] = "invalid_topic_prefix"
    if not settings[CONF_DATA]:
        errors[CONF_DATA] = "no_data"
    return errors


def _broker_mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Check the address, and refuse what cannot act on a connection to it."""
    broker = settings.get(CONF_BROKER)
    certificate = settings.get(CONF_CA_CERTIFICATE)
    errors: dict[str, str] = {}
    idle: tuple[str, ...]
    if broker is None:
        idle, reason = (*_BROKER_FIELDS, CONF_VERIFY_SSL), "not_with_own_broker"
    else:
        try:
            check_url(broker, ("mqtt", "mqtts"), allow_path=False)
        except InvalidUrlError as err:
            return {CONF_BROKER: err.code}
        idle, reason = (CONF_CA_CERTIFICATE, CONF_VERIFY_SSL), "needs_mqtts"
    if broker is None or not broker.startswith("mqtts:"):
        changed = {**settings, CONF_VERIFY_SSL: not settings[CONF_VERIFY_SSL]}
        errors = {field: reason for field in idle if changed.get(field)}
    elif certificate and not settings[CONF_VERIFY_SSL]:
        errors[CONF_CA_CERTIFICATE] = "needs_verification"
    elif certificate and not is_certificate(certificate):
        errors[CONF_CA_CERTIFICATE] = "invalid_certificate"
    return errors


def _is_prefix(prefix: str) -> bool:
    """Return whether topics may begin so: MQTT 5, section 4.7, and no empty level."""
    return (
        0 < len(prefix.encode(errors="replace")) <= _LONGEST_PREFIX
        and not prefix.startswith("$")
        and all(prefix.split("/"))
        and all(char.isprintable() and char not in "+#" for char in prefix)
    )


def _unique_id(broker: Broker, settings: Mapping[str, Any]) -> str:
    return f"mqtt://{broker.address.lower()}/{settings[CONF_TOPIC_PREFIX]}"


def _given(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the user filled in; a password keeps its spaces."""
    stripped = {
        key: value.strip() if isinstance(value, str) and key != CONF_PASSWORD else value
        for key, value in user_input.items()
    }
    return {key: value for key, value in stripped.items() if value != ""}


def _without_login(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in data if key not in {CONF_USERNAME, CONF_PASSWORD}}


def _placeholders(name: str = "") -> dict[str, str]:
    """Return a value for everything that an error text may name."""
    empty = dict.fromkeys(("host", "reason", "seconds", "topic", "qos"), "")
    return {**empty, "name": name, "example": "mqtt://192.168.1.10:1883"}
