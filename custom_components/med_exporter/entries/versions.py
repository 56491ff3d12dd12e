"""The versions of config entries, and what brings each to the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..const import DOMAIN
from ..formats import FormatTooNewError, report_known, report_newer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    type EntryStep = Callable[[HomeAssistant, ConfigEntry], None]
    """Changes an entry of one version, by `async_update_entry`, into one of the next."""

STEPS: Final[Sequence[EntryStep]] = ()
"""From version 1 on. What is in an entry of the newest version, `flows/` say."""

VERSION: Final = 1 + len(STEPS)


@callback
def migrate_entry(hass: HomeAssistant, entry: ConfigEntry, steps: Sequence[EntryStep]) -> bool:
    """Bring an entry forward; return whether it is of the newest version now."""
    if entry.version > 1 + len(steps):
        return False
    for number, step in enumerate(steps[entry.version - 1 :], start=entry.version):
        step(hass, entry)
        hass.config_entries.async_update_entry(entry, version=number + 1)
    return True


@callback
def report_newer_entries(hass: HomeAssistant) -> None:
    """Tell by a repair issue of each entry that a newer version of this integration has stored.

    Home Assistant does not set such an entry up, and leaves it as it is.
    """
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if entry.version > VERSION:
            error = FormatTooNewError(entry.title, entry.version, VERSION)
            report_newer(hass, entry.title, error)
        else:
            report_known(hass, entry.title)
