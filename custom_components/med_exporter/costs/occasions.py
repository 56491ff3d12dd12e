"""When energy is to be priced anew."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started

from ..clocks.due import async_track_due
from ..const import CONF_PDL, DOMAIN
from ..grid.link import async_follow_grid
from ..ledger import SIGNAL_LEDGER_CHANGED

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, HomeAssistant

    from ..ledger import LedgerChange

_PRICE_EVERY: Final = timedelta(minutes=2)
_LOOK_AT_ALL_EVERY: Final = timedelta(hours=24)


class Request(Protocol):
    """Lets energy be priced; `since` is from when on it has changed (UTC seconds)."""

    def __call__(self, *, since: float | None = None) -> None:
        """Ask for it."""
        ...


@callback
def async_follow_occasions(hass: HomeAssistant, request: Request) -> None:
    """Ask for prices whenever something may cost another amount, until Home Assistant stops."""

    @callback
    def recent(_: datetime) -> None:
        request()

    @callback
    def everything(_: object = None) -> None:
        request(since=0)

    @callback
    def on_ledger_change(change: LedgerChange) -> None:
        request(since=change.first_ts)

    @callback
    def on_entry_change(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and CONF_PDL in entry.data:
            request()

    @callback
    def on_configuration(_: Event) -> None:
        request()

    ends = [
        async_track_time_interval(
            hass, action, interval, name=f"{DOMAIN} costs", cancel_on_shutdown=True
        )
        for action, interval in ((recent, _PRICE_EVERY), (everything, _LOOK_AT_ALL_EVERY))
    ]
    ends += [
        async_track_due(hass, recent, hour=0, minute=0),
        async_dispatcher_connect(hass, SIGNAL_LEDGER_CHANGED, on_ledger_change),
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_entry_change),
        async_follow_grid(hass, request),
        # The currency, or the time zone.
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, on_configuration),
        async_at_started(hass, everything),
    ]

    @callback
    def end(_: Event) -> None:
        for cancel in ends:
            cancel()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, end)
