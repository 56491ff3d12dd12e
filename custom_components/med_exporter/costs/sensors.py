"""The sensors that show what plugs and metering points have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import CONF_PLUGS, CONF_ROLE, PlugRole
from ..costs import DATA_COSTS
from ..entries.finding import point_slug
from ..metering.contracts import currency_of, tariff_of
from ..metering.entity import MeteringPointEntity, PlugEntity, forget_sensors
from .amounts import NOTHING
from .costs import SIGNAL_COSTS_UPDATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.helpers.device_registry import DeviceInfo

    from ..metering.metering_point import MeteringPoint
    from .amounts import CostTotal, RunningCosts


def _money(key: str) -> SensorEntityDescription:
    return SensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
    )


_PLUG_SENSOR = _money("cost_today")
_MONTHLY = _money("cost_monthly")
_POINT_SENSORS = (_money("cost_daily"), _MONTHLY)


class _CostSensor(SensorEntity):
    """Money so far. What has no price does not count: the attribute `unpriced_kwh` tells of it."""

    async def async_added_to_hass(self) -> None:
        """Follow the costs of the metering point."""
        await super().async_added_to_hass()

        @callback
        def on_update(slug: str) -> None:
            if slug == point_slug(self._entry):
                self.async_write_ha_state()

        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_COSTS_UPDATED, on_update))

    @property
    def native_unit_of_measurement(self) -> str:
        """Return the currency of the contracts."""
        return currency_of(self.hass, self._entry)

    @property
    def native_value(self) -> float | None:
        """Return the money so far; None where no price is known."""
        running = self._running
        if running is None:
            return None
        total = self._total(running)
        if total.cost is not None:
            return round(total.cost, 6)
        # Nothing used costs nothing, once there is a contract.
        tariff = tariff_of(self._entry)
        has_price = tariff is not None and tariff.contract_on(running.midnight.date()) is not None
        return 0.0 if has_price and not total.unpriced_kwh else None

    @property
    def last_reset(self) -> datetime | None:
        """Return the start of the running day or month."""
        running = self._running
        if running is None:
            return None
        return running.month_start if self._is_monthly else running.midnight

    @property
    def extra_state_attributes(self) -> dict[str, float | None]:
        """Return the energy that has no known price, where there is any."""
        running = self._running
        unpriced = 0.0 if running is None else self._total(running).unpriced_kwh
        return {"unpriced_kwh": unpriced} if unpriced else {}

    @property
    def _is_monthly(self) -> bool:
        return self.entity_description is _MONTHLY

    @property
    def _running(self) -> RunningCosts | None:
        return self.hass.data[DATA_COSTS].running(point_slug(self._entry))

    @property
    def _entry(self) -> ConfigEntry:
        raise NotImplementedError

    def _total(self, running: RunningCosts) -> CostTotal:
        raise NotImplementedError


class PlugCostSensor(_CostSensor, PlugEntity):
    """What a plug has cost today."""

    @property
    def _entry(self) -> ConfigEntry:
        return self.coordinator.config_entry

    def _total(self, running: RunningCosts) -> CostTotal:
        return running.plugs_today.get(self.plug_id, NOTHING)


class MeterCostSensor(_CostSensor):
    """What a meter that others measure has cost today."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, point: MeteringPoint, meter_id: str, device: DeviceInfo) -> None:
        self.entity_description = _PLUG_SENSOR
        self._point = point
        self._meter_id = meter_id
        self._attr_unique_id = f"{meter_id}_{_PLUG_SENSOR.key}"
        self._attr_device_info = device

    @property
    def _entry(self) -> ConfigEntry:
        return self._point.entry

    def _total(self, running: RunningCosts) -> CostTotal:
        return running.plugs_today.get(self._meter_id, NOTHING)


class MeteringPointCostSensor(_CostSensor, MeteringPointEntity):
    """What a metering point has cost; `last_period` is the total of the day or month before."""

    def __init__(self, point: MeteringPoint, description: SensorEntityDescription) -> None:
        super().__init__(point, description)
        self.entity_id = f"sensor.med_{point.slug}_{description.key}"

    @property
    def extra_state_attributes(self) -> dict[str, float | None]:
        """Return the total of the day or month before, and the energy without a price."""
        running = self._running
        last: float | None = None
        if running is not None:
            last = (running.last_month if self._is_monthly else running.yesterday).cost
        return {
            "last_period": None if last is None else round(last, 6),
            **super().extra_state_attributes,
        }

    @property
    def _entry(self) -> ConfigEntry:
        return self.point.entry

    def _total(self, running: RunningCosts) -> CostTotal:
        return running.month if self._is_monthly else running.today


def cost_sensors(
    point: MeteringPoint, plug_ids: Iterable[str], meters: Mapping[str, DeviceInfo] | None = None
) -> Iterator[PlugCostSensor | MeterCostSensor | MeteringPointCostSensor]:
    """Yield the cost sensors of a metering point and of those of some plugs that consume.

    Without a contract there are none; a plug that has got another role loses its sensor. `meters`
    are those that others measure, with their devices.
    """
    plugs, tariff = point.entry.data[CONF_PLUGS], tariff_of(point.entry)
    meters = meters or {}
    has_cost = tariff is not None and tariff.contracts
    if has_cost:
        for description in _POINT_SENSORS:
            yield MeteringPointCostSensor(point, description)
    priced = dict.fromkeys(
        plug_id
        for plug_id in (*plug_ids, *meters)
        if has_cost and plugs[plug_id][CONF_ROLE] == PlugRole.CONSUMPTION
    )
    for plug_id in priced:
        if plug_id in meters:
            yield MeterCostSensor(point, plug_id, meters[plug_id])
        else:
            yield PlugCostSensor(point.coordinator, plug_id, _PLUG_SENSOR)
    gone = [f"{plug_id}_{_PLUG_SENSOR.key}" for plug_id in plugs if plug_id not in priced]
    if not has_cost:
        gone += (f"{point.entry.entry_id}_{one.key}" for one in _POINT_SENSORS)
    forget_sensors(point.coordinator.hass, gone)
