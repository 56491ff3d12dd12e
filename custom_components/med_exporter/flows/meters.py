"""The flow of a metering point of meters: what to take, the roles, the other readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_NAME, CONF_TYPE
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_PDL, CONF_PLUGS, CONF_RATED_POWER, CONF_ROLE, EntryType, PlugRole
from ..database import DatabaseUnavailableError
from ..engine.times import quarter_of
from ..engine.words.colon import with_colon
from ..entries.finding import slug_of
from ..form_fields import FiniteSelector, YesNoSelector, choice
from ..installation.pdl_change import async_move_to_pdl
from ..meters.choosing import ENERGY_FIELD, FIELDS
from ..meters.dashboard import Proposal, async_dashboard
from ..meters.meter import (
    CONF_COUNTED_FROM,
    CONF_ENTITIES,
    CONF_REGISTRY_ID,
    CONF_STATISTIC_ID,
    is_entity,
)
from ..texts import async_options, async_text_of
from .joining import CONF_COUNT_PAST, COUNT_PAST_FIELD
from .meters_choosing import CONF_REPLACED, CONF_REPLACEMENT, CONF_STATISTICS, MetersChoosingSteps
from .point_names import check_point, point_name
from .role_fields import distinct, watts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult

CONF_TAKE_OVER: Final = "take_over"

_LEFT_OUT: Final = "left_out"
_ROLE: Final = choice("meter_role", [*PlugRole, _LEFT_OUT])
_RATED_POWER: Final = FiniteSelector(
    NumberSelectorConfig(
        min=1, max=100_000, step="any", mode=NumberSelectorMode.BOX, unit_of_measurement="W"
    )
)


class MetersSteps(MetersChoosingSteps):
    """The steps that set up and change a metering point of meters."""

    # The entry's data to be; its meters go by their ids.
    _draft: dict[str, Any]
    _labels: dict[str, str]

    async def async_step_meters(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the metering point, and for what counts in it."""
        errors = self._no_errors()
        proposal = await async_dashboard(self.hass)
        if user_input is not None:
            check_point(self.hass, user_input, errors)
            taken = proposal if user_input.get(CONF_TAKE_OVER) else Proposal()
            chosen = await self._chosen(taken, user_input.get(CONF_STATISTICS, []), errors)
            if not errors:
                await self.async_set_unique_id(slug_of(user_input[CONF_PDL]))
                self._abort_if_unique_id_configured()
                self._draft = {
                    CONF_TYPE: EntryType.METERS,
                    CONF_NAME: point_name(user_input),
                    CONF_PDL: user_input[CONF_PDL],
                    CONF_PLUGS: chosen,
                }
                return await self.async_step_meters_roles()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PDL): TextSelector(),
                vol.Required(CONF_TAKE_OVER, default=bool(proposal.meters)): YesNoSelector(),
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
        """Change the name, the id and the meters; one may take another's place."""
        self._entry = entry = self._get_reconfigure_entry()
        errors = self._no_errors()
        stored: dict[str, dict[str, Any]] = entry.data[CONF_PLUGS]
        if user_input is not None:
            check_point(self.hass, user_input, errors, own=entry)
            meters = await self._replaced(stored, user_input, errors)
            replaced = stored.get(user_input.get(CONF_REPLACED, ""), {}).get(CONF_STATISTIC_ID)
            wanted = [one for one in user_input.get(CONF_STATISTICS, []) if one != replaced]
            if not errors:
                meters = await self._kept(meters, wanted, user_input, errors)
            if not errors:
                self._draft = {
                    **entry.data,
                    CONF_NAME: point_name(user_input),
                    CONF_PDL: user_input[CONF_PDL],
                    CONF_PLUGS: meters,
                }
                return await self._take_id(
                    entry,
                    user_input[CONF_PDL],
                    self.async_step_meters_roles,
                    self.async_step_meters_reconfigure,
                )
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PDL, default=entry.data[CONF_PDL]): TextSelector(),
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
        known = {} if self._entry is None else self._entry.data[CONF_PLUGS]
        new = [meter_id for meter_id in meters if meter_id not in known]
        asks_for_past = await self._has_past(new)
        if user_input is not None:
            counts = user_input.get(CONF_COUNT_PAST, not asks_for_past)
            joins = {} if counts else {CONF_COUNTED_FROM: quarter_of(dt_util.utcnow().timestamp())}
            kept = {
                meter_id: {
                    **meter,
                    **(joins if meter_id in new else {}),
                    CONF_ROLE: user_input[labels[meter_id]],
                    CONF_RATED_POWER: user_input.get(watts(labels[meter_id])),
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
            fields[vol.Optional(watts(labels[meter_id]), description=description)] = _RATED_POWER
        if asks_for_past:
            fields |= COUNT_PAST_FIELD
        return self.async_show_form(
            step_id="meters_roles",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), user_input),
            errors=errors,
            description_placeholders={"not_taken": await self._said_of_not_taken()},
        )

    async def _said_of_not_taken(self) -> str:
        """Return a paragraph that names what was not taken; nothing where all was."""
        if not self._not_taken:
            return ""
        meters = ", ".join(self._not_taken)
        said = await async_text_of(self.hass, "meters_not_taken", {"meters": meters})
        return f"\n\n{said}"

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
                    label = self._label(names[meter_id], words[field])
                    fields[vol.Optional(label, description=shown)] = EntitySelector(config)
            return self.async_show_form(step_id="meters_entities", data_schema=vol.Schema(fields))
        for meter_id, meter in meters.items():
            entities = {
                field: user_input[label]
                for field in self._fields(meter)
                if user_input.get(label := self._label(names[meter_id], words[field]))
            }
            if is_entity(meter[CONF_STATISTIC_ID]):
                entities[ENERGY_FIELD] = meter[CONF_STATISTIC_ID]
            meters[meter_id] = {**meter, CONF_ENTITIES: entities}
        title = self._draft[CONF_NAME]
        if self._entry is None:
            return self.async_create_entry(title=title, data=self._draft)
        try:
            await async_move_to_pdl(self.hass, self._entry, self._draft[CONF_PDL])
        except DatabaseUnavailableError:
            return self.async_abort(reason="database_unavailable")
        return self.async_update_reload_and_abort(
            self._entry,
            unique_id=slug_of(self._draft[CONF_PDL]),
            title=title,
            data=self._draft,
            reason="reconfigure_successful",
        )

    def _fields(self, meter: Mapping[str, Any]) -> list[str]:
        """Return the readings that are asked for: what no device measures has a power at most."""
        if meter[CONF_REGISTRY_ID] is None:
            return ["power_w"]
        return list(FIELDS)

    def _label(self, meter: str, reading: str) -> str:
        return with_colon(meter, reading, french=self.hass.config.language.startswith("fr"))

    async def _words(self) -> dict[str, str]:
        """Return what readings are called in the installation's language."""
        words = await async_options(self.hass, "reading_field")
        return {field: words.get(field, field) for field in FIELDS}


def _labels(meters: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    names = [meter["name"] for meter in meters.values()]
    longer = [f"{meter['name']} ({meter[CONF_STATISTIC_ID]})" for meter in meters.values()]
    return dict(zip(meters, distinct(names, longer, beside=[CONF_COUNT_PAST]), strict=True))
