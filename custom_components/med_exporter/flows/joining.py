"""Before a past comes to count in a metering point: a question.

That of its new plugs and meters, and that which another one has left under the id that it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..const import CONF_PDL, CONF_PLUGS
from ..database import DatabaseUnavailableError
from ..form_fields import YesNoSelector
from ..installation.pdl_change import async_has_past_of_others
from ..ledger import DATA_LEDGER
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Collection

    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult

    from ..entries.kind import Step


CONF_COUNT_PAST: Final = "count_past"
COUNT_PAST_FIELD: Final[dict[vol.Marker, Any]] = {
    vol.Optional(CONF_COUNT_PAST, default=False): YesNoSelector()
}
"""Whether what new plugs or meters have counted before counts in their metering point too."""


class JoiningSteps(Steps):
    """The steps that ask whether what is kept under an id is to count in who takes it."""

    _entry: ConfigEntry | None = None
    _renamed: tuple[str, Step, Step]

    async def _has_past(self, new: Collection[str]) -> bool:
        """Tell whether new plugs or meters have a past that may count here or not.

        That of those in a metering point that is new counts in it, unless it is booked elsewhere.
        """
        if not new or self._entry is not None:
            return bool(new)
        if (ledger := self.hass.data.get(DATA_LEDGER)) is None:
            # The first entry of all: nothing is set up yet.
            return False
        try:
            return bool(await ledger.async_posted_until(list(new)))
        except DatabaseUnavailableError:
            return False

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
