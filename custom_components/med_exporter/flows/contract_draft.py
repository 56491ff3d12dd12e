"""What all steps share in which a contract is entered: the draft, its mistakes, saving it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers.selector import NumberSelectorConfig, NumberSelectorMode

from ..engine.lazy_dataclass import dataclass
from ..engine.tariff import TariffError, parse_contracts
from ..engine.tariff.contracts import VAT
from ..engine.words.currency_signs import for_people
from ..form_fields import FiniteSelector
from ..metering.contracts import CONF_CONTRACTS, CONF_CURRENCY, currency_of, tariff_of
from .steps import OptionsSteps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult

    from ..engine.tariff.hours import Period
    from .contract_texts import ContractTexts

GENERAL: Final = ("valid_from", "supplier", "standing_charge", "feed_in", *VAT)
"""What all contracts have, whatever their prices are."""

# What a kWh costs nearly everywhere: beyond it, a slip of the keyboard is likelier.
_USUAL_PRICE: Final = (0.02, 2.0)
_NOTHING_TO_NAME: Final = dict.fromkeys(
    ("name", "other", "from_day", "from_time", "to_day", "to_time"), ""
)


@dataclass(slots=True)
class ContractDraft:
    """A contract that is being entered.

    Attributes:
        general: `valid_from`, `standing_charge` and `feed_in`, as in the options.
        kind: the form that was chosen for the prices.
        pricing: kind and prices as in the options, for the forms to suggest.
        replaces: `valid_from` of the contract that it changes, None for a new one.
        periods: of a time-of-use contract, so far.
        rest: name and price of the hours that the periods leave.
        tiers: so far.
        offered: prices from elsewhere to suggest, by form and field.

    """

    general: dict[str, Any]
    kind: str
    pricing: dict[str, Any]
    replaces: str | None = None
    periods: list[Period] = field(default_factory=list)
    rest: Period | None = None
    tiers: list[dict[str, Any]] = field(default_factory=list)
    offered: dict[str, dict[str, float]] = field(default_factory=dict)


class ContractFlow(OptionsSteps):
    """The base of the steps of a contract; `_texts` and `_draft` are set by those that come first.

    Forms let every number through, so that a mistake is named at its field in the user's language.
    """

    _texts: ContractTexts
    _draft: ContractDraft
    _named: dict[str, str] = _NOTHING_TO_NAME
    _asked_back: frozenset[tuple[str, Any]] = frozenset()

    async def async_step_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what all contracts have."""
        raise NotImplementedError

    def _amount(self, unit: str = "") -> FiniteSelector:
        """Return a selector of money, per unit."""
        return FiniteSelector(
            NumberSelectorConfig(
                mode=NumberSelectorMode.BOX,
                step="any",
                unit_of_measurement=for_people(
                    f"{currency_of(self.hass, self.config_entry)}{unit}"
                ),
            )
        )

    def _form(
        self,
        step: str,
        schema: dict[vol.Marker, Any],
        shown: Mapping[str, Any],
        errors: dict[str, str] | None = None,
        **placeholders: str,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(schema), shown),
            errors=errors or {},
            description_placeholders={**self._named, **placeholders},
        )

    def _contracts(self) -> list[dict[str, Any]]:
        """Return the contracts as they are stored now, ascending."""
        tariff = tariff_of(self.config_entry)
        return tariff.to_dicts() if tariff else []

    def _others(self) -> list[dict[str, Any]]:
        """Return the contracts that the draft is not to replace."""
        replaced = self._draft.replaces
        return [each for each in self._contracts() if each["valid_from"] != replaced]

    def _general_mistakes(self) -> dict[str, str]:
        """Return what is wrong with the draft apart from its prices, by field."""
        free = {"kind": "flat", "price": 0}
        try:
            parse_contracts([*self._others(), {**self._draft.general, **free}])
        except TariffError as err:
            return self._mistake(err, {})
        return {}

    def _mistakes(self, pricing: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
        """Return what is wrong with prices, by field.

        `fields` gives the form's field for a place in the contract where they differ, such as
        `{"periods[0].start": "start"}`.
        """
        try:
            parse_contracts([{**self._draft.general, **pricing}])
        except TariffError as err:
            return self._mistake(err, fields)
        return {}

    def _unusual(
        self, step: str, values: Mapping[str, Any], *, lowest: float = _USUAL_PRICE[0]
    ) -> dict[str, str]:
        """Return the prices that are to be confirmed, by field: those that are sent again are.

        Args:
            step: of the flow.
            values: prices by field.
            lowest: the lowest price that is usual.

        """
        unusual = {
            (field, price)
            for field, price in values.items()
            if price is not None and not lowest <= price <= _USUAL_PRICE[1]
        }
        before, self._asked_back = (
            self._asked_back,
            frozenset((f"{step}.{field}", price) for field, price in unusual),
        )
        if self._asked_back <= before:
            return {}
        return {field: "price_unusual" for field, _ in unusual}

    def _mistake(self, err: TariffError, fields: Mapping[str, str]) -> dict[str, str]:
        details = dict(err.details)
        for edge in ("from", "to"):
            if edge in details:
                details[f"{edge}_time"] = details.pop(edge)
                details[f"{edge}_day"] = self._texts.weekday(details[f"{edge}_day"])
        self._named = {**_NOTHING_TO_NAME, **details}
        place = err.field.partition(".")[2]
        return {fields.get(place, place): f"tariff_{err.code}"}

    async def _save_contract(self, pricing: dict[str, Any]) -> ConfigFlowResult:
        """Save the draft with prices that are right.

        Only a contract that another dialog has saved meanwhile can stand against it: then the date
        is asked for again.
        """
        self._draft.pricing = pricing
        if self._general_mistakes():
            return await self.async_step_contract({**self._draft.general, "kind": self._draft.kind})
        contract = {**self._draft.general, **pricing}
        return self._save_contracts([*self._others(), contract])

    def _save_contracts(self, contracts: list[dict[str, Any]]) -> ConfigFlowResult:
        # Amounts keep the currency that they were entered in.
        currency = currency_of(self.hass, self.config_entry)
        stored = parse_contracts(contracts).to_dicts()
        return self._save({CONF_CONTRACTS: stored, CONF_CURRENCY: currency})

    def _save(self, changed: dict[str, Any]) -> ConfigFlowResult:
        """Save options beside the others, and let them take effect at once."""
        entries = self.hass.config_entries
        options = {**self.config_entry.options, **changed}
        # A reload may begin at once: it is to see the new ones.
        entries.async_update_entry(self.config_entry, options=options)
        entries.async_schedule_reload(self.config_entry.entry_id)
        return self.async_create_entry(data=options)
