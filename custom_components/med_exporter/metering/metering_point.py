"""A metering point: the sums of its plugs over the running day and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..clocks.due import async_track_due
from ..clocks.local import add_clock
from ..const import CONF_PDL, CONF_PLUGS, CONF_ROLE, DOMAIN, DataType, PlugRole
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import metering_point_entries, point_slug
from ..ledger import DATA_LEDGER
from ..sources.loading import async_load_kasa
from ..vault import async_get_vault
from .bookkeeping import Bookkeeper
from .coordinator import PlugCoordinator
from .counter_store import CounterStore
from .devices import async_follow_states
from .running import RunningPeriods
from .timekeeper import clock_store

if TYPE_CHECKING:
    from datetime import date, datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, HomeAssistant

    from .counter import EnergyCounter

_ROLES: Final = {
    DataType.CONSUMPTION_DAILY: PlugRole.CONSUMPTION,
    DataType.CONSUMPTION_MONTHLY: PlugRole.CONSUMPTION,
    DataType.PRODUCTION_DAILY: PlugRole.PRODUCTION,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrentValue:
    """The energy of a period that still runs.

    `value_kwh` so far, `date` as `YYYY-MM-DD` or `YYYY-MM`, `timestamp` in UTC when the latest
    of the plugs was read, `last_period` the total of the period before, where it is known.
    """

    value_kwh: float
    date: str
    timestamp: datetime
    last_period: float | None


class MeteringPoint:
    """A site meter, and the plugs it groups."""

    def __init__(
        self, entry: PointEntry, coordinator: PlugCoordinator, periods: RunningPeriods
    ) -> None:
        self.entry = entry
        self._periods = periods
        self.name = entry.title
        self.pdl: str = entry.data[CONF_PDL]
        self.slug = point_slug(entry)
        self.coordinator = coordinator
        # What was summed over all plugs, and when: several entities ask, each for several reasons.
        self._sums: dict[Any, CurrentValue | None] = {}
        self._summed: tuple[Any, ...] = ()
        self._latest: tuple[int, date | None] | None = None

    @property
    def past_percent(self) -> int | None:
        """Return how much of the past is there while it is read: that of plugs comes at once."""
        return None

    def counters(self, role: PlugRole) -> dict[str, EnergyCounter]:
        """Return the counters of the plugs that have this role and were read, by plug id."""
        plugs = self.entry.data[CONF_PLUGS]
        return {
            plug_id: state.counter
            for plug_id, state in self.coordinator.data.items()
            if plugs[plug_id][CONF_ROLE] == role and state.counter.seen_at is not None
        }

    def current(self, data_type: DataType) -> CurrentValue | None:
        """Return the value of the running day or month; None where no plug counts towards it."""
        if (role := _ROLES.get(data_type)) is None:
            return None
        return self.running(role, monthly=data_type.endswith("_monthly"))

    @property
    def today(self) -> date:
        """Return the local day that runs by the counters, whatever the machine's clock shows."""
        now = self.coordinator.now().date()
        if self._latest is None or self._latest[0] != self.coordinator.counted:
            days = (state.counter.day for state in self.coordinator.data.values())
            latest = max((day for day in days if day), default=None)
            self._latest = self.coordinator.counted, latest
        # A plug that is silent since the clock was ahead does not know yet that it was.
        return min(now, self._latest[1] or now)

    def running(self, role: PlugRole, *, monthly: bool) -> CurrentValue | None:
        """Return what counts towards a role in the running day or month, as the ledger books it."""
        today = self.today
        if self._summed != (now := (self.coordinator.counted, self._periods.version, today)):
            self._sums, self._summed = {}, now
        if (role, monthly) not in self._sums:
            self._sums[role, monthly] = self._sum(role, today, monthly=monthly)
        return self._sums[role, monthly]

    def _sum(self, role: PlugRole, today: date, *, monthly: bool) -> CurrentValue | None:
        counters = self.counters(role)
        if not counters:
            return None
        kwh, last = self._periods.energy(role, counters, today, monthly=monthly)
        read = [counter.seen_at for counter in counters.values() if counter.seen_at]
        return CurrentValue(
            value_kwh=kwh,
            date=today.strftime("%Y-%m" if monthly else "%Y-%m-%d"),
            timestamp=dt_util.as_utc(max(read)),
            last_period=last,
        )


type PointEntry = ConfigEntry[MeteringPoint]


async def async_setup_metering_point(hass: HomeAssistant, entry: PointEntry) -> MeteringPoint:
    """Read the plugs once and start to follow the days."""
    await async_load_kasa(hass)
    from ..sources.kasa import kasa_session  # noqa: PLC0415

    vault = await async_get_vault(hass)
    ledger = hass.data[DATA_LEDGER]
    bookkeeper = Bookkeeper(entry, ledger)
    others = [one for one in metering_points(hass) if isinstance(one, MeteringPoint)]
    told = [one.coordinator.now() for one in others]
    coordinator = PlugCoordinator(
        hass,
        entry,
        vault=vault,
        session=lambda: kasa_session(hass),
        bookkeeper=bookkeeper,
        told=max(told, default=None),
    )
    periods = RunningPeriods(hass, entry, ledger, coordinator.show_sums)
    point = MeteringPoint(entry, coordinator, periods)

    @callback
    def follow() -> None:
        if coordinator.data:
            periods.follow(list(entry.data[CONF_PLUGS]), point.today)

    periods.async_setup()
    async_follow_states(hass, entry)
    bookkeeper.on_booked = follow

    async def stop(_: Event) -> None:
        await coordinator.async_shutdown()

    entry.async_on_unload(coordinator.async_shutdown)
    # A stop of Home Assistant unloads nothing.
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop))
    entry.async_on_unload(add_clock(hass, coordinator.settled))
    await coordinator.async_config_entry_first_refresh()

    @callback
    def close_day(_: datetime) -> None:
        coordinator.close_day()
        follow()

    _remove_devices_of_gone_plugs(hass, entry)
    entry.async_on_unload(async_track_due(hass, close_day, hour=0, minute=0))
    follow()
    return point


async def async_remove_metering_point(hass: HomeAssistant, entry: PointEntry) -> None:
    """Forget the counters, and the clock by which they were counted."""
    await CounterStore(hass, entry.entry_id).async_remove()
    await clock_store(hass, entry.entry_id).async_remove()


def metering_points(hass: HomeAssistant) -> list[MeteringPoint]:
    """Return the metering points that are loaded."""
    return [
        entry.runtime_data
        for entry in metering_point_entries(hass)
        if entry.state is ConfigEntryState.LOADED
    ]


def _remove_devices_of_gone_plugs(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what the user took out of the metering point by reconfiguring it."""
    registry = dr.async_get(hass)
    known = {(DOMAIN, key) for key in (entry.entry_id, *entry.data[CONF_PLUGS])}
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if device.identifiers & known:
            continue
        if _is_shared(hass, device, entry):
            registry.async_update_device(device.id, remove_config_entry_id=entry.entry_id)
        else:
            registry.async_remove_device(device.id)


def _is_shared(hass: HomeAssistant, device: dr.DeviceEntry, entry: ConfigEntry) -> bool:
    """Return whether a device is another integration's too, as older Home Assistants merge them."""
    registry = dr.async_get(hass)
    return any(
        device.id == one.id
        for other in hass.config_entries.async_entries()
        if other.entry_id != entry.entry_id
        for one in dr.async_entries_for_config_entry(registry, other.entry_id)
    )
