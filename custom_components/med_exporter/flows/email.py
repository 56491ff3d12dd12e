"""The flow of a mail account: it logs in before it saves, and names each mistake at its field."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_TYPE, CONF_USERNAME
from homeassistant.helpers.selector import TextSelector

from ..const import EntryType
from ..delivery.account import CONF_FROM, CONF_SECURITY, account_of
from ..delivery.errors import DeliveryError
from ..delivery.mail import DEFAULT_PORTS, Security, async_test_account
from ..delivery.ready import SECRETS
from ..delivery.request import is_address
from ..entries.finding import entries_of_type
from ..form_fields import LOGIN, WholeSelector, choice, entered
from ..vault import async_encrypted, async_with_kept
from ..web.address import is_host
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
    from homeassistant.helpers.selector import Selector

_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_FIELDS: Final[dict[vol.Marker, Selector[Any]]] = {
    vol.Required(CONF_HOST): TextSelector(),
    vol.Required(CONF_SECURITY, default=Security.STARTTLS.value): choice(
        CONF_SECURITY, [str(one) for one in Security]
    ),
    vol.Optional(CONF_PORT): WholeSelector(1, 65_535),
    **LOGIN,
    vol.Required(CONF_FROM): TextSelector(),
}


class EmailSteps(Steps):
    """The steps that set up, change and repair a mail account."""

    async def async_step_email(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new account."""
        return await self._form("email", _FIELDS, user_input)

    async def async_step_email_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change an account; a password that is left empty stays."""
        return await self._form("email_reconfigure", _FIELDS, user_input)

    async def async_step_email_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the login again, and for nothing else."""
        return await self._form("email_reauth", LOGIN, user_input)

    async def _form(
        self,
        step: str,
        fields: Mapping[vol.Marker, Selector[Any]],
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        entry = self.entry
        known = {} if entry is None else dict(entry.data)
        errors: dict[str, str] = {}
        placeholders = {"name": "" if entry is None else entry.title}
        if user_input is not None:
            asked = {str(marker) for marker in fields}
            rest = {key: known[key] for key in known if key not in {*asked, CONF_TYPE}}
            settings = await self._settings({**rest, **user_input}, entry)
            errors = self._mistakes(settings, entry)
            if not errors:
                try:
                    await async_test_account(self.hass, account_of(settings))
                except DeliveryError as err:
                    placeholders |= err.translation_placeholders or {}
                    errors[err.field if err.field in asked else "base"] = err.key
            if not errors:
                return await self._save(settings, entry)
        shown = user_input or {key: known[key] for key in known if key != CONF_PASSWORD}
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(dict(fields)), shown),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _settings(
        self, given: Mapping[str, Any], entry: ConfigEntry | None
    ) -> dict[str, Any]:
        """Return the settings in clear, without what was left empty.

        A password that is left empty stays, if it goes to the same server for the same user, as
        well hidden as before.
        """
        settings = entered(given)
        security = Security(settings[CONF_SECURITY])
        settings[CONF_PORT] = settings.get(CONF_PORT) or DEFAULT_PORTS[security]
        if entry is None or self.source == SOURCE_REAUTH:
            return settings
        return await async_with_kept(self.hass, settings, entry.data, SECRETS, _whose)

    def _mistakes(self, settings: Mapping[str, Any], entry: ConfigEntry | None) -> dict[str, str]:
        """Return what is wrong with the settings as such, by field."""
        errors: dict[str, str] = {}
        host = settings.get(CONF_HOST, "")
        if not host:
            errors[CONF_HOST] = "field_missing"
        elif not (_HOST.fullmatch(host) and is_host(host)):
            errors[CONF_HOST] = "invalid_mail_host"
        username, password = settings.get(CONF_USERNAME), settings.get(CONF_PASSWORD)
        if password and not username:
            errors[CONF_USERNAME] = "username_missing"
        if username and not password:
            errors[CONF_PASSWORD] = "field_missing"
        sender = settings.get(CONF_FROM, "")
        if not sender.isprintable() or not is_address(parseaddr(sender)[1]):
            errors[CONF_FROM] = "invalid_mail_address"
        others = (
            one
            for one in entries_of_type(self.hass, EntryType.EMAIL)
            if entry is None or one.entry_id != entry.entry_id
        )
        if any(one.unique_id == _unique_id(settings) for one in others) and not errors:
            errors[CONF_USERNAME if username else CONF_HOST] = "mail_account_exists"
        return errors

    async def _save(self, settings: dict[str, Any], entry: ConfigEntry | None) -> ConfigFlowResult:
        unique_id = _unique_id(settings)
        data = {
            **await async_encrypted(self.hass, settings, SECRETS),
            CONF_TYPE: EntryType.EMAIL.value,
        }
        if entry is not None:
            return self.async_update_reload_and_abort(entry, unique_id=unique_id, data=data)
        await self.async_set_unique_id(unique_id)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=parseaddr(settings[CONF_FROM])[1], data=data)


def _unique_id(settings: Mapping[str, Any]) -> str:
    who = settings.get(CONF_USERNAME) or parseaddr(settings.get(CONF_FROM, ""))[1]
    return f"email {settings.get(CONF_HOST, '').lower()} {who}"


def _whose(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return whose password it is, and how it goes there: to a port may listen anyone."""
    return tuple(settings.get(key) for key in (CONF_USERNAME, CONF_HOST, CONF_PORT, CONF_SECURITY))
