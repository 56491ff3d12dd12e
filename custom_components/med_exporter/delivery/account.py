"""The mail accounts: config entries of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..const import EntryType
from ..entries.finding import entries_of_type
from ..errors import InvalidRequest
from ..object_reader import shown
from ..vault import async_settings_of
from .errors import DeliveryError
from .mail import Account, Security
from .ready import SECRETS, SIGNAL_ACCOUNT_READY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

CONF_SECURITY: Final = "security"
CONF_FROM: Final = "from"


def account_of(settings: Mapping[str, Any]) -> Account:
    """Return the account that settings in clear describe."""
    return Account(
        host=settings[CONF_HOST],
        port=int(settings[CONF_PORT]),
        security=Security(settings[CONF_SECURITY]),
        sender=settings[CONF_FROM],
        username=settings.get(CONF_USERNAME) or None,
        password=settings.get(CONF_PASSWORD) or None,
    )


type AccountEntry = ConfigEntry[Account]


async def async_setup_account(hass: HomeAssistant, entry: AccountEntry) -> Account:
    """Return the account of a config entry, which is its `runtime_data`.

    Raises ConfigEntryAuthFailed where the password can no longer be read.
    """
    account = account_of(await async_settings_of(hass, entry, SECRETS))
    entry.async_on_unload(entry.async_on_state_change(lambda: _tell_ready(hass, entry)))
    return account


def select_account(hass: HomeAssistant, name: str | None, field: str) -> AccountEntry:
    """Return the entry of the account with this id or name, or of the only one for None.

    Raises InvalidRequest at `field` where there is none, or several for None.
    """
    known = entries_of_type(hass, EntryType.EMAIL)
    if name is None:
        if len(known) == 1:
            return known[0]
        key = "several_accounts" if known else "no_account"
        raise InvalidRequest(key.upper(), key, field=field)
    for entry in known:
        if name in {entry.entry_id, entry.title}:
            return entry
    raise InvalidRequest("UNKNOWN_ACCOUNT", "unknown_account", field=field, name=shown(name))


def loaded_account(hass: HomeAssistant, entry_id: str) -> tuple[AccountEntry, Account]:
    """Return an account that is set up, with its entry.

    Raises DeliveryError where it is gone, or not loaded.
    """
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        raise DeliveryError("account_gone")
    if entry.state is not ConfigEntryState.LOADED:
        raise DeliveryError("account_not_loaded", name=entry.title)
    return entry, entry.runtime_data


@callback
def _tell_ready(hass: HomeAssistant, entry: AccountEntry) -> None:
    if entry.state is ConfigEntryState.LOADED:
        async_dispatcher_send(hass, SIGNAL_ACCOUNT_READY, entry.entry_id)
