"""Enter what energy costs: the contracts of a metering point, each in the form of its kind."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    DateSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
from homeassistant.util import dt as dt_util

from ..engine.tariff.contracts import VAT
from ..engine.tariff.kind import Dialogue, FormField, Holds, Page
from ..engine.tariff.kinds import form_of, forms
from ..engine.tariff.price_units import per_kwh
from ..form_fields import FiniteSelector
from ..metering.contracts import CONF_CONTRACTS, currency_of
from .contract_draft import GENERAL, ContractDraft
from .official_options import OfficialFlow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigFlowResult

    from ..entries.kind import Step

_STEP: Final = "async_step_"


class TariffFlow(OfficialFlow):
    """The steps that add, change and remove contracts."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[ConfigFlowResult]]:
        """Return the step of a form of one page, which is named like the form."""
        _, form = forms().get(name.removeprefix(_STEP), (None, None))
        if name.startswith(_STEP) and isinstance(form, Page):
            return partial(self._page, form)
        raise AttributeError(name)

    def steps(self) -> dict[str, Step]:
        """Return the steps, those of the forms of one page among them."""
        pages = {name: form for name, (_, form) in forms().items() if isinstance(form, Page)}
        return super().steps() | {name: partial(self._page, form) for name, form in pages.items()}

    async def async_step_contracts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """List the contracts, and ask what to do."""
        contracts = self._contracts()
        menu = ["add_contract", *self._menu_of_official()]
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
        today = dt_util.now().date()
        if contracts := self._contracts():
            self._draft = _draft_of(contracts[-1])
            self._draft.general["valid_from"] = today.isoformat()
        else:
            # What is wanted first is last month's bill.
            first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
            general = {"valid_from": first.isoformat()}
            self._draft = ContractDraft(general, next(iter(forms())), {})
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
            draft.general = {key: user_input[key] for key in GENERAL if key in user_input}
            errors = self._general_mistakes() or self._unusual(
                "contract", {"feed_in": draft.general.get("feed_in")}, lowest=0
            )
            if not errors:
                _, form = forms()[draft.kind]
                step = form.step if isinstance(form, Dialogue) else form.name
                begin: Callable[[], Awaitable[ConfigFlowResult]] = getattr(self, f"{_STEP}{step}")
                return await begin()
        kinds = SelectSelectorConfig(
            options=list(forms()), mode=SelectSelectorMode.LIST, translation_key="contract_kind"
        )
        schema: dict[vol.Marker, Any] = {
            vol.Required("valid_from"): DateSelector(),
            vol.Required("kind"): SelectSelector(kinds),
            vol.Optional("supplier"): TextSelector(),
            vol.Optional("standing_charge"): self._amount(),
            vol.Optional("feed_in"): self._amount("/kWh"),
            **{vol.Optional(name): _number("%") for name in VAT},
        }
        return self._form("contract", schema, {**draft.general, "kind": draft.kind}, errors)

    async def _page(self, page: Page, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the prices in a form of one page."""
        kind, _ = forms()[page.name]
        pricing = self._known(kind.name)
        known = page.shown(pricing) if pricing else {}
        known = {**known, **self._draft.offered.get(page.name, {})}
        errors: dict[str, str] = {}
        if user_input is not None:

            def words(key: str) -> str:
                return known.get(key) or self._texts.word(key)

            values = {
                field.name: _entered(field, user_input[field.name])
                for field in page.fields
                if user_input.get(field.name) is not None
            }
            errors = page.check(values) or self._sensor_mistakes(page, values)
            self._named = {**self._named, "name": words("peak")} if errors else self._named
            if not errors:
                pricing = {"kind": kind.name, **page.entered(values, words)}
                errors = self._mistakes(pricing, page.places)
            errors = errors or self._unusual(
                page.name,
                {one.name: values[one.name] for one in page.fields if one.holds is Holds.PRICE},
            )
            if not errors:
                return await self._save_contract(pricing)
        suggested = {one.name: one.suggested for one in page.fields if one.suggested is not None}
        schema: dict[vol.Marker, Any] = {
            _marker(field): self._selector(field) for field in page.fields
        }
        return self._form(page.name, schema, user_input or known or suggested, errors)

    def _sensor_mistakes(self, page: Page, values: Mapping[str, Any]) -> dict[str, str]:
        """Return which entities do not show a price of energy in the contracts' currency."""
        currency = currency_of(self.hass, self.config_entry)
        for field in page.fields:
            if field.holds is not Holds.PRICE_SENSOR or field.name not in values:
                continue
            state = self.hass.states.get(values[field.name])
            unit = None if state is None else state.attributes.get("unit_of_measurement")
            if per_kwh(unit, currency) is None:
                self._named = {**self._named, "other": str(unit or "?")}
                return {field.name: "not_a_price"}
        return {}

    def _selector(self, field: FormField) -> object:
        match field.holds:
            case Holds.PRICE | Holds.SURCHARGE:
                return self._amount("/kWh")
            case Holds.TIME:
                return TimeSelector()
            case Holds.PRICE_SENSOR:
                return EntitySelector(EntitySelectorConfig(domain="sensor"))
            case Holds.ENERGY:
                return _number("kWh")
            case Holds.PERCENT:
                return _number("%")
            case Holds.NUMBER:
                return _number()

    async def async_step_tiers(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Begin with the first tier."""
        self._draft.tiers = []
        return await self.async_step_tier()

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
            ) or self._unusual(f"tier {index}", {"price": tier["price"]})
            if not errors and not bounded:
                return await self._save_contract(pricing)
            if not errors:
                tiers.append(tier)
                user_input = None
        known = self._known("tiers").get("tiers", [])
        shown = user_input or (known[len(tiers)] if len(tiers) < len(known) else {})
        schema: dict[vol.Marker, Any] = {
            vol.Optional("price"): self._amount("/kWh"),
            vol.Optional("up_to"): _number("kWh"),
        }
        below = self._texts.number(tiers[-1]["up_to"] if tiers else 0)
        return self._form("tier", schema, shown, errors, number=str(len(tiers) + 1), below=below)

    def _known(self, kind: str) -> dict[str, Any]:
        """Return the prices to suggest, if they are of this kind."""
        pricing = self._draft.pricing
        return pricing if pricing.get("kind") == kind else {}


def _draft_of(contract: Mapping[str, Any]) -> ContractDraft:
    general = {key: contract[key] for key in GENERAL if key in contract}
    pricing = {key: value for key, value in contract.items() if key not in GENERAL}
    return ContractDraft(general, form_of(pricing).name, pricing)


def _marker(field: FormField) -> vol.Marker:
    # A required number begins with 0 in the browser, as if somebody had entered it.
    is_number = field.holds not in (Holds.TIME, Holds.PRICE_SENSOR)
    return (
        vol.Required(field.name) if field.required and not is_number else vol.Optional(field.name)
    )


def _entered(field: FormField, value: Any) -> Any:  # noqa: ANN401
    return f"{cv.time(value):%H:%M}" if field.holds is Holds.TIME else value


def _number(unit: str | None = None) -> FiniteSelector:
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    if unit is not None:
        config["unit_of_measurement"] = unit
    return FiniteSelector(config)
