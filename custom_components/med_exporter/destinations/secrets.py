"""The secrets of a destination: which fields they are, and how they come out of its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_API_KEY, CONF_PASSWORD, CONF_TOKEN
from homeassistant.exceptions import ConfigEntryAuthFailed

from ..const import DOMAIN
from ..vault import SecretLostError, async_get_vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

SECRETS: Final = frozenset({CONF_PASSWORD, CONF_TOKEN, CONF_API_KEY})
"""The fields of destinations whose values are stored encrypted, and shown to nobody."""


async def async_encrypted(hass: HomeAssistant, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they may be stored."""
    vault = await async_get_vault(hass)
    return {
        key: vault.encrypt(value) if key in SECRETS and value else value
        for key, value in settings.items()
    }


async def async_decrypted(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored data of an entry in clear. Raises SecretLostError."""
    vault = await async_get_vault(hass)
    return {
        key: vault.decrypt(value) if key in SECRETS and value else value
        for key, value in data.items()
    }


async def async_settings_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Return the settings of a destination in clear, for its set-up.

    Raises ConfigEntryAuthFailed where a secret can no longer be read, so that it is asked for.
    """
    try:
        return await async_decrypted(hass, entry.data)
    except SecretLostError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="secret_lost"
        ) from err
