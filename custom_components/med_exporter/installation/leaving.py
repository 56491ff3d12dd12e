"""Leaving: what this integration kept goes when its last entry does, or when its owner says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER, EntryType
from ..database import DatabaseUnavailableError, close_database, open_database
from ..database.commit import async_commit
from ..delivery import DATA_DELIVERIES
from ..exports.jobs import DATA_JOBS
from ..schedules.scheduler import DATA_SCHEDULES
from ..vault import forget_vault

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_DATA_LEFT: Final[HassKey[bool]] = HassKey(f"{DOMAIN}_left")


async def async_leave(hass: HomeAssistant) -> None:
    """Remove the tables, stores, keys and files of this integration.

    Long-term statistics stay, since the Energy dashboard shows them. What cannot be removed is
    logged, and the rest goes all the same.
    """
    if hass.data.get(_DATA_LEFT):
        # Where all entries are removed at once, two of them can be the last.
        return
    hass.data[_DATA_LEFT] = True
    await hass.data[DATA_JOBS].async_close()
    await hass.data[DATA_SCHEDULES].async_clear()
    await hass.data[DATA_DELIVERIES].async_clear()
    dropped = close_database(hass)
    storage, files = Path(hass.config.path(STORAGE_DIR)), Path(hass.config.path(DOMAIN))
    await hass.async_add_executor_job(_remove_files, storage, files)
    forget_vault(hass)
    _forget_issues(hass)
    if hass.is_running:
        try:
            await dropped
        except DatabaseUnavailableError:
            LOGGER.warning("The tables of MED Exporter could not be dropped from the database")


async def async_come_back(hass: HomeAssistant) -> None:
    """Make again what an entry needs that is added after the last one had gone."""
    if hass.data.pop(_DATA_LEFT, False):
        open_database(hass)
        await hass.data[DATA_JOBS].async_resume()


async def async_remove_all_data(hass: HomeAssistant) -> tuple[int, int]:
    """Remove all entries, all they have kept and the long-term statistics of this integration.

    Returns how many entries and how many statistics these were.
    """
    entries = hass.config_entries.async_entries(DOMAIN)
    # The installation's own goes by itself with the last of the others.
    for entry in sorted(entries, key=lambda one: one.data.get(CONF_TYPE) == EntryType.INSTALLATION):
        if hass.config_entries.async_get_entry(entry.entry_id) is not None:
            await hass.config_entries.async_remove(entry.entry_id)
    # What is on its way into the statistics arrives first.
    await async_commit(hass)
    known = await async_list_statistic_ids(hass)
    ids = [one["statistic_id"] for one in known if one["source"] == DOMAIN]
    if ids:
        get_instance(hass).async_clear_statistics(ids)
        await async_commit(hass)
    return len(entries), len(ids)


def _remove_files(storage: Path, files: Path) -> None:
    shutil.rmtree(files, ignore_errors=True)
    for file in storage.glob(f"{DOMAIN}.*"):
        try:
            file.unlink(missing_ok=True)
        except OSError as err:
            LOGGER.warning("%s could not be removed: %s", file, err)


@callback
def _forget_issues(hass: HomeAssistant) -> None:
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
