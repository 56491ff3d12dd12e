"""Begin a contract with the official prices of a regulated tariff; all of them can be changed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import (
    DateSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ..costs.official import official_tariffs
from ..engine.tariff.official import CURRENCY, OPTIONS, POWERS
from ..errors import InvalidRequest, MedError
from ..metering.contracts import currency_of
from .contract_draft import GENERAL, ContractDraft
from .period_options import PeriodFlow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

_USUAL_POWER: Final = 6


class OfficialFlow(PeriodFlow):
    """The step that asks which regulated tariff, and on which day."""

    def _menu_of_official(self) -> list[str]:
        """Return the step's name where the contracts are in the money of the tables."""
        is_theirs = currency_of(self.hass, self.config_entry) == CURRENCY
        return ["official_contract"] if is_theirs else []

    async def async_step_official_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the option and the power, and go on to the contract with their prices."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                found = await official_tariffs(self.hass).async_price(
                    user_input["official_option"],
                    int(user_input["power"]),
                    date.fromisoformat(user_input["day"]),
                )
            except InvalidRequest:
                errors["power"] = "official_no_price"
            except MedError:
                errors["base"] = "official_unavailable"
            else:
                form = OPTIONS[user_input["official_option"]].form
                # The feed-in price and the hours, which no table has, are those that there are.
                latest = (self._contracts() or [{}])[-1]
                self._draft = ContractDraft(
                    general={
                        **{key: latest[key] for key in GENERAL if key in latest},
                        "valid_from": found.valid_from.isoformat(),
                        "standing_charge": found.standing_charge,
                    },
                    kind=form,
                    pricing={key: one for key, one in latest.items() if key not in GENERAL},
                    offered={form: dict(found.prices)},
                )
                return await self.async_step_contract()
        powers = [SelectOptionDict(value=str(one), label=f"{one} kVA") for one in POWERS]
        drop_down = SelectSelectorMode.DROPDOWN
        schema: dict[vol.Marker, Any] = {
            vol.Required("official_option"): SelectSelector(
                SelectSelectorConfig(
                    options=list(OPTIONS),
                    mode=SelectSelectorMode.LIST,
                    translation_key="official_option",
                )
            ),
            vol.Required("power"): SelectSelector(
                SelectSelectorConfig(options=powers, mode=drop_down)
            ),
            vol.Required("day"): DateSelector(),
        }
        shown = user_input or {
            "official_option": next(iter(OPTIONS)),
            "power": str(_USUAL_POWER),
            "day": dt_util.now().date().isoformat(),
        }
        return self._form("official_contract", schema, shown, errors, portal="data.gouv.fr")
