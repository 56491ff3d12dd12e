"""What people call an entry in Home Assistant's own dialog, kept as one clean line.

All that is shown, sent and written takes the name from the entry, so it is mended there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import CONF_PDL, DOMAIN
from ..engine.outside import LONGEST_NAME, clean

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


@callback
def async_keep_titles_clean(hass: HomeAssistant) -> None:
    """Mend the titles of all entries, now and whenever one changes."""

    @callback
    def mend(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain != DOMAIN or change is ConfigEntryChange.REMOVED:
            return
        kept = entry.data.get(CONF_PDL) or entry.data.get(CONF_TYPE) or DOMAIN
        if (title := clean(entry.title, LONGEST_NAME) or kept) != entry.title:
            hass.config_entries.async_update_entry(entry, title=title)

    for entry in hass.config_entries.async_entries(DOMAIN):
        mend(ConfigEntryChange.UPDATED, entry)
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, mend)
