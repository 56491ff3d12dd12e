"""Reading the plugs that a form names, with a login where they ask for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.components import network
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import CONF_HOSTS
from ..engine.object_reader import MOST_ITEMS
from ..metering.discovery import async_search, is_set_up
from ..sources.loading import async_load_kasa
from .joining import JoiningSteps
from .kasa_hosts import HostError, HostReader, Reading, clean_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from homeassistant.config_entries import ConfigEntry
    from kasa import Credentials

CREDENTIALS_FIELDS: Final = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
    ),
}


class KasaReadingSteps(JoiningSteps):
    """The base of steps that read hosts: what they say, and mistakes at the fields at fault."""

    _entry: ConfigEntry | None = None
    _found: dict[str, str] | None = None
    _measuring: Sequence[str] = ()
    _reading: Reading
    _placeholders: dict[str, str]

    def _no_errors(self) -> dict[str, str]:
        self._placeholders = {"host": "", "other": "", "limit": ""}
        return {}

    async def _read(self, user_input: Mapping[str, Any], errors: dict[str, str]) -> None:
        """Connect to all hosts and note the plugs found, or an error at the field at fault."""
        login = await self._login(user_input, errors)
        if not user_input[CONF_HOSTS]:
            errors[CONF_HOSTS] = "hosts_missing"
            return
        if len(user_input[CONF_HOSTS]) > MOST_ITEMS:
            # Each would be asked at once.
            errors[CONF_HOSTS] = "too_many_hosts"
            self._placeholders["limit"] = str(MOST_ITEMS)
            return
        try:
            addresses = clean_addresses(user_input[CONF_HOSTS])
        except ValueError as err:
            errors[CONF_HOSTS] = "invalid_host"
            self._placeholders["host"] = str(err)
            return
        if {CONF_USERNAME, CONF_PASSWORD} & errors.keys():
            return
        try:
            self._reading = await HostReader(self.hass, self._entry).read(addresses, login)
        except HostError as err:
            self._name_error(err, CONF_HOSTS, errors)
            return
        self._check_login(self._reading, login, errors)

    async def _log_in(self, user_input: Mapping[str, Any], errors: dict[str, str]) -> None:
        """Try a login at the hosts that wait for one."""
        login = await self._login(user_input, errors)
        if errors:
            return
        if login is None:
            errors[CONF_USERNAME] = "login_missing"
            self._placeholders["host"] = self._waiting_for_login()[0]
            return
        try:
            rest = await HostReader(self.hass, self._entry).read(self._waiting_for_login(), login)
            self._check_login(rest, login, errors)
            if not errors:
                self._reading.add(rest)
        except HostError as err:
            self._name_error(err, "base", errors)

    def _waiting_for_login(self) -> list[str]:
        """Return the hosts that cannot be added without a login; known ones keep their place."""
        known = {host["host"] for host in self._reading.hosts.values()}
        return [address for address in self._reading.refusing if address not in known]

    def _check_login(
        self, reading: Reading, login: Credentials | None, errors: dict[str, str]
    ) -> None:
        """Say that a login is wrong, if no host takes it and one refuses it."""
        declining = [*reading.refusing, *reading.declining]
        if login is not None and declining and not reading.took_login:
            errors[CONF_PASSWORD] = "invalid_auth"
            self._placeholders["host"] = declining[0]

    async def _login(
        self, user_input: Mapping[str, Any], errors: dict[str, str]
    ) -> Credentials | None:
        """Return the login that was entered."""
        username = user_input.get(CONF_USERNAME)
        password = user_input.get(CONF_PASSWORD)
        if bool(username) != bool(password):
            errors[CONF_PASSWORD if username else CONF_USERNAME] = "credentials_incomplete"
        if not username or not password:
            return None
        await async_load_kasa(self.hass)
        from kasa import Credentials  # noqa: PLC0415

        return Credentials(username, password)

    def _name_error(self, error: HostError, field: str, errors: dict[str, str]) -> None:
        errors[field] = error.code
        self._placeholders |= {"host": error.host, "other": error.other}

    async def _hosts_selector(self) -> SelectSelector:
        """Offer the plugs of the network that no integration has set up."""
        if self._found is None:
            targets = await network.async_get_ipv4_broadcast_addresses(self.hass)
            found = await async_search(self.hass, (str(target) for target in targets))
            new = [
                device
                for mac, device in found.items()
                if device.measures is not False
                and not device.is_plain
                and not is_set_up(self.hass, mac)
            ]
            self._found = {device.host: f"{device.name} ({device.host})" for device in new}
            # Of newer ones it is known only after a login.
            self._measuring = sorted(device.host for device in new if device.measures)
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=host, label=label)
                    for host, label in sorted(self._found.items())
                ],
                custom_value=True,
                multiple=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
