"""The connection test of another Home Assistant: what a run does, and it is taken away again."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Final

from homeassistant.const import UnitOfEnergy

from ...const import DOMAIN, LOGGER
from ...engine.times import HOUR, hour_of
from .api import CommandRefusedError
from .rows import Row
from .statistics import RemoteStatistics

if TYPE_CHECKING:
    from .api import RemoteConnection

_NAME: Final = "MED Exporter connection test"


async def async_probe(connection: RemoteConnection) -> None:
    """Write a state and an hour of a statistic under names of their own, and read the hour back.

    Raises DestinationError as a run would: `STATE_REFUSED`, `COMMAND_REFUSED`, `NOT_STORED`, or
    `TIMED_OUT` where the recorder does not get to it.
    """
    # Two tests at once must not take each other's away.
    mark = uuid.uuid4().hex[:8]
    entity_id = f"sensor.{DOMAIN}_test_{mark}"
    await connection.set_state(entity_id, "1", {"friendly_name": _NAME})
    await connection.delete_state(entity_id)
    statistics = RemoteStatistics(
        connection,
        f"{DOMAIN}:test_{mark}",
        name=_NAME,
        unit=UnitOfEnergy.KILO_WATT_HOUR.value,
    )
    hour = hour_of(time.time()) - HOUR
    try:
        await statistics.write([Row(hour, 0.0, 0.0)])
    finally:
        try:
            await statistics.clear()
        except CommandRefusedError as err:
            # A run removes nothing, so this keeps none from succeeding.
            LOGGER.warning("%s keeps the hour of a connection test: %s", connection.host, err)
