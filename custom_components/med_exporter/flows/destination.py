"""The steps that every kind of destination has in common.

A kind describes itself with a `DestinationForm` and names its steps:

    _FORM = DestinationForm(type=EntryType.JEEDOM, fields={…}, test=…, …)

    class JeedomFlow(DestinationFlow):
        async def async_step_jeedom(self, user_input=None):
            return await self.destination_user(_FORM, user_input)

        async def async_step_jeedom_reconfigure(self, user_input=None):
            return await self.destination_reconfigure(_FORM, user_input)

        async def async_step_jeedom_reauth(self, user_input=None):
            return await self.destination_reauth(_FORM, user_input)

        async def async_step_jeedom_unverified(self, user_input=None):
            return await self.destination_unverified(_FORM, user_input)

The class joins the bases of the config flow and adds its line to the menu there; the form joins
`flows/registry.py`. Words: `config.step.{type}`, `{type}_reconfigure`, `{type}_reauth` and, where
the connection test may return a remark, `{type}_unverified`, with the remark's own words as
`config.error.{remark}`. A mistake of the test is shown at the field that it names, if the form
has that field, with `config.error.{err.key}` and the placeholders of the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlow, ConfigFlowResult

from ..vault import SECRETS
from .destination_form import Finding, async_check, async_data, async_settings, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import voluptuous as vol

    from .destination_form import DestinationForm


class DestinationFlow(ConfigFlow):
    """The steps that set up, change and repair a destination of any kind."""

    _destination_settings: dict[str, Any]
    _destination_remark: str

    async def destination_user(
        self, form: DestinationForm, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self._destination_form(form, form.type.value, user_input, {})

    async def destination_reconfigure(
        self, form: DestinationForm, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Change a destination; secrets that are left empty stay."""
        shown = form.values(self._get_reconfigure_entry().data)
        return await self._destination_form(form, f"{form.type}_reconfigure", user_input, shown)

    async def destination_reauth(
        self, form: DestinationForm, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for the login again, and for nothing else."""
        entry = self._get_reauth_entry()
        schema = form.login_schema(entry.data)
        finding = Finding()
        if user_input is not None:
            fields = {str(marker) for marker in schema.schema}
            rest = {key: entry.data[key] for key in entry.data if key not in fields | SECRETS}
            settings = await async_settings(self.hass, form, rest | user_input)
            finding = await async_check(self.hass, form, settings, entry, fields=fields)
            if not finding.errors:
                return self.async_update_reload_and_abort(
                    entry, data=await async_data(self.hass, settings, form.type, entry)
                )
        return self._destination_show(
            form, f"{form.type}_reauth", schema, user_input or form.values(entry.data), finding
        )

    async def destination_unverified(
        self, form: DestinationForm, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Say what the connection test left open, and save all the same."""
        if user_input is not None:
            return await self._destination_save(form)
        return self.async_show_form(
            step_id=f"{form.type}_unverified", errors={"base": self._destination_remark}
        )

    async def _destination_form(
        self,
        form: DestinationForm,
        step: str,
        user_input: dict[str, Any] | None,
        shown: Mapping[str, Any],
    ) -> ConfigFlowResult:
        entry = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        schema = form.schema(is_known=entry is not None)
        finding = Finding()
        if user_input is not None:
            settings = await async_settings(self.hass, form, user_input, entry)
            fields = {str(marker) for marker in schema.schema}
            finding = await async_check(self.hass, form, settings, entry, fields=fields)
            if not finding.errors:
                self._destination_settings = settings
                if finding.remark is None:
                    return await self._destination_save(form)
                self._destination_remark = finding.remark
                return await self.destination_unverified(form, None)
        return self._destination_show(form, step, schema, user_input or shown, finding)

    def _destination_show(
        self,
        form: DestinationForm,
        step: str,
        schema: vol.Schema,
        shown: Mapping[str, Any],
        finding: Finding,
    ) -> ConfigFlowResult:
        is_reauth = step.endswith("_reauth")
        title = self._get_reauth_entry().title if is_reauth else ""
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=finding.errors,
            description_placeholders={
                "name": title,
                "example": form.example,
                **finding.placeholders,
            },
        )

    async def _destination_save(self, form: DestinationForm) -> ConfigFlowResult:
        settings = self._destination_settings
        unique_id = form.unique_id(self.hass, settings)
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            data = await async_data(self.hass, settings, form.type, entry)
            return self.async_update_reload_and_abort(entry, unique_id=unique_id, data=data)
        await self.async_set_unique_id(unique_id)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(
            title=title_of(self.hass, form, settings),
            data=await async_data(self.hass, settings, form.type),
        )
