"""The flow of a metering point of meters: what to take, the roles, the other readings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_NAME, CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify

from ..const import CONF_PDL, CONF_PLUGS, CONF_RATED_POWER, CONF_ROLE, DOMAIN, EntryType, PlugRole
from ..engine.times import hour_of
from ..form_fields import choice
from ..metering.contracts import currency_of
from ..meters.choosing import (
    ENERGY_FIELD,
    FIELDS,
    async_names,
    counted_by,
    new_meter,
)
from ..meters.dashboard import Proposal, Proposed, async_dashboard
from ..meters.meter import (
    CONF_ENTITIES,
    CONF_FORMER,
    CONF_REGISTRY_ID,
    CONF_STATISTIC_ID,
    CONF_UNTIL,
    Source,
    is_entity,
    meter_id_of,
)
from ..meters.source import async_stretch
from .contract_texts import async_load_contract_texts
from .point_names import check_name, pdl_error
from .steps import Steps
from .tariff_options import TariffFlow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult

CONF_TAKE_OVER: Final = "take_over"
CONF_STATISTICS: Final = "statistics"
CONF_REPLACED: Final = "replaced"
CONF_REPLACEMENT: Final = "replacement"

_LEFT_OUT: Final = "left_out"
_ROLE: Final = choice("meter_role", [*PlugRole, _LEFT_OUT])
_RATED_POWER: Final = NumberSelector(
    NumberSelectorConfig(
        min=1, max=100_000, step="any", mode=NumberSelectorMode.BOX, unit_of_measurement="W"
    )
)


class MetersSteps(Steps):
    """The steps that set up and change a metering point of meters."""

    _entry: ConfigEntry | None = None
    # The entry's data to be; its meters go by their ids.
    _draft: dict[str, Any]
    _labels: dict[str, str]
    _powers: dict[str, str]
    _not_taken: list[str]
    _placeholders: dict[str, str]

    async def async_step_meters(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the metering point, and for what counts in it."""
        errors = self._no_errors()
        proposal = await async_dashboard(self.hass)
        if user_input is not None:
            pdl = user_input[CONF_PDL]
            check_name(user_input, errors)
            if error := pdl_error(self.hass, pdl):
                errors[CONF_PDL] = error
            taken = proposal if user_input.get(CONF_TAKE_OVER) else Proposal()
            chosen = await self._chosen(taken, user_input.get(CONF_STATISTICS, []), errors)
            if not errors:
                await self.async_set_unique_id(slugify(pdl))
                self._abort_if_unique_id_configured()
                self._draft = {
                    CONF_TYPE: EntryType.METERS,
                    CONF_NAME: user_input[CONF_NAME],
                    CONF_PDL: pdl,
                    CONF_PLUGS: chosen,
                }
                return await self.async_step_meters_roles()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PDL): TextSelector(),
                vol.Required(CONF_TAKE_OVER, default=bool(proposal.meters)): BooleanSelector(),
                vol.Optional(CONF_STATISTICS): await self._selector(multiple=True),
            }
        )
        return self.async_show_form(
            step_id="meters",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_meters_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the name and the meters; one may take another's place."""
        self._entry = entry = self._get_reconfigure_entry()
        errors = self._no_errors()
        stored: dict[str, dict[str, Any]] = entry.data[CONF_PLUGS]
        if user_input is not None:
            check_name(user_input, errors)
            meters = await self._replaced(stored, user_input, errors)
            replaced = stored.get(user_input.get(CONF_REPLACED, ""), {}).get(CONF_STATISTIC_ID)
            wanted = [one for one in user_input.get(CONF_STATISTICS, []) if one != replaced]
            if not errors:
                meters = await self._kept(meters, wanted, user_input, errors)
            if not errors:
                self._draft = {
                    **entry.data,
                    CONF_NAME: user_input[CONF_NAME],
                    CONF_PLUGS: meters,
                }
                return await self.async_step_meters_roles()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Optional(CONF_STATISTICS): await self._selector(multiple=True),
                vol.Optional(CONF_REPLACED): SelectSelector(
                    SelectSelectorConfig(
                        options=[
                            SelectOptionDict(value=meter_id, label=meter["name"])
                            for meter_id, meter in stored.items()
                        ],
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                ),
                vol.Optional(CONF_REPLACEMENT): await self._selector(),
            }
        )
        suggested = {
            CONF_NAME: entry.title,
            CONF_STATISTICS: [meter[CONF_STATISTIC_ID] for meter in stored.values()],
        }
        return self.async_show_form(
            step_id="meters_reconfigure",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or suggested),
            errors=errors,
            description_placeholders={**self._placeholders, "pdl": entry.data[CONF_PDL]},
        )

    async def async_step_meters_roles(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the roles and rated powers of all meters."""
        meters: dict[str, dict[str, Any]] = self._draft[CONF_PLUGS]
        errors: dict[str, str] = {}
        labels = _labels(meters)
        if user_input is not None:
            kept = {
                meter_id: {
                    **meter,
                    CONF_ROLE: user_input[labels[meter_id]],
                    CONF_RATED_POWER: user_input.get(_watts(labels[meter_id])),
                }
                for meter_id, meter in meters.items()
                if user_input[labels[meter_id]] != _LEFT_OUT
            }
            if kept:
                self._draft[CONF_PLUGS] = kept
                return await self.async_step_meters_entities()
            errors["base"] = "meters_missing"
        fields: dict[vol.Marker, Any] = {}
        for meter_id, meter in meters.items():
            fields[vol.Required(labels[meter_id], default=meter[CONF_ROLE])] = _ROLE
            power = meter.get(CONF_RATED_POWER)
            description = None if power is None else {"suggested_value": power}
            fields[vol.Optional(_watts(labels[meter_id]), description=description)] = _RATED_POWER
        return self.async_show_form(
            step_id="meters_roles",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), user_input),
            errors=errors,
            description_placeholders={"not_taken": ", ".join(self._not_taken) or "-"},
        )

    async def async_step_meters_entities(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which entities show the other readings of each meter."""
        meters: dict[str, dict[str, Any]] = self._draft[CONF_PLUGS]
        names = _labels(meters)
        words = await self._words()
        if user_input is None:
            fields: dict[vol.Marker, Any] = {}
            for meter_id, meter in meters.items():
                known = meter[CONF_ENTITIES]
                for field in self._fields(meter):
                    domain, device_class = FIELDS[field]
                    config = EntitySelectorConfig(domain=domain)
                    if device_class is not None:
                        config = EntitySelectorConfig(domain=domain, device_class=device_class)
                    shown = {"suggested_value": known[field]} if field in known else None
                    label = f"{names[meter_id]}: {words[field]}"
                    fields[vol.Optional(label, description=shown)] = EntitySelector(config)
            return self.async_show_form(step_id="meters_entities", data_schema=vol.Schema(fields))
        for meter_id, meter in meters.items():
            entities = {
                field: user_input[label]
                for field in self._fields(meter)
                if user_input.get(label := f"{names[meter_id]}: {words[field]}")
            }
            if is_entity(meter[CONF_STATISTIC_ID]):
                entities[ENERGY_FIELD] = meter[CONF_STATISTIC_ID]
            meters[meter_id] = {**meter, CONF_ENTITIES: entities}
        title = self._draft[CONF_NAME]
        if self._entry is None:
            return self.async_create_entry(title=title, data=self._draft)
        return self.async_update_reload_and_abort(
            self._entry, title=title, data=self._draft, reason="reconfigure_successful"
        )

    def _no_errors(self) -> dict[str, str]:
        self._placeholders = {"meter": "", "point": ""}
        self._not_taken = []
        return {}

    async def _chosen(
        self, proposal: Proposal, statistic_ids: list[str], errors: dict[str, str]
    ) -> dict[str, dict[str, Any]]:
        """Return the meters to be of a proposal and of what was chosen by hand."""
        by_hand = [
            Proposed(one, PlugRole.CONSUMPTION)
            for one in statistic_ids
            if one not in {meter.statistic_id for meter in proposal.meters}
        ]
        names = await async_names(
            self.hass, [one.statistic_id for one in (*proposal.meters, *by_hand)]
        )
        self._not_taken = list(proposal.not_taken)
        meters: dict[str, dict[str, Any]] = {}
        for one in (*proposal.meters, *by_hand):
            error = self._error(one.statistic_id, names)
            if error is None:
                meter = new_meter(self.hass, one, names[one.statistic_id])
                meters[meter_id_of(self.hass, one.statistic_id)] = meter
            elif one in by_hand:
                errors[CONF_STATISTICS] = error
                return meters
            else:
                self._not_taken.append(one.name or names.get(one.statistic_id, one.statistic_id))
        if not meters and CONF_STATISTICS not in errors:
            errors[CONF_STATISTICS] = "meters_missing"
        return meters

    async def _kept(
        self,
        meters: Mapping[str, dict[str, Any]],
        wanted: list[str],
        user_input: Mapping[str, Any],
        errors: dict[str, str],
    ) -> dict[str, dict[str, Any]]:
        """Return the meters that stay, and those that are new."""
        replacement = user_input.get(CONF_REPLACEMENT)
        kept = {
            meter_id: meter
            for meter_id, meter in meters.items()
            if meter[CONF_STATISTIC_ID] in {*wanted, replacement}
        }
        known = {meter[CONF_STATISTIC_ID] for meter in kept.values()}
        new = [one for one in wanted if one not in known]
        if new or not kept:
            kept |= await self._chosen(Proposal(), new, errors)
        return kept

    async def _replaced(
        self,
        stored: Mapping[str, dict[str, Any]],
        user_input: Mapping[str, Any],
        errors: dict[str, str],
    ) -> dict[str, dict[str, Any]]:
        """Return the meters with one of them replaced, if that is asked for."""
        meters = dict(stored)
        meter_id, statistic_id = user_input.get(CONF_REPLACED), user_input.get(CONF_REPLACEMENT)
        if not meter_id and not statistic_id:
            return meters
        if not meter_id or not statistic_id:
            errors[CONF_REPLACEMENT if meter_id else CONF_REPLACED] = "replacement_incomplete"
            return meters
        names = await async_names(self.hass, [statistic_id])
        others = {meter[CONF_STATISTIC_ID] for meter in stored.values()}
        error = self._error(statistic_id, names)
        if error is None and statistic_id in others:
            self._placeholders = {"meter": statistic_id, "point": user_input[CONF_NAME]}
            error = "meter_taken"
        if error is not None:
            errors[CONF_REPLACEMENT] = error
            return meters
        old = stored[meter_id]
        stretch = await async_stretch(self.hass, [Source(old[CONF_STATISTIC_ID])])
        until = hour_of(dt_util.utcnow().timestamp()) if stretch is None else stretch[1]
        former = {key: old[key] for key in (CONF_STATISTIC_ID, CONF_REGISTRY_ID)}
        new = new_meter(
            self.hass, Proposed(statistic_id, PlugRole(old[CONF_ROLE])), names[statistic_id]
        )
        meters[meter_id] = {
            **new,
            CONF_RATED_POWER: old.get(CONF_RATED_POWER),
            CONF_FORMER: [*old[CONF_FORMER], {**former, CONF_UNTIL: until}],
        }
        return meters

    def _error(self, statistic_id: str, names: Mapping[str, str]) -> str | None:
        """Return why a statistic cannot be a meter, None where it can."""
        own = None if self._entry is None else self._entry.entry_id
        self._placeholders = {"meter": names.get(statistic_id, statistic_id), "point": ""}
        if (point := counted_by(self.hass, statistic_id, own)) is not None:
            self._placeholders["point"] = point
            return "meter_taken"
        return None if statistic_id in names else "not_energy"

    def _fields(self, meter: Mapping[str, Any]) -> list[str]:
        """Return the readings that are asked for: what no device measures has a power at most."""
        if meter[CONF_REGISTRY_ID] is None:
            return ["power_w"]
        return list(FIELDS)

    async def _selector(self, *, multiple: bool = False) -> SelectSelector:
        """Offer all statistics of energy; those that are not known yet can be typed."""
        # Home Assistant's own selector of statistics is newer than the oldest one supported.
        names = await async_names(self.hass)
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=one, label=name if name == one else f"{name} ({one})")
                    for one, name in sorted(names.items(), key=lambda item: item[1].casefold())
                ],
                multiple=multiple,
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )

    async def _words(self) -> dict[str, str]:
        """Return what readings are called in the installation's language."""
        prefix = f"component.{DOMAIN}.selector.reading_field.options."
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "selector", [DOMAIN]
        )
        return {field: texts.get(prefix + field, field) for field in FIELDS}


class MetersOptionsFlow(TariffFlow):
    """Change what energy costs."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose what to change."""
        self._texts = await async_load_contract_texts(
            self.hass, currency_of(self.hass, self.config_entry)
        )
        return self.async_show_menu(step_id="init", menu_options=["contracts"])


def _labels(meters: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Name each meter so that no two fields are called alike."""
    count = Counter(meter["name"] for meter in meters.values())
    return {
        meter_id: meter["name"]
        if count[meter["name"]] == 1
        else f"{meter['name']} ({meter[CONF_STATISTIC_ID]})"
        for meter_id, meter in meters.items()
    }


def _watts(label: str) -> str:
    return f"{label} (W)"
