"""The search for energy plugs that nobody has set up yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from homeassistant.components import network
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.discovery_flow import async_create_flow
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import CONF_HOSTS, DOMAIN, LOGGER, EntryType
from ..entries import entries_of_type
from ..sources.kasa import Connection, KasaError, KasaHost, search
from ..sources.session import kasa_session

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant
    from kasa import Device

_INTERVAL: Final = timedelta(minutes=15)
# Newer plugs that measure energy say so only after a login; until then their model has to tell.
_NEWER_ENERGY_MODELS: Final = ("P110", "P115", "P304M", "P316M", "KP125M", "EP25")


class FoundPlug(TypedDict):
    """A plug that is offered to the user; `mac` as twelve hexadecimal digits."""

    host: str
    mac: str
    name: str
    model: str


@callback
def async_setup_discovery(hass: HomeAssistant) -> None:
    """Search at the start and every 15 minutes, while there is a metering point."""
    searcher = _Searcher(hass)

    async def look(_: HomeAssistant | datetime) -> None:
        if entries_of_type(hass, EntryType.KASA):
            hass.async_create_background_task(searcher.look(), f"{DOMAIN} looks for plugs")

    async_at_started(hass, look)
    async_track_time_interval(hass, look, _INTERVAL, cancel_on_shutdown=True)


class _Searcher:
    """Looks for plugs, and remembers those that measure nothing."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._without_meter: set[str] = set()

    async def look(self) -> None:
        """Offer each energy plug that neither this integration nor `tplink` has set up."""
        targets = await network.async_get_ipv4_broadcast_addresses(self._hass)
        found = await search(str(target) for target in targets)
        for mac, (host, device) in found.items():
            if mac in self._without_meter or is_set_up(self._hass, mac):
                continue
            name = await self._energy_name(host, device)
            if name is None:
                self._without_meter.add(mac)
                continue
            if not entries_of_type(self._hass, EntryType.KASA):
                return  # the last one was removed meanwhile
            offer = FoundPlug(host=host, mac=mac, name=name, model=device.model)
            async_create_flow(
                self._hass,
                DOMAIN,
                context={"source": SOURCE_INTEGRATION_DISCOVERY},
                data=offer,
            )

    async def _energy_name(self, host: str, device: Device) -> str | None:
        """Return what a plug is called; None where it does not measure energy."""
        name = device.alias or device.model
        link = KasaHost(Connection(host=host), lambda: kasa_session(self._hass))
        try:
            await link.poll(dt_util.now().date())
        except KasaError as err:
            LOGGER.debug("A plug found at %s: %s", host, err.code)
            newer = device.model.startswith(_NEWER_ENERGY_MODELS)
            return name if err.code == "invalid_auth" and newer else None
        finally:
            await link.close()
        return name


def is_set_up(hass: HomeAssistant, mac: str) -> bool:
    """Return whether a plug belongs to a metering point or to Home Assistant's `tplink`."""
    if any(mac in entry.data[CONF_HOSTS] for entry in entries_of_type(hass, EntryType.KASA)):
        return True
    registry = dr.async_get(hass)
    return any(
        (dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac)) in device.connections
        for entry in hass.config_entries.async_entries("tplink")
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    )
