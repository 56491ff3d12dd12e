"""The flow of a metering point: its name and plugs, logins where asked for, then the roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import CONF_NAME, CONF_TYPE
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import TextSelector

from ..const import (
    CONF_HOSTS,
    CONF_PAST,
    CONF_PDL,
    CONF_PLUGS,
    DOMAIN,
    EntryType,
)
from ..database import DatabaseUnavailableError
from ..entries.finding import slug_of
from ..form_fields import YesNoSelector
from ..installation.pdl_change import async_move_to_pdl
from ..ledger import DATA_LEDGER, LedgerPlug
from .joining import CONF_COUNT_PAST, COUNT_PAST_FIELD
from .kasa_plugs import PlugsForm
from .kasa_reading import CREDENTIALS_FIELDS, KasaReadingSteps
from .point_names import check_point, point_name

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigFlowResult

CONF_ALL_ROLES: Final = "all_roles"


class KasaSteps(KasaReadingSteps):
    """The steps that set up, change and repair a metering point."""

    # The entry's data to be, without the hosts that are still being read.
    _draft: dict[str, Any]
    _form: PlugsForm | None = None
    _all_roles: bool = False
    _new: list[str]
    _asks_for_past: bool = False
    _counts_past: bool = True
    _suggested: dict[str, Any] | None = None

    async def async_step_kasa(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the metering point and its plugs, and read them."""
        errors = self._no_errors()
        if user_input is not None:
            check_point(self.hass, user_input, errors)
            await self._read(user_input, errors)
            if not errors:
                await self.async_set_unique_id(slug_of(user_input[CONF_PDL]))
                self._draft = {
                    CONF_TYPE: EntryType.KASA,
                    CONF_NAME: point_name(user_input),
                    CONF_PDL: user_input[CONF_PDL],
                    CONF_HOSTS: {},
                    CONF_PLUGS: {},
                }
                return await self.async_step_kasa_login()
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PDL): TextSelector(),
                vol.Required(CONF_HOSTS): await self._hosts_selector(),
                **CREDENTIALS_FIELDS,
            }
        )
        return self.async_show_form(
            step_id="kasa",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or {CONF_HOSTS: self._measuring, **(self._suggested or {})}
            ),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    async def async_step_kasa_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the name, the plugs and, where wanted, all roles."""
        self._entry = entry = self._get_reconfigure_entry()
        errors = self._no_errors()
        if user_input is not None:
            check_point(self.hass, user_input, errors, own=entry)
            await self._read(user_input, errors)
            if not errors:
                self._all_roles = user_input.get(CONF_ALL_ROLES, False)
                self._draft = {
                    **entry.data,
                    CONF_NAME: point_name(user_input),
                    CONF_PDL: user_input[CONF_PDL],
                    CONF_HOSTS: {},
                }
                return await self._take_id(
                    entry,
                    user_input[CONF_PDL],
                    self.async_step_kasa_login,
                    self.async_step_kasa_reconfigure,
                )
        schema = vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Optional(CONF_PDL, default=entry.data[CONF_PDL]): TextSelector(),
                vol.Required(CONF_HOSTS): await self._hosts_selector(),
                **CREDENTIALS_FIELDS,
                vol.Optional(CONF_ALL_ROLES, default=False): YesNoSelector(),
            }
        )
        suggested = {
            CONF_NAME: entry.title,
            CONF_PDL: entry.data[CONF_PDL],
            CONF_HOSTS: [host["host"] for host in entry.data[CONF_HOSTS].values()],
        }
        return self.async_show_form(
            step_id="kasa_reconfigure",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or suggested),
            errors=errors,
            description_placeholders={**self._placeholders, "pdl": entry.data[CONF_PDL]},
        )

    async def async_step_kasa_login(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a login of the hosts that want one, until none is left that does."""
        errors = self._no_errors()
        if user_input is not None:
            await self._log_in(user_input, errors)
        waiting = self._waiting_for_login()
        if not waiting:
            return await self.async_step_kasa_plugs()
        return self.async_show_form(
            step_id="kasa_login",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(CREDENTIALS_FIELDS), user_input if errors else None
            ),
            errors=errors,
            description_placeholders={**self._placeholders, "hosts": ", ".join(waiting)},
        )

    async def async_step_kasa_plugs(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the roles and rated powers of all plugs that are new."""
        known = self._draft[CONF_PLUGS]
        hosts = {**self._draft[CONF_HOSTS], **self._reading.hosts}
        if self._form is None:
            asked = [p for p in self._reading.plugs if self._all_roles or p.plug_id not in known]
            self._form = PlugsForm(asked, known, hosts)
            self._new = [plug.plug_id for plug in asked if plug.plug_id not in known]
            self._asks_for_past = await self._has_past(self._new)
            if not asked:
                user_input = {}
        if user_input is None:
            schema = self._form.schema
            if self._asks_for_past:
                schema = schema.extend(COUNT_PAST_FIELD)
            return self.async_show_form(
                step_id="kasa_plugs",
                data_schema=self.add_suggested_values_to_schema(schema, self._form.suggested),
            )
        self._counts_past = user_input.get(CONF_COUNT_PAST, not self._asks_for_past)
        plugs = {**known, **self._form.stored(user_input)}
        if not self._counts_past:
            for plug_id in self._new:
                plugs[plug_id] = {**plugs[plug_id], CONF_PAST: False}
        self._draft[CONF_HOSTS] = hosts
        self._draft[CONF_PLUGS] = {
            plug_id: plug for plug_id, plug in plugs.items() if plug["mac"] in hosts
        }
        return await self._finish_kasa()

    def _bring_past(self) -> None:
        """Let what is booked of the new plugs elsewhere count here, where that is wished."""
        if not (self._asks_for_past and self._counts_past):
            return
        for plug_id in self._new:
            if plug_id in self._draft[CONF_PLUGS]:
                plug = LedgerPlug.of(plug_id, self._draft, self._draft[CONF_NAME])
                self.hass.data[DATA_LEDGER].bring_past(plug)

    async def _finish_kasa(self) -> ConfigFlowResult:
        title = self._draft[CONF_NAME]
        self._end_offers()
        if self._entry is None:
            self._bring_past()
            return self.async_create_entry(title=title, data=self._draft)
        try:
            await async_move_to_pdl(self.hass, self._entry, self._draft[CONF_PDL])
        except DatabaseUnavailableError:
            return self.async_abort(reason="database_unavailable")
        self._bring_past()
        is_joined = self.source != SOURCE_RECONFIGURE
        return self.async_update_reload_and_abort(
            self._entry,
            unique_id=slug_of(self._draft[CONF_PDL]),
            title=title,
            data=self._draft,
            reason="plug_added" if is_joined else "reconfigure_successful",
        )

    def _end_offers(self) -> None:
        """End the flows that offer a discovered plug which is now set up."""
        macs = {dr.format_mac(mac) for mac in self._draft[CONF_HOSTS]}
        for flow in self.hass.config_entries.flow.async_progress_by_handler(DOMAIN):
            if flow["flow_id"] != self.flow_id and flow["context"].get("unique_id") in macs:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
