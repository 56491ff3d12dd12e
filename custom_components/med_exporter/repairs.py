"""What a user can put right with one press in Home Assistant's list of repairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow

from .costs.currency import async_take_currency

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult
    from homeassistant.core import HomeAssistant


class CurrencyFlow(RepairsFlow):
    """Asks whether the prices of contracts are meant in the installation's new currency."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Price everything anew once the user has said yes."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if user_input is not None or entry is None:
            if entry is not None:
                async_take_currency(self.hass, entry)
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders={
                "name": entry.title,
                "now": self.hass.config.currency,
            },
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that puts an issue right."""
    del hass, issue_id
    return CurrencyFlow(str((data or {})["entry_id"]))
