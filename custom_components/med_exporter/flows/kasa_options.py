"""The options of a metering point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..const import CONF_POLLING_INTERVAL
from ..form_fields import WholeSelector
from ..metering.contracts import currency_of
from ..metering.coordinator import (
    DEFAULT_POLLING_INTERVAL,
    MAX_POLLING_INTERVAL,
    MIN_POLLING_INTERVAL,
)
from .contract_texts import async_load_contract_texts
from .tariff_options import TariffFlow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_POLLING_INTERVAL, default=DEFAULT_POLLING_INTERVAL): WholeSelector(
            MIN_POLLING_INTERVAL, MAX_POLLING_INTERVAL, "s"
        )
    }
)


class KasaOptions(TariffFlow):
    """Change how often the plugs are read, and what energy costs."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose what to change."""
        self._texts = await async_load_contract_texts(
            self.hass, currency_of(self.hass, self.config_entry)
        )
        return self.async_show_menu(step_id="init", menu_options=["polling", "contracts"])

    async def async_step_polling(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the polling interval."""
        if user_input is not None:
            return self._save(user_input)
        return self.async_show_form(
            step_id="polling",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, self.config_entry.options),
        )
