"""The configuration folder of a Home Assistant that is to be steered from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REPOSITORY = Path(__file__).resolve().parents[2]

# What the user is asked after the account: the answers make Home Assistant ask the internet.
_ONBOARDED: Final[dict[str, Any]] = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}
# Searches for devices go no further than this machine.
_NETWORK: Final[dict[str, Any]] = {
    "version": 1,
    "minor_version": 1,
    "key": "core.network",
    "data": {"configured_adapters": ["lo", "lo0"]},
}


def write_configuration(
    folder: Path,
    *,
    port: int,
    language: str,
    integrations: Iterable[str],
    log_levels: Mapping[str, str],
    time_zone: str = "Europe/Paris",
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Fill an empty folder: Paris, metric, euros, loopback only, this checkout's integration.

    `settings` take the place of what an integration would be given. What stands there already is
    left as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configuration: dict[str, Any] = {
        "homeassistant": {
            "name": "MED Exporter",
            "country": "FR",
            "language": language,
            "time_zone": time_zone,
            "currency": "EUR",
            "unit_system": "metric",
            "latitude": 48.86,
            "longitude": 2.35,
            "elevation": 35,
        },
        "http": {"server_host": ["127.0.0.1"], "server_port": port},
        "recorder": {"commit_interval": 1, "purge_keep_days": 400},
        "logger": {"default": "warning", "logs": dict(log_levels)},
        **{integration: {} for integration in integrations},
        **(settings or {}),
    }
    _write_once(folder / "configuration.yaml", configuration)
    (folder / ".storage").mkdir(exist_ok=True)
    for storage in (_ONBOARDED, _NETWORK):
        _write_once(folder / ".storage" / storage["key"], storage)
    components = folder / "custom_components"
    components.mkdir(exist_ok=True)
    link = components / "med_exporter"
    if not link.exists():
        link.symlink_to(REPOSITORY / "custom_components" / "med_exporter")


def _write_once(path: Path, content: Any) -> None:
    # JSON is YAML too.
    if not path.exists():
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
