"""Diagnostics of an entry, for a bug report: no secret, and nothing that names the household."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TYPE
from homeassistant.util import dt as dt_util

from .const import CONF_ADDRESSES, CONF_HOSTS, CONF_PDL, CONF_PLUGS, EntryType
from .metering.metering_point import MeteringPoint

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .grid.coordinator import GridCoordinator

# Secrets, whether encrypted or not, then what tells whose home it is.
_REDACTED: Final = frozenset(
    {
        "api_key",
        "client_id",
        "client_secret",
        "credentials_hash",
        "password",
        "token",
        "username",
        CONF_ADDRESSES,
        "broker",
        "ca_certificate",
        CONF_PDL,
        "device_id",
        "from",
        "host",
        "mac",
        "name",
        "title",
        "unique_id",
        "url",
        # Ids of entities and statistics are names that people give.
        "entities",
        "former",
        "left_states",
        "registry_id",
        "statistic_id",
    }
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Return the entry, and how what it reads stands: the plugs, or the grid's servers."""
    described = entry.as_dict()
    # The keys of these two are MAC addresses.
    described["data"] = {
        key: list(value.values()) if key in (CONF_HOSTS, CONF_PLUGS) else value
        for key, value in entry.data.items()
    }
    diagnostics: dict[str, Any] = {"entry": async_redact_data(described, _REDACTED)}
    runtime = getattr(entry, "runtime_data", None)
    if isinstance(runtime, MeteringPoint):
        diagnostics["plugs"] = _plugs(runtime)
    elif runtime is not None and entry.data[CONF_TYPE] == EntryType.METERS:
        diagnostics["meters"] = runtime.coordinator.described()
    elif runtime is not None and entry.data[CONF_TYPE] == EntryType.GRID:
        diagnostics["grid"] = _grid(runtime)
    return diagnostics


def _grid(grid: GridCoordinator) -> dict[str, Any]:
    """Return what is known of the grid, when it was read, and which servers fail how."""
    data, now = grid.data, dt_util.utcnow()
    signal = data.ecowatt(now)
    return {
        "known_colours": len(data.known_colours),
        "today": data.today(now),
        "tomorrow": data.tomorrow(now),
        "days_left": data.days_left(now),
        "tempo_read_at": data.tempo_read_at,
        "ecowatt": None if signal is None else signal.to_stored(),
        "ecowatt_read_at": data.ecowatt_read_at,
        "forecast": [day.to_stored() for day in data.forecast(now)],
        "forecast_read_at": data.forecast_read_at,
        "next_at": grid.next_at,
        "errors": grid.errors(),
    }


def _plugs(point: MeteringPoint) -> list[dict[str, Any]]:
    """Return the state of each plug, in the order in which the entry lists them."""
    rates = point.coordinator.answer_rate()
    plugs = point.entry.data[CONF_PLUGS]
    described: list[dict[str, Any]] = []
    for plug_id, state in point.coordinator.data.items():
        asked, answered = rates[plugs[plug_id]["mac"]]
        sample = None if state.sample is None else asdict(state.sample)
        described.append(
            {
                "asked": asked,
                "answered": answered,
                "sample": sample and {**sample, "identity": None},
                "counter": state.counter.to_dict(),
            }
        )
    return described
