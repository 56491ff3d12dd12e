"""How long the longest message is that a run sends, so that a connection test sends one like it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.util import dt as dt_util

from ...const import DataType
from ...sources.tempo_calendar import PARIS, TempoColour
from ..measurements import EcoWattLevel, Energy, Grain, PointName, TempoDay
from .messages import ENERGY_TOPICS, message_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..measurements import Measurement
    from .discovery import MqttDiscovery
    from .messages import Message, Publishing

# Where there is no metering point yet.
_USUAL: Final = PointName(pdl="0" * 14, slug="0" * 14, name="House")
_MOST: Final = 123456.789012
# RTE's own sentences for a day are about as long.
_SENTENCE: Final = "." * 120
_HOURS: Final = tuple({"pas": hour, "hvalue": 1} for hour in range(24))


def longest_message(
    publishing: Publishing,
    data: Collection[DataType],
    points: Collection[PointName],
    discovery: MqttDiscovery | None,
) -> int:
    """Return the bytes of topic and payload of the longest message, with what announces it."""
    longest = 0
    for measurement in _samples(data, points or (_USUAL,)):
        message = message_of(measurement, publishing, dt_util.utcnow())
        assert message is not None
        longest = max(longest, length(message))
        if discovery is not None and (config := discovery.config_of(measurement, message.topic)):
            topic, payload = config
            longest = max(longest, len(topic.encode()) + len(payload.encode()))
    return longest


def length(message: Message) -> int:
    """Return the bytes of a message's topic and payload."""
    return len(message.topic.encode()) + len(message.payload.encode())


def _samples(data: Collection[DataType], points: Collection[PointName]) -> Iterator[Measurement]:
    now = dt_util.utcnow()
    day = now.astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    common: dict[str, Any] = {
        "start": day,
        "end": day + timedelta(days=1),
        "closed": False,
        "timestamp": now,
    }
    for data_type in data:
        if data_type in ENERGY_TOPICS:
            is_half = data_type is DataType.CONSUMPTION_DETAILED
            grain = Grain.HALF_HOURLY if is_half else Grain.DAILY
            for point in points:
                yield Energy(data_type=data_type, point=point, grain=grain, kwh=_MOST, **common)
    grid: dict[str, Any] = {"point": None, "grain": Grain.DAILY, **common}
    if DataType.TEMPO in data:
        yield TempoDay(data_type=DataType.TEMPO, colour=TempoColour.WHITE, **grid)
    if DataType.ECOWATT in data:
        details = {"message": _SENTENCE, "hourly_values": list(_HOURS)}
        yield EcoWattLevel(data_type=DataType.ECOWATT, level=1, details=details, **grid)
