"""The installation's own entry: it makes itself with the first entry and goes with the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import SOURCE_IMPORT
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from ..const import DOMAIN, EntryType
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import entries_of_type

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
    from homeassistant.core import HomeAssistant

TITLE: Final = "MED Exporter"


@dataclass(frozen=True, slots=True)
class Installation:
    """The `runtime_data` of the installation's entry: what hangs on no single other entry."""

    entry: InstallationEntry

    @property
    def device_info(self) -> DeviceInfo:
        """Return the device that carries installation-wide entities."""
        return DeviceInfo(
            identifiers={(DOMAIN, self.entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="MED Exporter",
            name=self.entry.title,
        )


type InstallationEntry = ConfigEntry[Installation]


async def async_setup_installation(hass: HomeAssistant, entry: InstallationEntry) -> Installation:
    """Set up the installation's entry."""
    return Installation(entry)


@callback
def async_ensure_installation(hass: HomeAssistant) -> None:
    """Make the installation's entry in the background, where it is missing."""
    if not entries_of_type(hass, EntryType.INSTALLATION):
        hass.async_create_task(
            hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_IMPORT},
                data={CONF_TYPE: EntryType.INSTALLATION.value},
            ),
            f"{DOMAIN} installation entry",
        )


async def async_import_installation(flow: ConfigFlow, data: dict[str, Any]) -> ConfigFlowResult:
    """Create the installation's entry, once: the import step of the config flow."""
    await flow.async_set_unique_id(EntryType.INSTALLATION.value)
    flow._abort_if_unique_id_configured()  # noqa: SLF001
    return flow.async_create_entry(title=TITLE, data=data)


@callback
def async_forget_installation_with_last(hass: HomeAssistant, removed: ConfigEntry) -> None:
    """Remove the installation's entry after the last other one is gone."""
    installations = entries_of_type(hass, EntryType.INSTALLATION)
    others = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if entry.data[CONF_TYPE] != EntryType.INSTALLATION and entry.entry_id != removed.entry_id
    ]
    if others:
        return
    for entry in installations:
        if entry.entry_id != removed.entry_id:
            hass.async_create_task(
                hass.config_entries.async_remove(entry.entry_id), f"{DOMAIN} installation entry"
            )
