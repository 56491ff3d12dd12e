"""The options of a metering point of meters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..metering.contracts import currency_of
from .contract_texts import async_load_contract_texts
from .tariff_options import TariffFlow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult


class MetersOptions(TariffFlow):
    """Change what energy costs."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose what to change."""
        self._texts = await async_load_contract_texts(
            self.hass, currency_of(self.hass, self.config_entry)
        )
        return self.async_show_menu(step_id="init", menu_options=["contracts"])
