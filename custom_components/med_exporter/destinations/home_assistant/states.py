"""Current values as states of another Home Assistant, under the entity ids of our own sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.components.sensor import ATTR_OPTIONS, SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_FRIENDLY_NAME,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNKNOWN,
    UnitOfEnergy,
)
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ...const import DOMAIN, DataType
from ...sources.tempo_calendar import TempoColour
from ..base import Outcome
from ..measurements import EcoWattLevel, Energy, TempoDay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from homeassistant.core import HomeAssistant

    from ..measurements import Measurement, PointName
    from .api import RemoteConnection

TEMPO_TODAY: Final = "tempo_color"
TEMPO_TOMORROW: Final = "tempo_color_tomorrow"
ECOWATT: Final = "ecowatt_level"
STATE_KEYS: Final = (
    DataType.CONSUMPTION_DAILY.value,
    DataType.CONSUMPTION_MONTHLY.value,
    DataType.PRODUCTION_DAILY.value,
    TEMPO_TODAY,
    TEMPO_TOMORROW,
    ECOWATT,
)
"""What comes behind `sensor.med_{slug}_` in the ids of the entities that are pushed."""

_ENERGY: Final[Mapping[str, object]] = {
    ATTR_UNIT_OF_MEASUREMENT: UnitOfEnergy.KILO_WATT_HOUR.value,
    ATTR_DEVICE_CLASS: SensorDeviceClass.ENERGY.value,
}
_TEMPO: Final[Mapping[str, object]] = {
    ATTR_DEVICE_CLASS: SensorDeviceClass.ENUM.value,
    ATTR_OPTIONS: [colour.value for colour in TempoColour],
}


def entity_id_of(slug: str, key: str) -> str:
    """Return the entity id of a value; a user's renaming here has no effect over there."""
    return f"sensor.med_{slug}_{key}"


class CurrentStates:
    """Writes the current values of one series: `add` each, then `finish`."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: RemoteConnection,
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        self._hass = hass
        self._connection = connection
        self._settle = settle
        self._tempo: PointName | None = None
        self._written: set[str] = set()

    async def add(self, measurement: Measurement) -> None:
        """Write a value, and settle it. Raises DestinationError."""
        point = measurement.point
        assert point is not None
        if isinstance(measurement, TempoDay):
            self._tempo = point
            is_today = measurement.start <= dt_util.now()
            key = TEMPO_TODAY if is_today else TEMPO_TOMORROW
            await self._write(point, key, measurement.colour.value, _TEMPO)
        elif isinstance(measurement, EcoWattLevel):
            await self._write(point, ECOWATT, str(measurement.level), measurement.details)
        else:
            assert isinstance(measurement, Energy)
            await self._write(
                point, measurement.data_type.value, str(round(measurement.kwh, 6)), _ENERGY
            )
        self._settle(measurement, Outcome.STORED)

    async def finish(self) -> None:
        """Take back a colour that is not known any more, or not yet. Raises DestinationError.

        What was tomorrow's at midnight is today's, and must not stay tomorrow's over there.
        """
        if self._tempo is None:
            return
        for key in (TEMPO_TODAY, TEMPO_TOMORROW):
            if key not in self._written:
                await self._write(self._tempo, key, STATE_UNKNOWN, _TEMPO)

    async def _write(
        self, point: PointName, key: str, state: str, attributes: Mapping[str, object]
    ) -> None:
        texts = await async_get_translations(
            self._hass, self._hass.config.language, "entity", [DOMAIN]
        )
        name = texts.get(f"component.{DOMAIN}.entity.sensor.{key}.name", key)
        await self._connection.set_state(
            entity_id_of(point.slug, key),
            state,
            {**attributes, ATTR_FRIENDLY_NAME: f"{point.name} {name}"},
        )
        self._written.add(key)
