"""Before a metering point takes an id under which another one has left energy: a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..const import CONF_PDL, CONF_PLUGS
from ..database import DatabaseUnavailableError
from ..installation.pdl_change import async_has_past_of_others
from .steps import Steps

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult

    from ..entries.kind import Step


class JoiningSteps(Steps):
    """The steps that ask whether what is kept under an id is to count in who takes it."""

    _renamed: tuple[str, Step, Step]

    async def _take_id(
        self, entry: ConfigEntry, pdl: str, go_on: Step, go_back: Step
    ) -> ConfigFlowResult:
        """Go on where a metering point may go by an id, or ask first; who says no goes back."""
        try:
            asks = await async_has_past_of_others(
                self.hass, entry.data[CONF_PDL], pdl, entry.data[CONF_PLUGS]
            )
        except DatabaseUnavailableError:
            return self.async_abort(reason="database_unavailable")
        self._renamed = (pdl, go_on, go_back)
        return await (self.async_step_past_of_id() if asks else go_on(None))

    async def async_step_past_of_id(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask."""
        del user_input
        return self.async_show_menu(
            step_id="past_of_id",
            menu_options=["join_past_of_id", "another_id"],
            description_placeholders={"pdl": self._renamed[0]},
        )

    async def async_step_join_past_of_id(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let it count."""
        del user_input
        return await self._renamed[1](None)

    async def async_step_another_id(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change nothing, and ask for the id again."""
        del user_input
        return await self._renamed[2](None)
