"""Secrets are encrypted with a key in an owner-only file of its own."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.med_exporter.vault import (
    SecretLostError,
    async_encrypted,
    async_get_vault,
    async_with_kept,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from homeassistant.core import HomeAssistant


@pytest.fixture
def key_file(hass: HomeAssistant, tmp_path: Path) -> Path:
    hass.config.config_dir = str(tmp_path)
    return tmp_path / ".storage" / "med_exporter.key"


async def test_a_secret_comes_back(hass: HomeAssistant, key_file: Path) -> None:
    vault = await async_get_vault(hass)
    token = vault.encrypt("pässword")
    assert "pässword" not in token
    assert vault.decrypt(token) == "pässword"


async def test_the_key_is_its_owners_alone(hass: HomeAssistant, key_file: Path) -> None:
    await async_get_vault(hass)
    status = await hass.async_add_executor_job(key_file.stat)
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


async def test_two_callers_at_once_get_the_same_key(hass: HomeAssistant, key_file: Path) -> None:
    one, other = await asyncio.gather(async_get_vault(hass), async_get_vault(hass))
    assert other.decrypt(one.encrypt("secret")) == "secret"


async def test_the_key_outlives_home_assistant(hass: HomeAssistant, key_file: Path) -> None:
    token = (await async_get_vault(hass)).encrypt("secret")
    async with async_test_home_assistant(config_dir=str(key_file.parents[1])) as later:
        assert (await async_get_vault(later)).decrypt(token) == "secret"
        await later.async_stop(force=True)


@pytest.mark.parametrize("damage", [b"", b"not a key"])
async def test_a_damaged_key_is_replaced_and_its_secrets_are_lost(
    hass: HomeAssistant, key_file: Path, damage: bytes
) -> None:
    token = (await async_get_vault(hass)).encrypt("secret")
    await hass.async_add_executor_job(key_file.write_bytes, damage)
    async with async_test_home_assistant(config_dir=str(key_file.parents[1])) as later:
        vault = await async_get_vault(later)
        with pytest.raises(SecretLostError):
            vault.decrypt(token)
        assert vault.decrypt(vault.encrypt("another")) == "another"
        await later.async_stop(force=True)


@pytest.mark.parametrize("token", ["", "no token", "gAAAAA"])
async def test_what_is_no_token_is_a_lost_secret(
    hass: HomeAssistant, key_file: Path, token: str
) -> None:
    vault = await async_get_vault(hass)
    with pytest.raises(SecretLostError):
        vault.decrypt(token)


def server(values: Mapping[str, Any]) -> object:
    return values.get("username"), values["host"]


@pytest.mark.parametrize(
    ("entered", "password"),
    [
        ({"host": "a", "username": "me"}, "planted"),
        ({"host": "a", "username": "me", "password": ""}, "planted"),
        ({"host": "a", "username": "me", "password": "new"}, "new"),
        ({"host": "b", "username": "me"}, None),
        ({"host": "a", "username": "you"}, None),
        ({"host": "a"}, None),
    ],
)
async def test_a_secret_left_empty_stays_where_it_goes_to_the_same_place_for_the_same_user(
    hass: HomeAssistant, key_file: Path, entered: dict[str, str], password: str | None
) -> None:
    clear = {"host": "a", "username": "me", "password": "planted"}
    stored = await async_encrypted(hass, clear, {"password"})
    kept = await async_with_kept(hass, entered, stored, {"password"}, server)
    assert kept == entered | ({} if password is None else {"password": password})


async def test_a_secret_that_can_no_longer_be_read_is_missing(
    hass: HomeAssistant, key_file: Path
) -> None:
    stored = {"host": "a", "password": Fernet(Fernet.generate_key()).encrypt(b"x").decode()}
    kept = await async_with_kept(hass, {"host": "a"}, stored, {"password"}, server)
    assert kept == {"host": "a"}
