"""A meter as its config entry holds it: which statistics tell of it, and which entities."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from homeassistant.core import valid_entity_id
from homeassistant.helpers import entity_registry as er

from ..const import CONF_PLUGS, CONF_RATED_POWER, CONF_ROLE, PlugRole
from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

CONF_STATISTIC_ID: Final = "statistic_id"
CONF_REGISTRY_ID: Final = "registry_id"
CONF_FORMER: Final = "former"
CONF_UNTIL: Final = "until"
CONF_ENTITIES: Final = "entities"
CONF_COUNTED_FROM: Final = "counted_from"


class Source(NamedTuple):
    """A statistic that tells of a meter from one hour (UTC seconds) until another."""

    statistic_id: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """What counts energy for a metering point.

    Attributes:
        meter_id: as the ledger and the devices know it.
        name: what users call it.
        role: how it counts now.
        rated_power: in W, where it is known.
        sources: the statistics that tell of it, one after the other; the last one does now.
        entities: what shows its readings, by field.
        counted_from: the first quarter-hour that counts in the metering point (UTC seconds); 0
            where all of its past does.
        registry_id: of the entity that has the statistic now, under each of its names; None for
            one that is in no registry.

    """

    meter_id: str
    name: str
    role: PlugRole
    rated_power: float | None
    sources: tuple[Source, ...]
    entities: Mapping[str, str]
    counted_from: int = 0
    registry_id: str | None = None

    @property
    def statistic_id(self) -> str:
        """Return the statistic that tells of it now."""
        return self.sources[-1].statistic_id


def meters_of(entry: ConfigEntry) -> dict[str, Meter]:
    """Return the meters of a metering point by their ids."""
    return {
        meter_id: Meter(
            meter_id=meter_id,
            name=stored["name"],
            role=PlugRole(stored[CONF_ROLE]),
            rated_power=stored.get(CONF_RATED_POWER),
            sources=_sources(stored),
            entities=stored[CONF_ENTITIES],
            counted_from=stored.get(CONF_COUNTED_FROM, 0),
            registry_id=stored.get(CONF_REGISTRY_ID),
        )
        for meter_id, stored in entry.data[CONF_PLUGS].items()
    }


def meter_id_of(hass: HomeAssistant, statistic_id: str) -> str:
    """Return the id of the meter that a statistic tells of, the same whenever it is added.

    An entity has the same one under each of its names.
    """
    registered = er.async_get(hass).async_get(statistic_id)
    known = statistic_id if registered is None else registered.id
    return f"meter_{sha256(known.encode()).hexdigest()[:24]}"


def is_entity(statistic_id: str) -> bool:
    """Tell whether a statistic is that of an entity."""
    return valid_entity_id(statistic_id)


def _sources(stored: Mapping[str, Any]) -> tuple[Source, ...]:
    found: list[Source] = []
    start: int | None = None
    for former in stored.get(CONF_FORMER, ()):
        found.append(Source(former[CONF_STATISTIC_ID], start, former[CONF_UNTIL]))
        start = former[CONF_UNTIL]
    return (*found, Source(stored[CONF_STATISTIC_ID], start))
