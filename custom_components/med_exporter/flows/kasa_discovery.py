"""The offer of a plug that was found on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_NAME
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig

from ..const import CONF_HOSTS, EntryType
from ..entries.finding import entries_of_type
from ..metering.discovery import OFFER_STEP, FoundPlug, async_energy_plug, is_set_up
from .kasa_reading import CREDENTIALS_FIELDS
from .kasa_reauth import KasaReauthSteps

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult
    from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo


CONF_METERING_POINT = "metering_point"


class KasaDiscoverySteps(KasaReauthSteps):
    """The steps that put a discovered plug into a metering point, a new one or another."""

    _offer: FoundPlug

    async def async_step_integration_discovery(
        self, discovery_info: dict[str, Any]
    ) -> ConfigFlowResult:
        """Offer a plug (`discovery.FoundPlug`), once."""
        # A MAC address with its colons is never the slug of a metering point.
        await self.async_set_unique_id(dr.format_mac(discovery_info["mac"]))
        self._abort_if_unique_id_configured()
        return await self._offer_plug(FoundPlug(**discovery_info))  # type: ignore[typeddict-item]

    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Offer a plug that has joined the network, or follow one that is set up."""
        mac, address = discovery_info.macaddress, discovery_info.ip
        await self.async_set_unique_id(dr.format_mac(mac))
        self._abort_if_unique_id_configured()
        for entry in entries_of_type(self.hass, EntryType.KASA):
            if mac in entry.data[CONF_HOSTS] and entry.state is ConfigEntryState.LOADED:
                entry.runtime_data.coordinator.seen_at(mac, address)
        if is_set_up(self.hass, mac):
            return self.async_abort(reason="already_configured")
        offer = await async_energy_plug(self.hass, mac, address, discovery_info.hostname)
        if offer is None:
            return self.async_abort(reason="no_energy_plug")
        return await self._offer_plug(offer)

    async def _offer_plug(self, offer: FoundPlug) -> ConfigFlowResult:
        if is_set_up(self.hass, offer["mac"]):
            return self.async_abort(reason="already_configured")
        self._offer = offer
        self._suggested = {CONF_HOSTS: [offer["host"]]}
        self.context["title_placeholders"] = {"name": offer["name"]}
        return await self.async_step_plug_found()

    async def async_step_plug_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether the plug joins a metering point or starts one."""
        has_point = bool(entries_of_type(self.hass, EntryType.KASA))
        return self.async_show_menu(
            step_id=OFFER_STEP,
            menu_options=["kasa_join", "kasa"] if has_point else ["kasa"],
            description_placeholders={
                "name": self._offer["name"],
                "model": self._offer["model"],
                "host": self._offer["host"],
            },
        )

    async def async_step_kasa_join(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which metering point the plug joins, and read it."""
        points = {entry.entry_id: entry for entry in entries_of_type(self.hass, EntryType.KASA)}
        errors = self._no_errors()
        if user_input is not None:
            entry = points.get(user_input[CONF_METERING_POINT])
            if entry is None:
                # It was removed while the form was open.
                errors[CONF_METERING_POINT] = "field_missing"
            else:
                await self._read({**user_input, CONF_HOSTS: [self._offer["host"]]}, errors)
            if entry is not None and not errors:
                self._entry = entry
                self._draft = {
                    **entry.data,
                    CONF_NAME: entry.title,
                    CONF_HOSTS: dict(entry.data[CONF_HOSTS]),
                }
                return await self.async_step_kasa_login()
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
