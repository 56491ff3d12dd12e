"""Diagnostics of an entry, for a bug report: no secret, and nothing that names the household."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.diagnostics import async_redact_data

from .const import CONF_BROKER, CONF_CA_CERTIFICATE, CONF_HOSTS, CONF_PDL, CONF_PLUGS
from .metering_point import MeteringPoint

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

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
        CONF_BROKER,
        CONF_CA_CERTIFICATE,
        CONF_PDL,
        "device_id",
        "host",
        "mac",
        "name",
        "title",
        "unique_id",
        "url",
    }
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Return the entry, and for a metering point how its plugs stand."""
    described = entry.as_dict()
    # The keys of these two are MAC addresses.
    described["data"] = {
        key: list(value.values()) if key in (CONF_HOSTS, CONF_PLUGS) else value
        for key, value in entry.data.items()
    }
    diagnostics: dict[str, Any] = {"entry": async_redact_data(described, _REDACTED)}
    point = getattr(entry, "runtime_data", None)
    if isinstance(point, MeteringPoint):
        diagnostics["plugs"] = _plugs(point)
    return diagnostics


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
