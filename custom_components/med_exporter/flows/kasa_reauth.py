"""Logging in again to the plugs of a metering point that refuse the login they had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.const import CONF_USERNAME

from ..const import CONF_HOSTS
from ..metering.metering_point import MeteringPoint
from .kasa import KasaSteps
from .kasa_hosts import HostError, HostReader
from .kasa_reading import CREDENTIALS_FIELDS

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult


class KasaReauthSteps(KasaSteps):
    """The step that asks for logins until no host refuses; what one takes is kept at once."""

    _refusing: list[str] | None = None

    async def async_step_kasa_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a login of the hosts that refuse; each may belong to another account."""
        self._entry = entry = self._get_reauth_entry()
        if self._refusing is None:
            self._refusing = _refusing_login(entry)
        errors = self._no_errors()
        if user_input is not None:
            is_done = await self._renew(entry, user_input, errors)
            if is_done:
                return self.async_update_reload_and_abort(entry, reason="reauth_successful")
        return self.async_show_form(
            step_id="kasa_reauth",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(CREDENTIALS_FIELDS), user_input if errors else None
            ),
            errors=errors,
            description_placeholders={
                **self._placeholders,
                "name": entry.title,
                "hosts": ", ".join(self._refusing),
            },
        )

    async def _renew(
        self, entry: ConfigEntry, user_input: dict[str, Any], errors: dict[str, str]
    ) -> bool:
        """Try a login at all hosts, keep what came of it, and return whether none refuses."""
        login = await self._login(user_input, errors)
        if errors:
            return False
        assert self._refusing is not None
        if login is None:
            errors[CONF_USERNAME] = "login_missing"
            self._placeholders["host"] = ", ".join(self._refusing)
            return False
        known = entry.data[CONF_HOSTS]
        addresses = [host["host"] for host in known.values()]
        try:
            reading = await HostReader(self.hass, entry).read(
                addresses, login, distrusted=self._refusing
            )
        except HostError as err:
            self._name_error(err, "base", errors)
            return False
        self._refusing = list(reading.refusing)
        if reading.refusing:
            self._check_login(reading, login, errors)
        if not errors:
            self.hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_HOSTS: {**known, **reading.hosts}}
            )
        return not reading.refusing and not errors


def _refusing_login(entry: ConfigEntry) -> list[str]:
    """Return the hosts that refused; where that is not known, all that have a login."""
    hosts = entry.data[CONF_HOSTS].values()
    point = getattr(entry, "runtime_data", None)
    refusing = point.coordinator.refusing_login() if isinstance(point, MeteringPoint) else []
    return refusing or [host["host"] for host in hosts if host["credentials_hash"]]
