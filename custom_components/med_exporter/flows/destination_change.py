"""A destination's configuration as doors without a flow show and change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ID, CONF_NAME, CONF_TYPE
from homeassistant.helpers.selector import BooleanSelector, SelectSelector
from homeassistant.helpers.translation import async_get_translations

from ..answers import utc
from ..const import CONF_DATA, CONF_INTERVAL, DOMAIN
from ..destinations.base import DestinationError
from ..destinations.registry import DESTINATIONS
from ..destinations.settings import async_check, async_data, async_settings
from ..engine.outside import LONGEST_NAME
from ..errors import InvalidRequest
from ..history.history import DATA_HISTORY
from ..history.records import UNFINISHED, ExportKind, ExportStatus
from ..object_reader import INVALID_VALUE, ObjectReader, shown
from ..pushes.runtime import CONF_ENABLED
from ..vault import SecretLostError, async_decrypted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.selector import Selector

    from ..destinations.kind import DestinationKind

MASK: Final = "********"
"""Shown instead of a secret; sent back, it leaves the secret as it is."""

_LAST_EXPORT: Final = "last_export_at"
_CONFIG: Final = "config"
# What can be changed without another look at the server.
_LOCAL: Final = frozenset({CONF_INTERVAL, CONF_DATA})


async def async_export_config(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Return a destination as the document's `ExportConfig`, with its public id and its name.

    `last_export_at` is when its last run ended, UTC with `Z`; secrets are masked.
    """
    ended, _ = await hass.data[DATA_HISTORY].async_list(
        kind=ExportKind.PUSH,
        destination=entry.data[CONF_ID],
        status=set(ExportStatus) - UNFINISHED,
        limit=1,
    )
    return {
        "id": entry.data[CONF_ID],
        "name": entry.title,
        "type": entry.data[CONF_TYPE],
        "enabled": _is_enabled(entry),
        _CONFIG: _shown_config(entry),
        _LAST_EXPORT: utc(ended[0].completed_at) if ended else None,
    }


async def async_change_destination(hass: HomeAssistant, entry: ConfigEntry, body: object) -> None:
    """Change what the body names and nothing else.

    The body is an `ExportConfig` or a part of one. In `config`, a null takes a value away, and a
    masked secret stays. Where the server is another afterwards, or is reached otherwise, the
    connection is tried before anything is saved.

    Raises:
        InvalidRequest: the first mistake, with its field; nothing is changed then.

    """
    request = ObjectReader(body)
    name = request.label(CONF_NAME, LONGEST_NAME)
    enabled = request.boolean(CONF_ENABLED)
    config = request.take(_CONFIG)
    shown_now = await async_export_config(hass, entry)
    for key in (CONF_ID, CONF_TYPE, _LAST_EXPORT):
        asked = request.take(key)
        if asked is not None and asked != shown_now[key] and key != _LAST_EXPORT:
            raise InvalidRequest("READ_ONLY", "read_only", field=key)
    request.finish()

    changes: dict[str, Any] = {}
    if name is not None:
        changes["title"] = name
    if config is not None:
        changes |= await _async_config_changes(hass, entry, config)
    if enabled is not None and enabled != _is_enabled(entry):
        if entry.state is ConfigEntryState.LOADED:
            entry.runtime_data.set_enabled(enabled=enabled)
        else:
            changes["options"] = {**entry.options, CONF_ENABLED: enabled}
    if changes and hass.config_entries.async_update_entry(entry, **changes) and "data" in changes:
        hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_test_destination(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Test a destination's connection, also of one that is not loaded.

    Returns None, or the translation key of a remark. Raises DestinationError with the mistake.
    """
    if entry.state is ConfigEntryState.LOADED:
        remark: str | None = await entry.runtime_data.async_test()
        return remark
    try:
        settings = await async_decrypted(hass, entry.data, _kind_of(entry).secrets)
    except SecretLostError as err:
        raise DestinationError("secret_lost") from err
    return await _kind_of(entry).test(hass, settings)


async def _async_config_changes(
    hass: HomeAssistant, entry: ConfigEntry, value: object
) -> dict[str, Any]:
    """Return what changes in the config entry."""
    kind = _kind_of(entry)
    selectors = {str(marker): known for marker, known in kind.schema().schema.items()}
    given = _given(selectors, value, kind.secrets)
    # As the form shows it: secrets that are not named are missing, and stay.
    merged = kind.values(entry.data) | given
    merged = {key: one for key, one in merged.items() if one is not None}
    if missing := [
        str(marker)
        for marker in kind.schema(is_known=True).schema
        if isinstance(marker, vol.Required) and str(marker) not in merged
    ]:
        raise InvalidRequest("INVALID_REQUEST", "required", field=f"{_CONFIG}.{missing[0]}")
    settings = await async_settings(hass, kind, merged, entry)
    for key in kind.secrets & given.keys():
        if given[key] is None:
            settings.pop(key, None)
    data = await async_data(hass, kind, settings, entry)
    if not _differs(kind.secrets, entry, data, settings, given):
        return {}
    local = given.keys() <= _LOCAL
    if local and settings[CONF_DATA]:
        return {"data": data}
    finding = await async_check(hass, kind, settings, entry)
    for field, key in finding.errors.items():
        await _refuse(hass, field, key, finding.placeholders)
    return {"data": data, "unique_id": kind.unique_id(hass, settings)}


def _given(
    selectors: Mapping[str, Selector[Any]], value: object, secrets: Collection[str]
) -> dict[str, Any]:
    """Return the settings that are named, each as its form would give it."""
    if not isinstance(value, dict):
        raise InvalidRequest("INVALID_REQUEST", "not_an_object", field=_CONFIG)
    given: dict[str, Any] = {}
    for key, one in value.items():
        field = f"{_CONFIG}.{key}"
        if key not in selectors:
            raise InvalidRequest("INVALID_REQUEST", "unknown_field", field=shown(field))
        if key in secrets and one == MASK:
            continue
        given[key] = None if one is None else _selected(selectors[key], one, field)
    return given


def _selected(selector: Selector[Any], value: object, field: str) -> object:
    if isinstance(selector, BooleanSelector) and not isinstance(value, bool):
        raise InvalidRequest("INVALID_REQUEST", "not_a_boolean", field=field)
    if isinstance(selector, SelectSelector):
        many = selector.config.get("multiple", False)
        known = [str(option) for option in selector.config["options"]]
        if many and not isinstance(value, list):
            raise InvalidRequest("INVALID_REQUEST", "not_a_list", field=field)
        asked = value if isinstance(value, list) and many else [value]
        for one in asked:
            if isinstance(one, bool) or str(one) not in known:
                raise InvalidRequest(
                    INVALID_VALUE,
                    "not_one_of",
                    field=field,
                    value=shown(str(one)),
                    known=", ".join(known),
                )
        return list(dict.fromkeys(asked)) if many else str(value)
    try:
        return vol.Schema(selector)(value)
    except vol.Invalid as err:
        raise InvalidRequest("INVALID_REQUEST", "not_a_text", field=field) from err


def _differs(
    secrets: frozenset[str],
    entry: ConfigEntry,
    data: Mapping[str, Any],
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
) -> bool:
    """Return whether anything is to be stored; an encrypted secret never equals itself."""
    if secrets & given.keys():
        return True
    now = {key: value for key, value in entry.data.items() if key not in secrets}
    then = {key: value for key, value in data.items() if key not in secrets}
    return now != then or secrets & settings.keys() != secrets & entry.data.keys()


async def _refuse(
    hass: HomeAssistant, field: str, key: str, placeholders: Mapping[str, str]
) -> None:
    """Raise the mistake that a flow would show, in English as all of the API."""
    texts = await async_get_translations(hass, "en", "config", [DOMAIN])
    text = texts.get(f"component.{DOMAIN}.config.error.{key}", key)
    for name, value in placeholders.items():
        text = text.replace(f"{{{name}}}", value)
    code = key.removeprefix("destination_").upper()
    at = _CONFIG if field == "base" else f"{_CONFIG}.{field}"
    raise InvalidRequest(code, "invalid_setting", field=at, reason=text)


def _shown_config(entry: ConfigEntry) -> dict[str, Any]:
    hidden, secrets = {CONF_ID, CONF_TYPE}, _kind_of(entry).secrets
    return {
        key: MASK if key in secrets and value else value
        for key, value in entry.data.items()
        if key not in hidden
    }


def _is_enabled(entry: ConfigEntry) -> bool:
    return bool(entry.options.get(CONF_ENABLED, True)) and entry.disabled_by is None


def _kind_of(entry: ConfigEntry) -> DestinationKind:
    return DESTINATIONS[entry.data[CONF_TYPE]]
