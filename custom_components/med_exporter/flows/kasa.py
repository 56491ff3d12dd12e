"""The flow of a metering point: its name and plugs, then the role of each plug."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.components import network
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
)
from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_TYPE, CONF_USERNAME
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify
from kasa import Credentials

from ..const import (
    CONF_HOSTS,
    CONF_PDL,
    CONF_PLUGS,
    CONF_RATED_POWER,
    CONF_ROLE,
    DOMAIN,
    EntryType,
    PlugRole,
)
from ..entries import entries_of_type
from ..metering.discovery import is_set_up
from ..sources.kasa import (
    DEFAULT_PORT,
    Connection,
    KasaError,
    KasaHost,
    search,
    split_host,
)
from ..sources.plug import PlugIdentity
from ..sources.session import kasa_session
from ..vault import SecretLostError, async_get_vault
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult

    from ..vault import Vault

# The French name of a metering point's id; a French one has 14 digits.
_PDL: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,32}")

# What a plug looks like that is switched off.
_OFFLINE: Final = frozenset({"name_not_resolved", "refused", "timed_out"})

CREDENTIALS_FIELDS: Final = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
    ),
}
_PLUG_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_ROLE, default=PlugRole.CONSUMPTION): SelectSelector(
            SelectSelectorConfig(
                options=list(PlugRole),
                mode=SelectSelectorMode.LIST,
                translation_key=CONF_ROLE,
            )
        ),
        vol.Optional(CONF_RATED_POWER): NumberSelector(
            NumberSelectorConfig(
                min=1, max=100_000, step="any", mode=NumberSelectorMode.BOX, unit_of_measurement="W"
            )
        ),
    }
)


class KasaSteps(Steps):
    """The steps that set up, change and repair a metering point."""

    _entry: ConfigEntry | None = None
    _found: dict[str, str] | None = None
    _data: dict[str, Any]
    _plugs: list[PlugIdentity]
    _asked: int = 0
    _placeholders: dict[str, str]
    _suggested: dict[str, Any] | None = None

    async def async_step_kasa(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the metering point and its plugs, and read them."""
        errors: dict[str, str] = {}
        self._placeholders = {"host": ""}
        if user_input is not None:
            pdl = user_input[CONF_PDL]
            _check_name(user_input, errors)
            if error := _pdl_error(self, pdl):
                errors[CONF_PDL] = error
            await self._read_plugs(user_input, errors)
            if not errors:
                await self.async_set_unique_id(slugify(pdl))
                self._data = {
                    CONF_TYPE: EntryType.KASA,
                    CONF_NAME: user_input[CONF_NAME],
                    CONF_PDL: pdl,
                    CONF_HOSTS: self._hosts,
                    CONF_PLUGS: {},
                }
                return await self.async_step_kasa_plug()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PDL): TextSelector(),
                vol.Required(CONF_HOSTS): await self._hosts_selector(),
                **CREDENTIALS_FIELDS,
            }
        )
        return self.async_show_form(
            step_id="kasa",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or self._suggested),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_kasa_plug(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the role and the rated power of one plug after the other."""
        if user_input is not None:
            identity = self._plugs[self._asked]
            self._asked += 1
            self._data[CONF_PLUGS][identity.plug_id] = {
                "name": identity.name,
                "mac": identity.mac,
                "child_id": identity.child_id,
                "model": identity.model,
                CONF_ROLE: user_input[CONF_ROLE],
                CONF_RATED_POWER: user_input.get(CONF_RATED_POWER),
            }
        if self._asked == len(self._plugs):
            return self._finish_kasa()
        identity = self._plugs[self._asked]
        known = self._entry.data[CONF_PLUGS].get(identity.plug_id) if self._entry else None
        return self.async_show_form(
            step_id="kasa_plug",
            data_schema=self.add_suggested_values_to_schema(_PLUG_SCHEMA, known),
            description_placeholders={
                "name": identity.name,
                "model": identity.model,
                "host": self._data[CONF_HOSTS][identity.mac]["host"],
                "number": str(self._asked + 1),
                "count": str(len(self._plugs)),
            },
        )

    async def async_step_kasa_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the name, the plugs and their roles; the pdl names entities and stays."""
        self._entry = entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        self._placeholders = {"host": ""}
        if user_input is not None:
            _check_name(user_input, errors)
            await self._read_plugs(user_input, errors)
            if not errors:
                self._data = {
                    **entry.data,
                    CONF_NAME: user_input[CONF_NAME],
                    CONF_HOSTS: self._hosts,
                    CONF_PLUGS: {},
                }
                return await self.async_step_kasa_plug()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_HOSTS): await self._hosts_selector(),
                **CREDENTIALS_FIELDS,
            }
        )
        suggested = {
            CONF_NAME: entry.title,
            CONF_HOSTS: [host["host"] for host in entry.data[CONF_HOSTS].values()],
        }
        return self.async_show_form(
            step_id="kasa_reconfigure",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or suggested),
            errors=errors,
            description_placeholders={**self._placeholders, "pdl": entry.data[CONF_PDL]},
        )

    async def async_step_kasa_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the credentials of newer plugs again."""
        self._entry = entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        self._placeholders = {"host": ""}
        if user_input is not None:
            known = entry.data[CONF_HOSTS]
            hosts = [host["host"] for host in known.values() if host["credentials_hash"]]
            await self._read_plugs({**user_input, CONF_HOSTS: hosts}, errors)
            if not errors:
                return self.async_update_reload_and_abort(
                    entry, data_updates={CONF_HOSTS: {**known, **self._hosts}}
                )
            # There is no field for the hosts here.
            errors = {"base" if key == CONF_HOSTS else key: code for key, code in errors.items()}
        return self.async_show_form(
            step_id="kasa_reauth",
            data_schema=vol.Schema(CREDENTIALS_FIELDS),
            errors=errors,
            description_placeholders={**self._placeholders, "name": entry.title},
        )

    def _finish_kasa(self) -> ConfigFlowResult:
        title = self._data[CONF_NAME]
        self._end_offers()
        if self._entry is None:
            return self.async_create_entry(title=title, data=self._data)
        is_joined = self.source != SOURCE_RECONFIGURE
        return self.async_update_reload_and_abort(
            self._entry,
            title=title,
            data=self._data,
            reason="plug_added" if is_joined else "reconfigure_successful",
        )

    def _end_offers(self) -> None:
        """End the flows that offer a discovered plug which is now set up."""
        macs = {dr.format_mac(mac) for mac in self._data[CONF_HOSTS]}
        for flow in self.hass.config_entries.flow.async_progress_by_handler(DOMAIN):
            if flow["flow_id"] != self.flow_id and flow["context"].get("unique_id") in macs:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    async def _read_plugs(self, user_input: Mapping[str, Any], errors: dict[str, str]) -> None:
        """Connect to all hosts and note the plugs found, or an error at the field at fault."""
        if not user_input[CONF_HOSTS]:
            errors[CONF_HOSTS] = "hosts_missing"
            return
        try:
            addresses = _addresses(user_input[CONF_HOSTS])
        except ValueError as err:
            errors[CONF_HOSTS] = "invalid_host"
            self._placeholders["host"] = str(err)
            return
        username, password = user_input.get(CONF_USERNAME), user_input.get(CONF_PASSWORD)
        if bool(username) != bool(password):
            errors[CONF_USERNAME if not username else CONF_PASSWORD] = "credentials_incomplete"
            return
        credentials = Credentials(username, password) if username and password else None
        answers = await asyncio.gather(
            *(self._read_host(host, credentials) for host in addresses), return_exceptions=True
        )
        self._hosts: dict[str, dict[str, Any]] = {}
        self._plugs = []
        for answer in answers:
            if isinstance(answer, KasaError):
                self._placeholders["host"] = answer.host
                field = CONF_PASSWORD if answer.code == "invalid_auth" else CONF_HOSTS
                errors[field] = answer.code
                return
            if isinstance(answer, BaseException):
                raise answer
            host, identities = answer
            mac = identities[0].mac
            if mac in self._hosts or self._is_taken(mac):
                self._placeholders["host"] = host["host"]
                errors[CONF_HOSTS] = "plug_taken"
                return
            self._hosts[mac] = host
            self._plugs += identities

    async def _read_host(
        self, address: str, credentials: Credentials | None
    ) -> tuple[dict[str, Any], list[PlugIdentity]]:
        """Return what is stored of a host, and the plugs behind it. Raises KasaError."""
        vault = await async_get_vault(self.hass)
        stored = self._entry.data[CONF_HOSTS].values() if self._entry else ()
        known = next((host for host in stored if host["host"] == address), None)
        connection = Connection(host=address)
        if known is not None and credentials is None:
            connection = _known_connection(known, vault)
        link = KasaHost(connection, lambda: kasa_session(self.hass))
        try:
            await link.connect(credentials)
            today = dt_util.now().date()
            identities = [sample.identity for sample in await link.poll(today)]
        except KasaError as err:
            if known is None or err.code not in _OFFLINE or self.source == SOURCE_REAUTH:
                raise
            # A plug that is set up may be off while something else is changed.
            return known, self._known_identities(known)
        finally:
            await link.close()
        return {
            **link.connection.to_stored(vault),
            "firmware": identities[0].firmware,
            "hardware": identities[0].hardware,
        }, identities

    def _known_identities(self, host: dict[str, Any]) -> list[PlugIdentity]:
        assert self._entry is not None
        hosts, plugs = self._entry.data[CONF_HOSTS], self._entry.data[CONF_PLUGS]
        return [
            PlugIdentity(
                plug_id=plug_id,
                mac=plug["mac"],
                child_id=plug["child_id"],
                name=plug["name"],
                model=plug["model"],
                firmware=host["firmware"],
                hardware=host["hardware"],
            )
            for plug_id, plug in plugs.items()
            if hosts[plug["mac"]] is host
        ]

    def _is_taken(self, mac: str) -> bool:
        return any(
            mac in entry.data[CONF_HOSTS]
            for entry in entries_of_type(self.hass, EntryType.KASA)
            if entry is not self._entry
        )

    async def _hosts_selector(self) -> SelectSelector:
        """Offer the plugs of the network that no integration has set up."""
        if self._found is None:
            targets = await network.async_get_ipv4_broadcast_addresses(self.hass)
            found = await search(str(target) for target in targets)
            self._found = {
                host: f"{device.alias or device.model} ({host})"
                for mac, (host, device) in found.items()
                if not is_set_up(self.hass, mac)
            }
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


def _pdl_error(flow: Steps, pdl: str) -> str | None:
    if not _PDL.fullmatch(pdl):
        return "invalid_pdl"
    taken = {slugify(entry.data[CONF_PDL]) for entry in entries_of_type(flow.hass, EntryType.KASA)}
    return "pdl_taken" if slugify(pdl) in taken else None


def _check_name(user_input: Mapping[str, Any], errors: dict[str, str]) -> None:
    if not user_input[CONF_NAME].strip():
        errors[CONF_NAME] = "name_missing"


def _known_connection(known: dict[str, Any], vault: Vault) -> Connection:
    """Return the stored connection, without its secret where the key to it was lost."""
    try:
        return Connection.from_stored(known, vault)
    except SecretLostError:
        return Connection(host=known["host"])


def _addresses(hosts: list[str]) -> list[str]:
    """Return each host once, without the usual port. Raises ValueError with the one at fault."""
    addresses = []
    for text in hosts:
        host, port = split_host(text)
        addresses.append(host if port in (None, DEFAULT_PORT) else f"{host}:{port}")
    return list(dict.fromkeys(addresses))
