"""The options of the installation: limits and retentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import NumberSelectorConfig, NumberSelectorMode

from ..form_fields import FiniteSelector
from ..settings import BOUNDS, Settings
from .steps import OptionsSteps

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

    from ..settings import Bounds

_DEFAULTS: Final = Settings()


def _number(bounds: Bounds) -> vol.All:
    config = NumberSelectorConfig(
        min=bounds.low, max=bounds.high, step=1, mode=NumberSelectorMode.BOX
    )
    if bounds.unit:
        config["unit_of_measurement"] = bounds.unit
    return vol.All(FiniteSelector(config), vol.Coerce(int))


_SCHEMA: Final = vol.Schema(
    {
        vol.Required(name, default=getattr(_DEFAULTS, name)): _number(bounds)
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
