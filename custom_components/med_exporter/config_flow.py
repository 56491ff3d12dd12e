"""The config flow: a menu, and behind it a flow for each kind of entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_CLIENT_SECRET, CONF_TYPE
from homeassistant.core import callback

from .const import DOMAIN, EntryType
from .entry_versions import VERSION
from .flows.email import EmailFlow
from .flows.grid import GridFlow
from .flows.home_assistant import HomeAssistantFlow
from .flows.installation_options import InstallationOptionsFlow
from .flows.jeedom import JeedomFlow
from .flows.kasa_discovery import KasaDiscoveryFlow
from .flows.kasa_options import KasaOptionsFlow
from .flows.mqtt import MqttFlow
from .flows.victoriametrics import VictoriaMetricsFlow
from .installation.entry import async_import_installation
from .vault import SECRETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import voluptuous as vol
    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow


_SECRETS: Final = SECRETS | {CONF_CLIENT_SECRET}
_OPTIONS: Final[dict[str, type[OptionsFlow]]] = {
    EntryType.KASA: KasaOptionsFlow,
    EntryType.INSTALLATION: InstallationOptionsFlow,
}


class MedExporterFlow(
    KasaDiscoveryFlow,
    GridFlow,
    HomeAssistantFlow,
    MqttFlow,
    VictoriaMetricsFlow,
    JeedomFlow,
    EmailFlow,
    domain=DOMAIN,
):
    """Set up a metering point, the grid, a destination or a mail account."""

    VERSION = VERSION

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose what to add."""
        return self.async_show_menu(
            step_id="user",
            menu_options=[
                "kasa",
                "grid",
                "home_assistant",
                "mqtt",
                "victoriametrics",
                "jeedom",
                "email",
            ],
        )

    async def async_step_import(self, import_data: dict[str, Any]) -> ConfigFlowResult:
        """Make the installation's own entry."""
        return await async_import_installation(self, import_data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the steps of the entry's own kind."""
        return await self._step_of(self._get_reconfigure_entry(), "reconfigure")

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Go on with the steps of the entry's own kind."""
        return await self._step_of(self._get_reauth_entry(), "reauth")

    @callback
    def add_suggested_values_to_schema(
        self, data_schema: vol.Schema, suggested_values: Mapping[str, Any] | None
    ) -> vol.Schema:
        """Fill in a form again, but for secrets: no answer repeats one."""
        shown = {
            key: value for key, value in (suggested_values or {}).items() if key not in _SECRETS
        }
        return super().add_suggested_values_to_schema(data_schema, shown)

    async def _step_of(self, entry: ConfigEntry, step: str) -> ConfigFlowResult:
        result: ConfigFlowResult = await getattr(
            self, f"async_step_{entry.data[CONF_TYPE]}_{step}"
        )()
        return result

    @classmethod
    @callback
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        """Return whether the entry has options; an ignored discovery has no kind."""
        return config_entry.data.get(CONF_TYPE) in _OPTIONS

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow of the entry's kind."""
        return _OPTIONS[config_entry.data[CONF_TYPE]]()
