"""The search for energy plugs that nobody has set up yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from homeassistant.components import network
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_DHCP,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntryChange,
)
from homeassistant.core import HassJob, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.discovery_flow import async_create_flow
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import CONF_HOSTS, DOMAIN, LOGGER, EntryType
from ..entries.finding import entries_of_type
from ..sources.connection import LOGIN_CODES, Connection, FoundDevice, KasaError
from ..sources.loading import async_load_kasa
from ..vault import SecretLostError, async_get_vault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..sources.kasa import KasaHost
    from ..sources.plug import PlugIdentity

OFFER_STEP: Final = "plug_found"
"""The step of the flow that waits for the user to take up an offer."""

_SETTLED: Final = timedelta(minutes=1)
_INTERVAL: Final = timedelta(minutes=15)
_TPLINK: Final = "tplink"


class FoundPlug(TypedDict):
    """A plug that is offered to the user; `mac` as twelve hexadecimal digits."""

    host: str
    mac: str
    name: str
    model: str


@callback
def async_setup_discovery(hass: HomeAssistant) -> None:
    """Search soon after the start and every 15 minutes, while there is a metering point."""
    searcher = _Searcher(hass)

    async def look(_: HomeAssistant | datetime) -> None:
        if entries_of_type(hass, EntryType.KASA):
            hass.async_create_background_task(searcher.look(), f"{DOMAIN} looks for plugs")

    @callback
    def look_soon(_: HomeAssistant) -> None:
        # It makes a key, which takes as long as all else of a start.
        async_call_later(hass, _SETTLED, HassJob(look, cancel_on_shutdown=True))

    @callback
    def withdraw(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == _TPLINK and change is not ConfigEntryChange.REMOVED:
            _withdraw_offers(hass)

    async_at_started(hass, look_soon)
    async_track_time_interval(hass, look, _INTERVAL, cancel_on_shutdown=True)
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, withdraw)


async def async_energy_plug(
    hass: HomeAssistant, mac: str, address: str, hostname: str
) -> FoundPlug | None:
    """Return the plug that somebody has seen at an address, None where it measures nothing."""
    found = (await async_search(hass, [address])).get(mac)
    if found is None:
        # Datagrams may not come through.
        found = FoundDevice(
            mac=mac,
            name=hostname,
            model=hostname,
            connection=Connection(host=address),
            measures=None,
        )
    try:
        name = await _energy_name(hass, found)
    except KasaError:
        return None
    return FoundPlug(host=address, mac=mac, name=name, model=found.model) if name else None


async def async_ask(hass: HomeAssistant, connection: Connection) -> list[PlugIdentity]:
    """Return the plugs behind a host that nobody has set up, asking them whether they measure.

    Where a host asks for a login, those of the hosts that are set up are tried, if its handshake
    is one in which the plug has to show first that it knows the login: nothing of it goes to
    anybody who does not. Raises KasaError, `no_energy` among others.
    """
    await async_load_kasa(hass)
    from ..sources.kasa import KasaHost, kasa_session  # noqa: PLC0415

    session = kasa_session(hass)
    link = KasaHost(connection, lambda: session)
    try:
        return await _identities(link)
    except KasaError as err:
        asked = err.connection
        if asked is None or not asked.proves_itself:
            raise
        for login in await _known_logins(hass):
            link.connection = replace(asked, credentials_hash=login)
            try:
                return await _identities(link)
            except KasaError as error:
                if error.code not in LOGIN_CODES:
                    raise
        raise
    finally:
        await link.close()


async def async_search(hass: HomeAssistant, targets: Iterable[str]) -> dict[str, FoundDevice]:
    """Return each device, by MAC, that answers a broadcast to the targets."""
    await async_load_kasa(hass)
    from ..sources.kasa import search  # noqa: PLC0415

    return await search(targets)


def is_set_up(hass: HomeAssistant, mac: str) -> bool:
    """Return whether a plug belongs to a metering point or to Home Assistant's `tplink`."""
    if any(mac in entry.data[CONF_HOSTS] for entry in entries_of_type(hass, EntryType.KASA)):
        return True
    registry = dr.async_get(hass)
    formatted = dr.format_mac(mac)
    return any(
        entry.unique_id == formatted
        or any(
            (dr.CONNECTION_NETWORK_MAC, formatted) in device.connections
            for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
        )
        for entry in hass.config_entries.async_entries(_TPLINK, include_ignore=False)
    )


class _Searcher:
    """Looks for plugs, and remembers those that measure nothing."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._without_meter: set[str] = set()

    async def look(self) -> None:
        """Offer each energy plug that neither this integration nor `tplink` has set up."""
        targets = await network.async_get_ipv4_broadcast_addresses(self._hass)
        found = await async_search(self._hass, (str(target) for target in targets))
        for mac, device in found.items():
            if mac in self._without_meter or self._is_offered(mac) or is_set_up(self._hass, mac):
                continue
            try:
                name = await _energy_name(self._hass, device)
            except KasaError as err:
                LOGGER.debug("A plug found at %s: %s", device.host, err.code)
                continue
            if name is None:
                self._without_meter.add(mac)
            if not entries_of_type(self._hass, EntryType.KASA):
                return  # the last one was removed meanwhile
            if name is None or is_set_up(self._hass, mac):
                continue
            offer = FoundPlug(host=device.host, mac=mac, name=name, model=device.model)
            async_create_flow(
                self._hass,
                DOMAIN,
                context={"source": SOURCE_INTEGRATION_DISCOVERY},
                data=offer,
            )

    def _is_offered(self, mac: str) -> bool:
        unique_id = dr.format_mac(mac)
        return any(
            flow["context"].get("unique_id") == unique_id
            for flow in self._hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        )


@callback
def _withdraw_offers(hass: HomeAssistant) -> None:
    """Take back the offers of plugs that have been set up meanwhile; what a user began stays."""
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        context = flow["context"]
        if (
            context["source"] in {SOURCE_DHCP, SOURCE_INTEGRATION_DISCOVERY}
            and flow.get("step_id") == OFFER_STEP
            and is_set_up(hass, (context.get("unique_id") or "").replace(":", ""))
        ):
            hass.config_entries.flow.async_abort(flow["flow_id"])


async def _energy_name(hass: HomeAssistant, device: FoundDevice) -> str | None:
    """Return what a plug is called; None where it measures nothing. Raises KasaError.

    What only a login could tell, and nobody has one, is taken for a plug that measures, unless none
    of its model does.
    """
    if device.measures is False:
        return None
    try:
        identities = await async_ask(hass, device.connection)
    except KasaError as err:
        if err.code == "no_energy":
            return None
        if err.code in LOGIN_CODES:
            return None if device.is_plain else device.name
        raise
    return device.name if len(identities) > 1 else identities[0].name


async def _identities(link: KasaHost) -> list[PlugIdentity]:
    return [sample.identity for sample in await link.poll(dt_util.now().date())]


async def _known_logins(hass: HomeAssistant) -> list[str]:
    vault = await async_get_vault(hass)
    logins: dict[str, None] = {}
    for entry in entries_of_type(hass, EntryType.KASA):
        for stored in entry.data[CONF_HOSTS].values():
            try:
                login = Connection.from_stored(stored, vault).credentials_hash
            except SecretLostError:
                continue
            if login:
                logins[login] = None
    return list(logins)
