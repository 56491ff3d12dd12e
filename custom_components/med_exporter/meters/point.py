"""A metering point of meters: what they have counted in the day and the month that run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..const import CONF_PDL, DataType, PlugRole
from ..engine.energy import to_kwh
from ..entries.finding import point_slug
from ..ledger import DATA_LEDGER
from ..metering.devices import async_follow_states
from ..metering.metering_point import CurrentValue
from .coordinator import MetersCoordinator
from .devices import async_describe_meters
from .missing import forget_missing
from .names import async_follow_names

if TYPE_CHECKING:
    from datetime import date

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_ROLES: Final = {
    DataType.CONSUMPTION_DAILY: PlugRole.CONSUMPTION,
    DataType.CONSUMPTION_MONTHLY: PlugRole.CONSUMPTION,
    DataType.PRODUCTION_DAILY: PlugRole.PRODUCTION,
}


class MetersPoint:
    """A metering point whose meters Home Assistant measures."""

    def __init__(self, entry: ConfigEntry, coordinator: MetersCoordinator) -> None:
        self.entry = entry
        self.name = entry.title
        self.pdl: str = entry.data[CONF_PDL]
        self.slug = point_slug(entry)
        self.coordinator = coordinator

    @property
    def today(self) -> date:
        """Return the local day that runs."""
        return self.coordinator.standing.day

    @property
    def past_percent(self) -> int | None:
        """Return how much of the past is there while it is read."""
        return self.coordinator.past_percent

    def current(self, data_type: DataType) -> CurrentValue | None:
        """Return the value of the running day or month; None where nothing is known of it."""
        if (role := _ROLES.get(data_type)) is None:
            return None
        return self.running(role, monthly=data_type.endswith("_monthly"))

    def running(self, role: PlugRole, *, monthly: bool) -> CurrentValue | None:
        """Return what the meters of a role have counted in the running day or month."""
        counted = self.coordinator.standing.counted(role, monthly=monthly)
        seen_at = self.coordinator.standing.seen_at(role)
        if counted is None or seen_at is None:
            return None
        booked = self.coordinator.standing.booked(role)
        last = booked.last_month if monthly else booked.last_day
        return CurrentValue(
            value_kwh=to_kwh(counted),
            date=self.today.strftime("%Y-%m" if monthly else "%Y-%m-%d"),
            timestamp=datetime.fromtimestamp(seen_at, UTC),
            last_period=None if last is None else to_kwh(last),
        )


type MetersEntry = ConfigEntry[MetersPoint]
"""The config entry of such a metering point."""


async def async_setup_meters(hass: HomeAssistant, entry: MetersEntry) -> MetersPoint:
    """Begin to follow the meters; their past comes in the background."""
    async_follow_names(hass, entry)
    async_follow_states(hass, entry)
    async_describe_meters(hass, entry)
    coordinator = MetersCoordinator(hass, entry, hass.data[DATA_LEDGER])
    coordinator.async_follow()
    return MetersPoint(entry, coordinator)


async def async_remove_meters(hass: HomeAssistant, entry: MetersEntry) -> None:
    """Forget what is booked: the statistics that it comes from are all there."""
    forget_missing(hass, entry)
    await hass.data[DATA_LEDGER].async_forget(list(entry.data["plugs"]))
