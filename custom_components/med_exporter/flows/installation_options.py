"""The options of the installation: limits and retentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..form_fields import WholeSelector
from ..settings import BOUNDS, Settings
from .steps import OptionsSteps

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

_DEFAULTS: Final = Settings()


_SCHEMA: Final = vol.Schema(
    {
        vol.Required(name, default=getattr(_DEFAULTS, name)): WholeSelector(
            bounds.low, bounds.high, bounds.unit
        )
        for name, bounds in BOUNDS.items()
    }
)


class InstallationOptions(OptionsSteps):
    """Change limits and retentions; they act from the next export and the next cleaning on."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go to the only step."""
        return await self.async_step_limits(user_input)

    async def async_step_limits(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for all of them."""
        if user_input is not None:
            return self.async_create_entry(data={**self.config_entry.options, **user_input})
        return self.async_show_form(
            step_id="limits",
            data_schema=self.add_suggested_values_to_schema(_SCHEMA, self.config_entry.options),
        )
