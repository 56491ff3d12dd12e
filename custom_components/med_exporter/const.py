"""Names shared by more than one room of the integration."""

from __future__ import annotations

from enum import StrEnum
from logging import Logger, getLogger
from typing import Final

DOMAIN: Final = "med_exporter"
LOGGER: Logger = getLogger(__package__)

CONF_PDL: Final = "pdl"
CONF_HOSTS: Final = "hosts"
CONF_PAST: Final = "past"
CONF_PLUGS: Final = "plugs"
CONF_ROLE: Final = "role"
CONF_RATED_POWER: Final = "rated_power"
CONF_POLLING_INTERVAL: Final = "polling_interval"

CONF_ADDRESSES: Final = "addresses"

CONF_DATA: Final = "data"
CONF_INTERVAL: Final = "interval"
CONF_LABELS: Final = "labels"


class EntryType(StrEnum):
    """What a config entry may stand for (`entry.data["type"]`) besides a destination."""

    KASA = "kasa"
    METERS = "meters"
    GRID = "grid"
    EMAIL = "email"
    INSTALLATION = "installation"


class PlugRole(StrEnum):
    """How a plug counts in its metering point."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"
    IGNORED = "ignored"


class DataType(StrEnum):
    """What a destination can be asked to receive."""

    CONSUMPTION_DAILY = "consumption_daily"
    CONSUMPTION_MONTHLY = "consumption_monthly"
    CONSUMPTION_DETAILED = "consumption_detailed"
    PRODUCTION_DAILY = "production_daily"
    TEMPO = "tempo"
    ECOWATT = "ecowatt"


DEFAULT_DATA: Final = tuple(one for one in DataType if one is not DataType.CONSUMPTION_DETAILED)
"""What a new destination is offered to receive."""
