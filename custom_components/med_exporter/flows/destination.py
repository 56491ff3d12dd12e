"""The steps that set up, change and repair a destination, the same for every kind.

Words: `config.step.{type}`, `{type}_reconfigure`, `{type}_reauth` and, where the connection test
may return a remark, `{type}_unverified`, with the remark's own words as `config.error.{remark}`. A
mistake of the test is shown at the field that it names, if the form has that field, with
`config.error.{err.key}` and the placeholders of the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..destinations.settings import Finding, async_check, async_data, async_settings, title_of
from .steps import Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    import voluptuous as vol
    from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

    from ..destinations.kind import DestinationKind
    from ..entries.kind import Step


class DestinationSteps(Steps):
    """The steps of one kind of destination."""

    _settings: dict[str, Any]
    _remark: str

    def __init__(self, flow: ConfigFlow, kind: DestinationKind) -> None:
        super().__init__(flow)
        self._kind = kind

    def steps(self) -> dict[str, Step]:
        """Return the steps, named by the kind."""
        name = self._kind.type
        return {
            name: self._user,
            f"{name}_reconfigure": self._reconfigure,
            f"{name}_reauth": self._reauth,
            f"{name}_unverified": self._unverified,
        }

    async def _user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self._ask(self._kind.type, user_input, {})

    async def _reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change a destination; secrets that are left empty stay."""
        shown = self._kind.values(self._get_reconfigure_entry().data)
        return await self._ask(f"{self._kind.type}_reconfigure", user_input, shown)

    async def _reauth(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the login again, and for nothing else."""
        kind, entry = self._kind, self._get_reauth_entry()
        schema = kind.login_schema(entry.data)
        finding = Finding()
        if user_input is not None:
            fields = {str(marker) for marker in schema.schema}
            rest = {key: entry.data[key] for key in entry.data if key not in fields | kind.secrets}
            settings = await async_settings(self.hass, kind, rest | user_input)
            finding = await async_check(self.hass, kind, settings, entry, fields=fields)
            if not finding.errors:
                return self.async_update_reload_and_abort(
                    entry, data=await async_data(self.hass, kind, settings, entry)
                )
        shown = user_input or kind.values(entry.data)
        return self._show(f"{kind.type}_reauth", schema, shown, finding)

    async def _unverified(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what the connection test left open, and save all the same."""
        if user_input is not None:
            return await self._save()
        return self.async_show_form(
            step_id=f"{self._kind.type}_unverified", errors={"base": self._remark}
        )

    async def _ask(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> ConfigFlowResult:
        kind, entry = self._kind, self.entry
        schema = kind.schema(is_known=entry is not None)
        finding = Finding()
        if user_input is not None:
            settings = await async_settings(self.hass, kind, user_input, entry)
            fields = {str(marker) for marker in schema.schema}
            finding = await async_check(self.hass, kind, settings, entry, fields=fields)
            if not finding.errors:
                self._settings = settings
                if finding.remark is None:
                    return await self._save()
                self._remark = finding.remark
                return await self._unverified()
        return self._show(step, schema, user_input or shown, finding)

    def _show(
        self, step: str, schema: vol.Schema, shown: Mapping[str, Any], finding: Finding
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=finding.errors,
            description_placeholders={
                "name": "" if self.entry is None else self.entry.title,
                "example": self._kind.example,
                **finding.placeholders,
            },
        )

    async def _save(self) -> ConfigFlowResult:
        kind, settings, entry = self._kind, self._settings, self.entry
        unique_id = kind.unique_id(self.hass, settings)
        data = await async_data(self.hass, kind, settings, entry)
        if entry is not None:
            return self.async_update_reload_and_abort(entry, unique_id=unique_id, data=data)
        await self.async_set_unique_id(unique_id)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=title_of(self.hass, kind, settings), data=data)
