"""From a config entry to a Jeedom destination."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_API_KEY, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers import instance_id

from ...const import CONF_DATA, CONF_PDL, DataType
from ...entries.finding import metering_point_entries
from ...texts import async_options
from ...web.client import web_session
from ..measurements import PointName
from .destination import JeedomDestination
from .kind import CONF_PARENT, CONF_PLUGIN
from .probe import Scope
from .rpc import JeedomRpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

_KEPT: Final = "jeedom"


def rpc_of(hass: HomeAssistant, settings: Mapping[str, Any]) -> JeedomRpc:
    """Return the Jeedom that settings in clear name."""
    return JeedomRpc(
        web_session(hass, verify_ssl=settings.get(CONF_VERIFY_SSL, True)),
        settings[CONF_URL],
        settings[CONF_API_KEY],
        settings[CONF_PLUGIN],
    )


async def async_create_jeedom(
    hass: HomeAssistant, entry: ConfigEntry, settings: Mapping[str, Any]
) -> JeedomDestination:
    """Make the destination of a config entry and its settings in clear."""
    return await async_jeedom(hass, settings, entry)


async def async_jeedom(
    hass: HomeAssistant, settings: Mapping[str, Any], entry: ConfigEntry | None = None
) -> JeedomDestination:
    """Make the destination that settings in clear name; `entry` remembers, where there is one."""
    rpc = rpc_of(hass, settings)
    return JeedomDestination(
        rpc,
        settings[CONF_PLUGIN],
        await _command_names(hass),
        home=await instance_id.async_get(hass),
        parent=settings.get(CONF_PARENT) or None,
        memory=None if entry is None else _EntryMemory(hass, entry, rpc.host),
        scope=Scope(
            points=partial(_points, hass), data=frozenset(map(DataType, settings[CONF_DATA]))
        ),
    )


async def async_test_jeedom(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    """Test settings in clear as a destination tests its own."""
    return await (await async_jeedom(hass, settings)).async_test()


def _points(hass: HomeAssistant) -> list[PointName]:
    """Return all metering points that are set up, loaded or not."""
    return [
        PointName.of(entry.data[CONF_PDL], entry.title) for entry in metering_point_entries(hass)
    ]


class _EntryMemory:
    """What a config entry keeps of a Jeedom; another one at another address has its own."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
        self._hass = hass
        self._entry = entry
        self._host = host

    def load(self) -> Mapping[str, Any]:
        """Return what was kept of this Jeedom."""
        kept = self._entry.options.get(_KEPT, {})
        return kept["clock"] if kept.get("host") == self._host else {}

    def save(self, kept: dict[str, Any]) -> None:
        """Keep this; the entry is not loaded again for it."""
        options = {**self._entry.options, _KEPT: {"host": self._host, "clock": kept}}
        self._hass.config_entries.async_update_entry(self._entry, options=options)


async def _command_names(hass: HomeAssistant) -> dict[DataType, str]:
    """Return the data types as the flow names them, in the house's language."""
    words = await async_options(hass, "data")
    return {data_type: words.get(data_type, data_type.value) for data_type in DataType}
