"""The offer of a plug that was found on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.const import CONF_NAME
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from ..const import CONF_HOSTS, CONF_PLUGS, EntryType
from ..entries import entries_of_type
from .kasa import CREDENTIALS_FIELDS, KasaSteps

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult


CONF_METERING_POINT = "metering_point"


class KasaDiscoverySteps(KasaSteps):
    """The steps that put a discovered plug into a metering point, a new one or another."""

    _offer: dict[str, Any]

    async def async_step_integration_discovery(
        self, discovery_info: dict[str, Any]
    ) -> ConfigFlowResult:
        """Offer a plug (`discovery.FoundPlug`), once."""
        # A MAC address with its colons is never the slug of a metering point.
        await self.async_set_unique_id(dr.format_mac(discovery_info["mac"]))
        self._abort_if_unique_id_configured()
        self._offer = discovery_info
        self._suggested = {CONF_HOSTS: [discovery_info["host"]]}
        self.context["title_placeholders"] = {"name": discovery_info["name"]}
        return await self.async_step_plug_found()

    async def async_step_plug_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the plug joins a metering point or starts one."""
        return self.async_show_menu(
            step_id="plug_found",
            menu_options=["kasa_join", "kasa"],
            description_placeholders={key: self._offer[key] for key in ("name", "model", "host")},
        )

    async def async_step_kasa_join(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which metering point the plug joins, and read it."""
        points = {entry.entry_id: entry for entry in entries_of_type(self.hass, EntryType.KASA)}
        errors: dict[str, str] = {}
        self._placeholders = {"host": ""}
        if user_input is not None:
            entry = points[user_input[CONF_METERING_POINT]]
            await self._read_plugs({**user_input, CONF_HOSTS: [self._offer["host"]]}, errors)
            if not errors:
                self._entry = entry
                self._data = {
                    **entry.data,
                    CONF_NAME: entry.title,
                    CONF_HOSTS: {**entry.data[CONF_HOSTS], **self._hosts},
                    CONF_PLUGS: dict(entry.data[CONF_PLUGS]),
                }
                return await self.async_step_kasa_plug()
            # There is no field for the host here.
            errors = {"base" if key == CONF_HOSTS else key: code for key, code in errors.items()}
        options = [SelectOptionDict(value=key, label=point.title) for key, point in points.items()]
        schema = vol.Schema(
            {
                vol.Required(CONF_METERING_POINT): SelectSelector(
                    SelectSelectorConfig(options=options)
                ),
                **CREDENTIALS_FIELDS,
            }
        )
        return self.async_show_form(
            step_id="kasa_join",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={**self._placeholders, "name": self._offer["name"]},
        )
