"""Enter what energy costs: the contracts of a metering point, one form for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)
from homeassistant.util import dt as dt_util

from ..engine.tariff import COLOURS
from ..engine.tariff.week import DAYS
from ..metering.contracts import CONF_CONTRACTS
from .contract_draft import ContractDraft
from .contract_hours import remaining, split_rest, with_rest
from .period_options import PeriodFlow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult

    from .contract_hours import Period

_GENERAL: Final = ("valid_from", "standing_charge", "feed_in")
_PEAK_OFF_PEAK: Final = "peak_off_peak"
_KINDS: Final = ["flat", _PEAK_OFF_PEAK, "time_of_use", "tempo", "tiers"]
_FIRST: Final = ("off_peak_start", "off_peak_end")
_SECOND: Final = ("second_start", "second_end")
_TEMPO_FIELDS: Final = {
    f"prices.{colour}.{hours}": f"{colour}_{hours}"
    for colour in COLOURS
    for hours in ("off_peak", "peak")
}


class TariffFlow(PeriodFlow):
    """The steps that add, change and remove contracts."""

    async def async_step_contracts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """List the contracts, and ask what to do."""
        contracts = self._contracts()
        menu = ["add_contract"]
        if contracts:
            listed = self._texts.contract_list(contracts)
            menu += ["change_contract", "remove_contract"]
        else:
            stored = self.config_entry.options.get(CONF_CONTRACTS)
            listed = self._texts.word("unreadable" if stored else "no_contract")
        return self.async_show_menu(
            step_id="contracts",
            menu_options=menu,
            description_placeholders={"contracts": listed},
        )

    async def async_step_add_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin a contract, with what the latest one has: often only its prices change."""
        today = dt_util.now().date().isoformat()
        if contracts := self._contracts():
            self._draft = _draft_of(contracts[-1])
            self._draft.general["valid_from"] = today
        else:
            self._draft = ContractDraft({"valid_from": today}, _KINDS[0], {})
        return await self.async_step_contract()

    async def async_step_change_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which contract to change, if there are several."""
        contracts = {each["valid_from"]: each for each in self._contracts()}
        chosen = user_input["contract"] if user_input else next(iter(contracts), None)
        if user_input is None and len(contracts) > 1:
            return self._form("change_contract", self._choice(), {"contract": max(contracts)})
        if chosen not in contracts:
            return await self.async_step_contracts()
        self._draft = _draft_of(contracts[chosen])
        self._draft.replaces = chosen
        return await self.async_step_contract()

    async def async_step_remove_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which contract to remove, and remove it."""
        contracts = self._contracts()
        if user_input is None:
            return self._form("remove_contract", self._choice(), {})
        return self._save_contracts(
            [each for each in contracts if each["valid_from"] != user_input["contract"]]
        )

    def _choice(self) -> dict[vol.Marker, Any]:
        options = [
            SelectOptionDict(value=each["valid_from"], label=self._texts.contract(each))
            for each in reversed(self._contracts())
        ]
        mode = SelectSelectorMode.LIST
        selector = SelectSelector(SelectSelectorConfig(options=options, mode=mode))
        return {vol.Required("contract"): selector}

    async def async_step_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what all contracts have, and how the prices are made up."""
        draft = self._draft
        errors: dict[str, str] = {}
        if user_input is not None:
            draft.kind = user_input["kind"]
            draft.general = {key: user_input[key] for key in _GENERAL if key in user_input}
            errors = self._general_mistakes()
            if not errors:
                return await self._ask_for_prices()
        kinds = SelectSelectorConfig(
            options=_KINDS, mode=SelectSelectorMode.LIST, translation_key="contract_kind"
        )
        schema: dict[vol.Marker, Any] = {
            vol.Required("valid_from"): DateSelector(),
            vol.Required("kind"): SelectSelector(kinds),
            vol.Optional("standing_charge"): self._amount(),
            vol.Optional("feed_in"): self._amount("/kWh"),
        }
        return self._form("contract", schema, {**draft.general, "kind": draft.kind}, errors)

    async def _ask_for_prices(self) -> ConfigFlowResult:
        match self._draft.kind:
            case "flat":
                return await self.async_step_flat()
            case "peak_off_peak":
                return await self.async_step_peak_off_peak()
            case "tempo":
                return await self.async_step_tempo()
            case "tiers":
                self._draft.tiers = []
                return await self.async_step_tier()
            case _:
                return await self._begin_periods()

    async def async_step_flat(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the one price."""
        errors: dict[str, str] = {}
        if user_input is not None:
            pricing = {"kind": "flat", **user_input}
            errors = self._mistakes(pricing, {})
            if not errors:
                return await self._save_contract(pricing)
        schema: dict[vol.Marker, Any] = {vol.Required("price"): self._amount("/kWh")}
        return self._form("flat", schema, user_input or self._known("flat"), errors)

    async def async_step_peak_off_peak(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for one or two stretches of off-peak hours; all others are peak hours."""
        known = _peak_off_peak(self._known("time_of_use"))
        errors: dict[str, str] = {}
        if user_input is not None:
            names = known or {
                "off_peak": self._texts.word("off_peak"),
                "peak": self._texts.word("peak"),
            }
            errors = {
                edge: "tariff_required"
                for edge, other in (_SECOND, _SECOND[::-1])
                if edge not in user_input and other in user_input
            }
            if not errors:
                periods, rest = _off_peak_hours(user_input, names)
                pricing = {"kind": "time_of_use", "periods": with_rest(periods, rest)}
                last = len(periods)
                errors = self._mistakes(
                    pricing,
                    {
                        "periods[0].price": "off_peak_price",
                        "periods[0].start": _FIRST[0],
                        "periods[1].start": _SECOND[0],
                        f"periods[{last}].price": "peak_price",
                    },
                ) or ({} if remaining(periods) else {_FIRST[1]: "no_hours_left"})
                if not errors:
                    return await self._save_contract(pricing)
                self._named = {**self._named, "name": rest["name"]}
        schema: dict[vol.Marker, Any] = {
            vol.Required("off_peak_price"): self._amount("/kWh"),
            vol.Required("peak_price"): self._amount("/kWh"),
            vol.Required(_FIRST[0]): TimeSelector(),
            vol.Required(_FIRST[1]): TimeSelector(),
            vol.Optional(_SECOND[0]): TimeSelector(),
            vol.Optional(_SECOND[1]): TimeSelector(),
        }
        return self._form(_PEAK_OFF_PEAK, schema, user_input or known, errors)

    async def async_step_tempo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the six prices."""
        known = self._known("tempo").get("prices", {})
        errors: dict[str, str] = {}
        if user_input is not None:
            prices = {
                colour: {hours: user_input[f"{colour}_{hours}"] for hours in ("peak", "off_peak")}
                for colour in COLOURS
            }
            pricing = {"kind": "tempo", "prices": prices}
            errors = self._mistakes(pricing, _TEMPO_FIELDS)
            if not errors:
                return await self._save_contract(pricing)
        schema: dict[vol.Marker, Any] = {
            vol.Required(name): self._amount("/kWh") for name in _TEMPO_FIELDS.values()
        }
        shown = user_input or {
            f"{colour}_{hours}": price
            for colour, pair in known.items()
            for hours, price in pair.items()
        }
        return self._form("tempo", schema, shown, errors)

    async def async_step_tier(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for one tier after the other, until one has no upper bound."""
        tiers = self._draft.tiers
        errors: dict[str, str] = {}
        if user_input is not None:
            tier: dict[str, Any] = {
                key: user_input[key] for key in ("up_to", "price") if key in user_input
            }
            bounded = "up_to" in tier
            pricing = {"kind": "tiers", "tiers": [*tiers, tier]}
            index = len(tiers)
            errors = self._mistakes(
                # What comes after a bounded tier is asked for next.
                {**pricing, "tiers": [*tiers, tier, {"price": 0}]} if bounded else pricing,
                {f"tiers[{index}].{key}": key for key in ("up_to", "price")},
            )
            if not errors and not bounded:
                return await self._save_contract(pricing)
            if not errors:
                tiers.append(tier)
                user_input = None
        known = self._known("tiers").get("tiers", [])
        shown = user_input or (known[len(tiers)] if len(tiers) < len(known) else {})
        schema: dict[vol.Marker, Any] = {
            vol.Required("price"): self._amount("/kWh"),
            vol.Optional("up_to"): NumberSelector(
                NumberSelectorConfig(
                    mode=NumberSelectorMode.BOX, step="any", unit_of_measurement="kWh"
                )
            ),
        }
        below = self._texts.number(tiers[-1]["up_to"] if tiers else 0)
        return self._form("tier", schema, shown, errors, number=str(len(tiers) + 1), below=below)

    def _known(self, kind: str) -> dict[str, Any]:
        """Return the prices to suggest, if they are of this kind."""
        pricing = self._draft.pricing
        return pricing if pricing.get("kind") == kind else {}


def _draft_of(contract: Mapping[str, Any]) -> ContractDraft:
    general = {key: contract[key] for key in _GENERAL}
    pricing = {key: value for key, value in contract.items() if key not in _GENERAL}
    kind = pricing["kind"]
    if kind == "time_of_use" and _peak_off_peak(pricing):
        kind = _PEAK_OFF_PEAK
    return ContractDraft(general, kind, pricing)


def _off_peak_hours(
    user_input: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[list[Period], Period]:
    """Return the off-peak periods that a form asks for, and the rest."""
    off_peak = {"name": names["off_peak"], "price": user_input["off_peak_price"]}
    periods = [
        {
            **off_peak,
            "days": list(DAYS),
            "start": f"{cv.time(user_input[start]):%H:%M}",
            "end": f"{cv.time(user_input[end]):%H:%M}",
        }
        for start, end in (_FIRST, _SECOND)
        if start in user_input
    ]
    return periods, {"name": names["peak"], "price": user_input["peak_price"]}


def _peak_off_peak(pricing: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's fields and the names for a contract that fits in it, else nothing."""
    if not pricing:
        return {}
    periods, rest = split_rest(pricing["periods"])
    names = {period["name"] for period in periods}
    every_day = all(period["days"] == list(DAYS) for period in periods)
    if rest is None or len(names) > 1 or len(periods) > 2 or not every_day:
        return {}
    shown: dict[str, Any] = {
        "off_peak": periods[0]["name"],
        "peak": rest["name"],
        "off_peak_price": periods[0]["price"],
        "peak_price": rest["price"],
    }
    for period, (start, end) in zip(periods, (_FIRST, _SECOND), strict=False):
        shown |= {start: period["start"], end: period["end"]}
    return shown
