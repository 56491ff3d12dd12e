"""The config flow: a menu, and behind it the steps of each kind of entry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlow, OptionsFlow
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_PASSWORD,
    CONF_TYPE,
    CONF_USERNAME,
)
from homeassistant.core import callback

from .const import DOMAIN
from .entries.versions import VERSION
from .entry_types import entry_kinds, kind_of
from .installation.entry import async_import_installation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
    from homeassistant.data_entry_flow import FlowHandler

    from .entries.kind import EntryKind, Step

_STEP: Final = "async_step_"
# Whose a secret is: without the one there is no other.
_OWNERS: Final = {CONF_PASSWORD: CONF_USERNAME, CONF_CLIENT_SECRET: CONF_CLIENT_ID}


class MedExporterFlow(ConfigFlow, domain=DOMAIN):
    """Set up a metering point, the grid, a destination or a mail account."""

    VERSION = VERSION

    def __init__(self) -> None:
        """Take in how the flows of all kinds begin; the steps of one are loaded then."""
        kinds = entry_kinds()
        self._offered = [kind.type for kind in kinds.values() if kind.is_offered]
        self._secrets = frozenset().union(*(kind.secrets for kind in kinds.values()))
        self._given: dict[str, Any] = {}
        self._typed: dict[str, Any] = {}
        for kind in kinds.values():
            for step_id in (kind.type, *kind.found_by):
                setattr(self, f"{_STEP}{step_id}", partial(self._begin, kind, step_id))

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose what to add."""
        return self.async_show_menu(step_id="user", menu_options=self._offered)

    async def async_step_import(self, import_data: dict[str, Any]) -> ConfigFlowResult:
        """Make the installation's own entry."""
        return await async_import_installation(self, import_data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the steps of the entry's own kind."""
        return await self._step_of(self._get_reconfigure_entry(), "reconfigure")

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Go on with the steps of the entry's own kind."""
        return await self._step_of(self._get_reauth_entry(), "reauth")

    @callback
    def add_suggested_values_to_schema(
        self, data_schema: vol.Schema, suggested_values: Mapping[str, Any] | None
    ) -> vol.Schema:
        """Fill in a form again, but for secrets: no answer repeats one."""
        shown = {
            key: value
            for key, value in (suggested_values or {}).items()
            if key not in self._secrets
        }
        return super().add_suggested_values_to_schema(data_schema, shown)

    @callback
    def async_show_form(
        self,
        *,
        data_schema: vol.Schema | None = None,
        errors: dict[str, str] | None = None,
        **shown: Any,  # noqa: ANN401  # the rest of Home Assistant's own
    ) -> ConfigFlowResult:
        """Show a form; after a mistake elsewhere, no secret that was typed need be typed again."""
        fields = {} if data_schema is None else data_schema.schema
        self._typed = {
            key: self._given[key]
            for key in self._secrets.intersection(map(str, fields))
            if errors and key not in errors and self._given.get(key)
        }
        if self._typed:
            data_schema = vol.Schema(
                {
                    vol.Optional(str(key)) if str(key) in self._typed else key: selector
                    for key, selector in fields.items()
                }
            )
        return super().async_show_form(data_schema=data_schema, errors=errors, **shown)

    async def _answered(self, step: Step, given: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on with a step, given also the secrets that its form did not show again."""
        if given is not None:
            typed = {
                key: value
                for key, value in self._typed.items()
                if not given.get(key) and (key not in _OWNERS or given.get(_OWNERS[key]))
            }
            given = {**given, **typed}
        self._given = given or {}
        return await step(given)

    async def _step_of(self, entry: ConfigEntry, step: str) -> ConfigFlowResult:
        kind = kind_of(entry)
        return await self._begin(kind, f"{entry.data[CONF_TYPE]}_{step}", None)

    async def _begin(self, kind: EntryKind | None, step_id: str, given: Any) -> ConfigFlowResult:  # noqa: ANN401
        """Load the steps of a kind, and go on with one of them."""
        steps = {} if kind is None else await kind.steps(self)
        _take_in(self, {name: partial(self._answered, step) for name, step in steps.items()})
        if step_id not in steps:
            # Home Assistant offers this for every entry; what this one has are options.
            return self.async_abort(reason="only_options")
        return await steps[step_id](given)

    @classmethod
    @callback
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        """Return whether the entry has options; an ignored discovery has no kind."""
        kind = kind_of(config_entry)
        return kind is not None and kind.options is not None

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow of the entry's kind."""
        kind = kind_of(config_entry)
        assert kind is not None
        assert kind.options is not None
        return _OptionsFlow(kind.options)


class _OptionsFlow(OptionsFlow):
    """The options of an entry, in the steps of its kind."""

    def __init__(self, load: Callable[[OptionsFlow], Awaitable[Mapping[str, Step]]]) -> None:
        self._load = load

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Load the steps, and begin with the first of them."""
        steps = await self._load(self)
        _take_in(self, steps)
        return await steps["init"](user_input)


def _take_in(flow: FlowHandler[Any, Any], steps: Mapping[str, Step]) -> None:
    for step_id, step in steps.items():
        setattr(flow, f"{_STEP}{step_id}", step)
