"""MED Exporter: reads energy plugs and gets the data out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.helpers import config_validation as cv

from .api import async_register_views
from .api.websocket import async_register_commands
from .audit import DATA_AUDIT, AuditLog, async_watch
from .clocks.certain import certain_time
from .clocks.lived import lived_time
from .const import DOMAIN
from .costs import DATA_COSTS, Costs
from .delivery import DATA_DELIVERIES, Deliveries
from .entries.stopping import awaited_at_stop
from .entries.titles import async_keep_titles_clean
from .entries.versions import STEPS, migrate_entry, report_newer_entries
from .entry_types import kind_of, known_kind_of
from .exports.jobs import DATA_JOBS, JobManager
from .exports.notices import async_announce_files
from .history.history import DATA_HISTORY, History
from .installation.entry import async_ensure_installation, async_forget_installation_with_last
from .installation.leaving import async_come_back, async_leave
from .installation.retention import DATA_RETENTION, Retention
from .later import later
from .ledger import DATA_LEDGER, Ledger
from .metering.contracts import async_load_contracts
from .metering.discovery import async_setup_discovery
from .panel import async_hide_panel, async_serve_panel, async_show_panel
from .pushes.audit import async_watch_destinations
from .pushes.runner import DATA_PUSHES, PushRunner
from .schedules.scheduler import DATA_SCHEDULES, Scheduler
from .services import async_setup_services

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.device_registry import DeviceEntry
    from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA: Final = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what the whole installation shares: history, jobs, actions, HTTP."""
    report_newer_entries(hass)
    async_keep_titles_clean(hass)
    await certain_time(hass).async_setup()
    await async_load_contracts(hass)
    await _async_set_up_rooms(hass)
    async_setup_services(hass)
    async_register_views(hass)
    async_register_commands(hass)
    await async_serve_panel(hass)
    async_setup_discovery(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up a metering point, a destination or the installation's own entry."""
    kind = known_kind_of(entry)
    with awaited_at_stop(hass):
        await async_come_back(hass)
        await async_show_panel(hass)
        entry.runtime_data = await kind.async_setup(hass, entry)
        await hass.config_entries.async_forward_entry_setups(entry, list(kind.entities))
    async_ensure_installation(hass)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Bring an entry of an older version forward; leave a newer one alone."""
    return migrate_entry(hass, entry, STEPS)


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Take an entry down; whatever it opened was registered with the entry to be closed."""
    kind = known_kind_of(entry)
    return await hass.config_entries.async_unload_platforms(entry, list(kind.entities))


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what an entry kept on disk. A plug that was only ignored has kept nothing."""
    if (kind := kind_of(entry)) is None:
        return
    await kind.async_remove(hass, entry)
    async_forget_installation_with_last(hass, entry)
    left = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    if all(other.entry_id == entry.entry_id for other in left):
        async_hide_panel(hass)
        await async_leave(hass)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ConfigEntry, device: DeviceEntry
) -> bool:
    """Let the user remove a device that the entry no longer knows."""
    known = {entry.entry_id, *entry.data.get("plugs", ())}
    return not any(key in known for domain, key in device.identifiers if domain == DOMAIN)


async def _async_set_up_rooms(hass: HomeAssistant) -> None:
    """Make what the whole installation shares; each is found under the key beside its class."""
    audit = hass.data[DATA_AUDIT] = AuditLog(hass)
    await async_watch(hass, audit)
    async_watch_destinations(hass, audit)
    history = hass.data[DATA_HISTORY] = History(hass)
    history.async_setup()
    await lived_time(hass).async_load()
    ledger = hass.data[DATA_LEDGER] = Ledger(hass)
    await ledger.async_setup()
    costs = hass.data[DATA_COSTS] = Costs(hass)
    await costs.async_setup()
    pushes = hass.data[DATA_PUSHES] = PushRunner(hass, history)
    pushes.async_setup()
    given_tables = later(__package__, "inventory", "async_given_tables")
    jobs = hass.data[DATA_JOBS] = JobManager(hass, history, audit, given_tables)
    await jobs.async_setup()
    async_announce_files(hass, jobs.links)
    deliveries = hass.data[DATA_DELIVERIES] = Deliveries(hass, jobs, history)
    await deliveries.async_setup()
    schedules = hass.data[DATA_SCHEDULES] = Scheduler(hass, jobs, deliveries, audit)
    await schedules.async_setup()
    retention = hass.data[DATA_RETENTION] = Retention(hass, jobs, history, audit)
    retention.async_setup()
