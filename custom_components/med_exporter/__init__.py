"""MED Exporter: reads energy plugs and gets the data out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.const import CONF_TYPE
from homeassistant.helpers import config_validation as cv

from .api import async_register_views
from .audit import AuditLog, async_watch
from .const import DOMAIN, EntryType
from .costs import Costs
from .delivery import Deliveries
from .entry_types import ENTRY_TYPES
from .exporter import DATA_EXPORTER, Exporter
from .exports.jobs import JobManager
from .history.history import History
from .installation.entry import async_ensure_installation, async_forget_installation_with_last
from .installation.retention import Retention
from .ledger import Ledger
from .metering.discovery import async_setup_discovery
from .pushes.runner import PushRunner
from .schedules.scheduler import Scheduler
from .services import async_setup_services
from .vault import async_get_vault

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.device_registry import DeviceEntry
    from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA: Final = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what the whole installation shares: history, jobs, actions, HTTP."""
    hass.data[DATA_EXPORTER] = await _async_create_exporter(hass)
    async_setup_services(hass)
    async_register_views(hass)
    async_setup_discovery(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up a metering point, a destination or the installation's own entry."""
    kind = ENTRY_TYPES[EntryType(entry.data[CONF_TYPE])]
    entry.runtime_data = await kind.async_setup(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, kind.platforms)
    async_ensure_installation(hass)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Take an entry down; whatever it opened was registered with the entry to be closed."""
    kind = ENTRY_TYPES[EntryType(entry.data[CONF_TYPE])]
    return await hass.config_entries.async_unload_platforms(entry, kind.platforms)


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what an entry kept on disk. A plug that was only ignored has kept nothing."""
    if (entry_type := entry.data.get(CONF_TYPE)) is None:
        return
    await ENTRY_TYPES[EntryType(entry_type)].async_remove(hass, entry)
    async_forget_installation_with_last(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ConfigEntry, device: DeviceEntry
) -> bool:
    """Let the user remove a device that the entry no longer knows."""
    known = {entry.entry_id, *entry.data.get("plugs", ())}
    return not any(key in known for domain, key in device.identifiers if domain == DOMAIN)


async def _async_create_exporter(hass: HomeAssistant) -> Exporter:
    audit = AuditLog(hass)
    await async_watch(hass, audit)
    history = History(hass)
    history.async_setup()
    jobs = JobManager(hass, history, audit)
    await jobs.async_setup()
    retention = Retention(hass, jobs, history, audit)
    retention.async_setup()
    deliveries = Deliveries(hass, jobs, history)
    await deliveries.async_setup()
    schedules = Scheduler(hass, jobs, deliveries, audit)
    await schedules.async_setup()
    pushes = PushRunner(hass, history)
    pushes.async_setup()
    ledger = Ledger(hass)
    await ledger.async_setup()
    costs = Costs(hass)
    await costs.async_setup()
    return Exporter(
        audit=audit,
        costs=costs,
        deliveries=deliveries,
        history=history,
        jobs=jobs,
        ledger=ledger,
        pushes=pushes,
        retention=retention,
        schedules=schedules,
        vault=await async_get_vault(hass),
    )
