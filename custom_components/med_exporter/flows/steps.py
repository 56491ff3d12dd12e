"""The steps of one kind of entry, which the flows of all kinds take in when one is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowContext, OptionsFlow
    from homeassistant.core import HomeAssistant

    from ..entries.kind import Step

_STEP = "async_step_"


class Steps:
    """Steps in the words of a config flow: what they do with it, it does.

    A subclass has a method `async_step_{id}` for each step; an instance lives as long as its flow.
    """

    def __init__(self, flow: ConfigFlow) -> None:
        self._flow = flow
        self.add_suggested_values_to_schema = flow.add_suggested_values_to_schema
        self.async_abort = flow.async_abort
        self.async_create_entry = flow.async_create_entry
        self.async_set_unique_id = flow.async_set_unique_id
        self.async_show_form = flow.async_show_form
        self.async_show_menu = flow.async_show_menu
        self.async_update_reload_and_abort = flow.async_update_reload_and_abort
        # Home Assistant means these for the flow's own steps, which these are.
        self._abort_if_unique_id_configured = flow._abort_if_unique_id_configured  # noqa: SLF001
        self._get_reauth_entry = flow._get_reauth_entry  # noqa: SLF001
        self._get_reconfigure_entry = flow._get_reconfigure_entry  # noqa: SLF001

    @property
    def hass(self) -> HomeAssistant:
        """Return Home Assistant, which a flow is given after it was made."""
        return self._flow.hass

    @property
    def flow_id(self) -> str:
        """Return the id of the flow."""
        return self._flow.flow_id

    @property
    def context(self) -> ConfigFlowContext:
        """Return what is known of the flow besides its answers."""
        return self._flow.context

    @property
    def source(self) -> str | None:
        """Return what began the flow."""
        return self._flow.source

    @property
    def entry(self) -> ConfigEntry | None:
        """Return the entry that is changed or repaired; None for a new one."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        return self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None

    def steps(self) -> dict[str, Step]:
        """Return the steps by their ids."""
        return _steps_of(self)


class OptionsSteps:
    """Steps in the words of an options flow; the first is `async_step_init`."""

    def __init__(self, flow: OptionsFlow) -> None:
        self._flow = flow
        self.add_suggested_values_to_schema = flow.add_suggested_values_to_schema
        self.async_create_entry = flow.async_create_entry
        self.async_show_form = flow.async_show_form
        self.async_show_menu = flow.async_show_menu

    @property
    def hass(self) -> HomeAssistant:
        """Return Home Assistant."""
        return self._flow.hass

    @property
    def config_entry(self) -> ConfigEntry:
        """Return the entry whose options they are."""
        return self._flow.config_entry

    def steps(self) -> dict[str, Step]:
        """Return the steps by their ids."""
        return _steps_of(self)


def _steps_of(steps: object) -> dict[str, Step]:
    return {
        name.removeprefix(_STEP): getattr(steps, name)
        for name in dir(steps)
        if name.startswith(_STEP)
    }
