"""The time by which plugs are counted, over a stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from homeassistant.util import dt as dt_util

from custom_components.med_exporter.metering import timekeeper
from custom_components.med_exporter.metering.timekeeper import Timekeeper

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock


async def test_who_asks_for_the_time_while_it_is_loaded_does_not_make_the_clock_wrong(
    hass: HomeAssistant, hass_storage: dict[str, Any], clock: HouseClock
) -> None:
    """A busy house tells late how long the machine has run, and others ask meanwhile."""
    began = dt_util.utcnow()
    time = Timekeeper(hass, "one")
    ran = hass.loop.time()

    async def machine_run(_: HomeAssistant) -> tuple[str, float]:
        time.now()
        # Ticks stay real: the machine went on while Home Assistant was stopped.
        return "this one", hass.loop.time() - ran + stopped.total_seconds()

    stopped = timedelta(0)
    with patch.object(timekeeper, "async_machine_run", machine_run):
        await time.async_load({}, None)
        await time.async_keep(at_once=True)
        stopped = timedelta(hours=7)
        clock.jump(stopped)
        time = Timekeeper(hass, "one")
        await time.async_load({}, None)
        now: datetime = time.now()
    assert time.take_redated() is None
    assert abs(now - began - stopped) < timedelta(seconds=60)
