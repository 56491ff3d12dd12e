"""Secrets at rest: encrypted with a key that has a file of its own, and as entries hold them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from homeassistant.core import callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_KEY_FILE = f"{DOMAIN}.key"
_DATA_VAULT: HassKey[asyncio.Future[Fernet]] = HassKey(f"{DOMAIN}_vault")


class SecretLostError(Exception):
    """The key no longer fits what it once encrypted; the secret has to be asked for again."""


class Vault:
    """Encrypt and decrypt secrets with Fernet, so that a config entry never holds one in clear.

    The key is made once, readable by its owner only, inside Home Assistant's storage, where a
    backup finds it.
    """

    def __init__(self, fernet: Fernet) -> None:
        self._fernet = fernet

    def encrypt(self, secret: str) -> str:
        """Return the secret as a token that may be stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the secret behind a token.

        Raises SecretLostError where the key is not the one it was encrypted with.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as err:
            raise SecretLostError from err


@callback
def forget_vault(hass: HomeAssistant) -> None:
    """Forget the key, whose file is gone; the next secret gets a new one."""
    hass.data.pop(_DATA_VAULT, None)


async def async_get_vault(hass: HomeAssistant) -> Vault:
    """Return the vault of this installation, with a new key where there is none."""
    if (opening := hass.data.get(_DATA_VAULT)) is None:
        path = Path(hass.config.path(STORAGE_DIR, _KEY_FILE))
        opening = hass.data[_DATA_VAULT] = hass.async_add_executor_job(_fernet, path)
    return Vault(await asyncio.shield(opening))


def _fernet(path: Path) -> Fernet:
    """Read the key, or make a new one where it is missing or damaged."""
    try:
        return Fernet(path.read_bytes().strip())
    except (FileNotFoundError, ValueError):
        key = Fernet.generate_key()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        os.fsync(file.fileno())
    part.replace(path)
    return Fernet(key)


async def async_encrypted(
    hass: HomeAssistant, settings: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any]:
    """Return settings as they may be stored; `secrets` names those that are."""
    vault = await async_get_vault(hass)
    return {
        key: vault.encrypt(value) if key in secrets and value else value
        for key, value in settings.items()
    }


async def async_decrypted(
    hass: HomeAssistant, data: Mapping[str, Any], secrets: Collection[str]
) -> dict[str, Any]:
    """Return the stored data of an entry in clear. Raises SecretLostError."""
    vault = await async_get_vault(hass)
    return {
        key: vault.decrypt(value) if key in secrets and value else value
        for key, value in data.items()
    }


async def async_with_kept(
    hass: HomeAssistant,
    settings: Mapping[str, Any],
    stored: Mapping[str, Any],
    secrets: Collection[str],
    whose: Callable[[Mapping[str, Any]], object],
) -> dict[str, Any]:
    """Return settings in clear, with the stored secrets that a form has left empty and that stay.

    They stay if they go to the same place for the same user. One that can no longer be read does
    not: it is missing then, and asked for.

    Args:
        hass: Home Assistant.
        settings: what was entered, in clear.
        stored: what the entry has, its secrets encrypted.
        secrets: the fields that may stay.
        whose: tells of settings or of what is stored whose secrets they are, and where they go.

    """
    if whose(settings) != whose(stored):
        return dict(settings)
    kept = {key: stored[key] for key in secrets if stored.get(key) and not settings.get(key)}
    try:
        return {**settings, **await async_decrypted(hass, kept, secrets)}
    except SecretLostError:
        return dict(settings)


async def async_settings_of(
    hass: HomeAssistant, entry: ConfigEntry, secrets: Collection[str]
) -> dict[str, Any]:
    """Return the settings of an entry in clear, for its set-up.

    Raises ConfigEntryAuthFailed where a secret can no longer be read, so that it is asked for.
    """
    try:
        return await async_decrypted(hass, entry.data, secrets)
    except SecretLostError as err:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="secret_lost"
        ) from err
