"""The flow of the grid: an account at RTE, or none, and which servers to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_TYPE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType

from ..const import CONF_ADDRESSES, EntryType
from ..form_fields import entered, secret_text, secrets_in
from ..grid.servers import GridAddresses, async_probe
from ..sources.rte import RTE_ADDRESS, RteCredentials
from ..vault import async_encrypted, async_with_kept
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult

TITLE: Final = "Tempo & EcoWatt"

_PORTAL: Final = "https://data.rte-france.com"
_NOT_SUBSCRIBED: Final = "not_subscribed"
# As RTE's catalogue names them.
_TEMPO_API: Final = "Tempo Like Supply Contract"
_ECOWATT_API: Final = "Ecowatt"

_ACCOUNT: Final = {
    vol.Optional(CONF_CLIENT_ID): TextSelector(TextSelectorConfig(autocomplete="off")),
    vol.Optional(CONF_CLIENT_SECRET): secret_text(),
}
SECRETS: Final = secrets_in(_ACCOUNT.items())
_ADDRESS_FIELDS: Final = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")


class GridSteps(Steps):
    """The steps that set up, change and repair the grid. There is one France, so one entry."""

    _data: dict[str, Any]
    _options: dict[str, Any]
    _placeholders: dict[str, str]
    _remark: str

    async def async_step_grid(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an account, if there is one."""
        await self.async_set_unique_id(EntryType.GRID.value, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        return await self._form("grid", user_input, {})

    async def async_step_grid_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the account or the servers."""
        entry = self._get_reconfigure_entry()
        shown = {
            CONF_CLIENT_ID: entry.data.get(CONF_CLIENT_ID, ""),
            CONF_ADDRESSES: entry.options.get(CONF_ADDRESSES, {}),
        }
        return await self._form("grid_reconfigure", user_input, shown)

    async def async_step_grid_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the account again; without one the public servers go on."""
        shown = {CONF_CLIENT_ID: self._get_reauth_entry().data.get(CONF_CLIENT_ID, "")}
        return await self._form("grid_reauth", user_input, shown)

    async def async_step_grid_without_ecowatt(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what keeps EcoWatt from being read, and save all the same."""
        if user_input is not None:
            return self._save()
        return self.async_show_form(
            step_id="grid_without_ecowatt",
            errors={"base": self._remark},
            description_placeholders=self._placeholders,
        )

    async def _form(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        self._placeholders = {
            "server": "",
            "api": "",
            "address": "",
            "example": "http://192.168.1.10:5000",
            "url": _PORTAL,
        }
        if user_input is not None:
            credentials = await self._credentials(user_input, errors)
            addresses = self._addresses(user_input, errors)
            remark = None
            if not errors:
                remark = await self._try(credentials, addresses, errors)
            if not errors:
                await self._keep(credentials)
                if remark is None:
                    return self._save()
                self._remark = remark
                return await self.async_step_grid_without_ecowatt()
        schema = _account_schema() if step == "grid_reauth" else _schema()
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or shown),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def _credentials(
        self, user_input: Mapping[str, Any], errors: dict[str, str]
    ) -> RteCredentials | None:
        """Return the account; None without one, and where there is an error."""
        given = entered(user_input)
        entry, stored = self.entry, dict[str, Any]()
        if entry is not None and self.source != SOURCE_REAUTH:
            stored = {**entry.data, **entry.options}
            given = await async_with_kept(self.hass, given, stored, SECRETS, _whose)
        client_id, secret = given.get(CONF_CLIENT_ID, ""), given.get(CONF_CLIENT_SECRET, "")
        if client_id and not secret and client_id == stored.get(CONF_CLIENT_ID):
            is_lost = _whose(given) == _whose(stored)
            errors[CONF_CLIENT_SECRET] = (
                "grid_secret_lost" if is_lost else "grid_secret_for_address"
            )
            return None
        if bool(client_id) != bool(secret):
            field = CONF_CLIENT_SECRET if client_id else CONF_CLIENT_ID
            errors[field] = "grid_account_incomplete"
            return None
        return RteCredentials(client_id=client_id, client_secret=secret) if client_id else None

    def _addresses(self, user_input: Mapping[str, Any], errors: dict[str, str]) -> GridAddresses:
        """Return the servers to read, and note the changed addresses to be stored."""
        entry = self.entry
        options = {} if entry is None else dict(entry.options)
        if self.source != SOURCE_REAUTH:
            options.pop(CONF_ADDRESSES, None)
            given = {key: text.strip() for key, text in user_input[CONF_ADDRESSES].items()}
            if changed := {key: text for key, text in given.items() if text}:
                options[CONF_ADDRESSES] = changed
        self._options = options
        changed = options.get(CONF_ADDRESSES, {})
        try:
            return GridAddresses.from_options(changed)
        except ValueError as err:
            self._placeholders["address"] = changed[str(err)]
            errors[CONF_ADDRESSES] = "grid_invalid_address"
            return GridAddresses()

    async def _try(
        self,
        credentials: RteCredentials | None,
        addresses: GridAddresses,
        errors: dict[str, str],
    ) -> str | None:
        """Try the servers: note a mistake at its field, or return what keeps EcoWatt away."""
        probe = await async_probe(self.hass, credentials, addresses)
        tempo, ecowatt = probe.tempo, probe.ecowatt
        if credentials is not None:
            self._placeholders["server"] = urlsplit(addresses.rte).netloc
            if probe.account is not None:
                field = CONF_CLIENT_SECRET if probe.account == "invalid_auth" else "base"
                errors[field] = f"grid_{probe.account}"
                return None
            missing = ((tempo, _TEMPO_API), (ecowatt, _ECOWATT_API))
            if apis := [api for code, api in missing if code == _NOT_SUBSCRIBED]:
                self._placeholders["api"] = ", ".join(apis)
                errors[CONF_CLIENT_ID] = "grid_not_subscribed"
                return None
            if tempo is not None or ecowatt is not None:
                # RTE is out of order: what the public servers tell will do until it is not.
                public = await async_probe(self.hass, None, addresses)
                tempo, ecowatt = tempo and public.tempo, ecowatt and public.ecowatt
        if tempo is not None:
            self._placeholders["server"] = urlsplit(addresses.services_rte).netloc
            errors["base"] = f"grid_{tempo}"
            return None
        if ecowatt is None:
            return None
        self._placeholders["server"] = urlsplit(addresses.gateway).netloc
        return f"grid_{ecowatt}"

    async def _keep(self, credentials: RteCredentials | None) -> None:
        """Note what is stored: the secret encrypted."""
        self._data = {CONF_TYPE: EntryType.GRID.value}
        if credentials is not None:
            account = {
                CONF_CLIENT_ID: credentials.client_id,
                CONF_CLIENT_SECRET: credentials.client_secret,
            }
            self._data |= await async_encrypted(self.hass, account, SECRETS)

    def _save(self) -> ConfigFlowResult:
        if (entry := self.entry) is not None:
            return self.async_update_reload_and_abort(entry, data=self._data, options=self._options)
        return self.async_create_entry(title=TITLE, data=self._data, options=self._options)


def _account_schema() -> vol.Schema:
    return vol.Schema(_ACCOUNT)


def _schema() -> vol.Schema:
    # Made anew each time: suggested values are written into the section itself.
    addresses = vol.Schema(
        {
            vol.Optional(name): TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
            for name in _ADDRESS_FIELDS
        }
    )
    return vol.Schema(
        {
            **_ACCOUNT,
            vol.Required(CONF_ADDRESSES, default={}): section(addresses, {"collapsed": True}),
        }
    )


def _whose(values: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return whose secret it is, and where it goes."""
    given: str = values.get(CONF_ADDRESSES, {}).get("rte", "").strip()
    return values.get(CONF_CLIENT_ID), (given or RTE_ADDRESS).rstrip("/").casefold()
