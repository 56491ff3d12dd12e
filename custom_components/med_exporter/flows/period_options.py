"""Enter a time-of-use contract: period by period, with what is covered so far in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)

from ..engine.tariff.hours import remaining, split_rest, with_rest
from ..engine.tariff.week import DAYS
from ..form_fields import YesNoSelector
from .contract_draft import ContractFlow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

    from ..engine.tariff.hours import Period

_REST = "rest"


class PeriodFlow(ContractFlow):
    """The steps in which the week is divided into periods."""

    _changed: int | None = None

    async def async_step_periods(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the periods that are known, or ask for the first."""
        draft = self._draft
        if not draft.periods and draft.pricing.get("kind") == "time_of_use":
            draft.periods, draft.rest = split_rest(draft.pricing["periods"])
        if draft.periods or draft.rest:
            return await self.async_step_time_of_use()
        return await self.async_step_add_period()

    async def async_step_time_of_use(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what is covered, and ask what to do."""
        draft = self._draft
        open_hours = draft.rest is None and remaining(draft.periods)
        menu = []
        if open_hours or draft.rest:
            menu.append("add_period")
        if open_hours and draft.periods:
            menu.append(_REST)
        if draft.periods or draft.rest:
            menu += ["change_period", "save_contract"]
        return self.async_show_menu(
            step_id="time_of_use",
            menu_options=menu,
            description_placeholders={"periods": self._texts.week(draft.periods, draft.rest)},
        )

    async def async_step_add_period(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another period."""
        self._changed = None
        return self._period_form(self._open_hours())

    async def async_step_change_period(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which period to change or to remove."""
        draft = self._draft
        if user_input is None:
            options = [
                SelectOptionDict(value=str(index), label=self._texts.period(period))
                for index, period in enumerate(draft.periods)
            ]
            if draft.rest is not None:
                options.append(SelectOptionDict(value=_REST, label=self._texts.rest(draft.rest)))
            choice = SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            schema: dict[vol.Marker, Any] = {
                vol.Required("period"): SelectSelector(choice),
                vol.Optional("remove"): YesNoSelector(),
            }
            return self._form("change_period", schema, {})
        chosen = user_input["period"]
        if user_input.get("remove"):
            if chosen == _REST:
                draft.rest = None
            else:
                del draft.periods[int(chosen)]
            return await self.async_step_time_of_use()
        if chosen == _REST:
            return await self.async_step_rest()
        self._changed = int(chosen)
        return self._period_form(draft.periods[self._changed])

    async def async_step_period(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Check a period, and take it into the contract."""
        if user_input is None:
            return self._period_form(self._open_hours())
        draft = self._draft
        period: Period = {
            "name": user_input["name"].strip(),
            "price": user_input.get("price"),
            "days": [day for day in DAYS if day in user_input["days"]],
            "start": f"{cv.time(user_input['start']):%H:%M}",
            "end": f"{cv.time(user_input['end']):%H:%M}",
        }
        others, rest = list(draft.periods), draft.rest
        if self._changed is not None:
            before = others.pop(self._changed)
            if before["name"] == period["name"]:
                # One name has one price: a new one is meant for all of its hours.
                others = [_priced_alike(other, period) for other in others]
                rest = rest and _priced_alike(rest, period)
        errors = self._period_mistakes(period, others, rest) or self._unusual(
            "period", {"price": period["price"]}
        )
        if errors:
            return self._period_form(user_input, errors)
        place = len(others) if self._changed is None else self._changed
        draft.periods = [*others[:place], period, *others[place:]]
        draft.rest = rest
        return await self.async_step_time_of_use()

    def _period_mistakes(
        self, period: Period, others: list[Period], rest: Period | None
    ) -> dict[str, str]:
        """Return what is wrong with a period beside the others; hours may be left over."""
        # It stands behind the others, so that a mistake between two is named at this one.
        periods = [*others, period]
        here = f"periods[{len(others)}]"
        errors = self._mistakes(
            {"kind": "time_of_use", "periods": with_rest(periods, period)},
            {f"{here}.{key}": key for key in period},
        )
        if errors or rest is None:
            return errors
        self._named = {**self._named, "name": rest["name"]}
        if _priced_alike(rest, period) != rest:
            return {"price": "tariff_price_differs"}
        return {} if remaining(periods) else {"end": "no_hours_left"}

    async def async_step_rest(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the one price of all hours that the periods leave."""
        draft = self._draft
        errors: dict[str, str] = {}
        if user_input is not None:
            rest = {"name": user_input["name"].strip(), "price": user_input.get("price")}
            periods = draft.periods
            if draft.rest is not None and draft.rest["name"] == rest["name"]:
                periods = [_priced_alike(period, rest) for period in periods]
            here = f"periods[{len(periods)}]"
            errors = self._mistakes(
                {"kind": "time_of_use", "periods": with_rest(periods, rest)},
                {f"{here}.{key}": key for key in rest},
            ) or self._unusual(_REST, {"price": rest["price"]})
            if not errors:
                draft.periods, draft.rest = periods, rest
                return await self.async_step_time_of_use()
        schema: dict[vol.Marker, Any] = {
            vol.Required("name"): TextSelector(),
            vol.Optional("price"): self._amount("/kWh"),
        }
        left = self._texts.left(draft.periods)
        return self._form(_REST, schema, user_input or draft.rest or {}, errors, hours=left)

    async def async_step_save_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Save the contract, or ask for the hours that have no price yet."""
        draft = self._draft
        periods = draft.periods if draft.rest is None else with_rest(draft.periods, draft.rest)
        pricing = {"kind": "time_of_use", "periods": periods}
        if errors := self._mistakes(pricing, {"periods": "start"}):
            self._changed = None
            return self._period_form(self._open_hours(), errors)
        return await self._save_contract(pricing)

    def _open_hours(self) -> dict[str, Any]:
        """Return the first hours without a price, for the form to suggest."""
        left = remaining(self._draft.periods)
        return left[0] if left and self._draft.periods else {"days": list(DAYS)}

    def _period_form(
        self, shown: dict[str, Any], errors: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        days = SelectSelectorConfig(
            options=list(DAYS),
            multiple=True,
            mode=SelectSelectorMode.LIST,
            translation_key="weekday",
        )
        schema: dict[vol.Marker, Any] = {
            vol.Required("name"): TextSelector(),
            vol.Optional("price"): self._amount("/kWh"),
            vol.Required("start"): TimeSelector(),
            vol.Required("end"): TimeSelector(),
            vol.Required("days"): SelectSelector(days),
        }
        covered = self._texts.week(self._draft.periods, self._draft.rest)
        return self._form("period", schema, shown, errors, periods=covered)


def _priced_alike(other: Period, period: Period) -> Period:
    """Return another period with this one's price if they have the same name."""
    return {**other, "price": period["price"]} if other["name"] == period["name"] else other
