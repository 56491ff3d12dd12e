"""The record of the toy: one counter, read from a file."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.selector import TextSelector
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DOMAIN, DataType, PlugRole
from custom_components.med_exporter.entries.kind import EntryKind
from custom_components.med_exporter.flows.contract_texts import async_load_contract_texts
from custom_components.med_exporter.flows.steps import Steps
from custom_components.med_exporter.flows.tariff_options import TariffFlow
from custom_components.med_exporter.ledger import DATA_LEDGER, CounterStart, LedgerPlug, Posting
from custom_components.med_exporter.metering.metering_point import CurrentValue

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, OptionsFlow
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.entries.kind import Step

_EPOCH = datetime(2026, 1, 1, tzinfo=dt_util.UTC)


class EyeSteps(Steps):
    """One form: whose counter, and the file that it is written down in."""

    async def async_step_eye(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for both."""
        errors = {}
        if user_input is not None:
            pdl, file = user_input["pdl"], user_input["file"]
            if await asyncio.to_thread(Path(file).exists):
                await self.async_set_unique_id(pdl)
                self._abort_if_unique_id_configured()
                plugs = {f"eye_{pdl}": {"name": "Counter", "role": PlugRole.CONSUMPTION.value}}
                data = {"type": "eye", "pdl": pdl, "file": file, "plugs": plugs}
                return self.async_create_entry(title=pdl.capitalize(), data=data)
            errors["file"] = "hosts_missing"
        schema = vol.Schema(
            {vol.Required("pdl"): TextSelector(), vol.Required("file"): TextSelector()}
        )
        return self.async_show_form(step_id="eye", data_schema=schema, errors=errors)


class EyeOptions(TariffFlow):
    """What the energy costs, and nothing else."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on to the contracts."""
        self._texts = await async_load_contract_texts(self.hass, "EUR")
        return await self.async_step_contracts()


class EyePoint:
    """Stands in for a metering point."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self.entry = entry
        self.name = entry.title
        self.pdl = self.slug = entry.data["pdl"]
        (self.plug_id,) = entry.data["plugs"]
        self.value_kwh = 0.0
        self.read_at = _EPOCH

    async def async_read(self, now: datetime | None = None) -> None:
        """Read the file, and book what it says."""
        text = await asyncio.to_thread(Path(self.entry.data["file"]).read_text)
        self.value_kwh, self.read_at = float(text), dt_util.utcnow()
        plug = LedgerPlug(
            plug_id=self.plug_id,
            name="Counter",
            metering_point=self.slug,
            metering_point_name=self.name,
            role=PlugRole.CONSUMPTION,
        )
        start = CounterStart(at=_EPOCH, value_kwh=0.0)
        await self._hass.data[DATA_LEDGER].post(
            Posting(
                plug=plug,
                start=start,
                value_kwh=self.value_kwh,
                at=self.read_at,
                since=self.read_at,
            )
        )

    def current(self, data_type: DataType) -> CurrentValue | None:
        """Return the counter as if all of it were of today."""
        if data_type is not DataType.CONSUMPTION_DAILY:
            return None
        date = dt_util.now().strftime("%Y-%m-%d")
        return CurrentValue(
            value_kwh=self.value_kwh, date=date, timestamp=self.read_at, last_period=None
        )


class EyeSensor(SensorEntity):
    """The counter."""

    _attr_has_entity_name = True
    _attr_name = "Counter"

    def __init__(self, point: EyePoint) -> None:
        self._point = point
        self._attr_unique_id = f"{point.plug_id}_energy"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, point.plug_id)}, name="Eye")

    @property
    def native_value(self) -> float:
        """Return what was read last."""
        return self._point.value_kwh


async def _set_up(hass: HomeAssistant, entry: ConfigEntry) -> EyePoint:
    point = EyePoint(hass, entry)
    await point.async_read()
    every = timedelta(minutes=15)
    entry.async_on_unload(async_track_time_interval(hass, point.async_read, every))
    return point


async def _remove(hass: HomeAssistant, entry: ConfigEntry) -> None:
    await asyncio.to_thread(Path(entry.data["file"]).unlink)


async def _steps(flow: ConfigFlow) -> dict[str, Step]:
    return EyeSteps(flow).steps()


async def _options(flow: OptionsFlow) -> dict[str, Step]:
    return EyeOptions(flow).steps()


EYE = EntryKind(
    type="eye",
    async_setup=_set_up,
    async_remove=_remove,
    entities={Platform.SENSOR: lambda _, entry, add: add([EyeSensor(entry.runtime_data)])},
    steps=_steps,
    options=_options,
)
