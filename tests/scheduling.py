"""What tests of schedules and deliveries share: a house in January, with a plug and a clock."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from tests.file_exports import Plug, add_plug, set_up
from tests.metering_points import HouseClock, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.exports.jobs import JobManager

PARIS = ZoneInfo("Europe/Paris")
JANUARY = datetime(2026, 1, 20, 12, tzinfo=PARIS)

MONTHLY: dict[str, Any] = {
    "name": "Monthly Device Report",
    "schedule": "0 9 1 * *",
    "export_config": {
        "export_type": "device_data",
        "format": "excel",
        "date_range": "last_month",
        "devices": "all",
        "fields": ["timestamp", "device_name", "energy_kwh", "cost"],
    },
    "delivery": {
        "method": "email",
        "recipients": ["admin@example.com"],
        "subject": "Monthly Energy Report - {{date}}",
    },
}
"""The document's example."""


@pytest.fixture
async def january() -> AsyncIterator[HouseClock]:
    """Stop the clock at noon in Paris on 20 January 2026."""
    with freeze_time(JANUARY) as frozen:
        clock = HouseClock(frozen)
        # The loop ends with the test; set back, its clock would strand what is still waited for.
        asyncio.get_running_loop().time = clock.loop_time
        yield clock


@pytest.fixture
async def scheduled_jobs(
    january: HouseClock, hass: HomeAssistant, tmp_path: Path
) -> AsyncIterator[JobManager]:
    """The integration in Paris, in a folder of its own; `hass` has a recorder."""
    await hass.config.async_set_time_zone("Europe/Paris")
    hass.config.internal_url = "http://house.test:8123"
    jobs = await set_up(hass, tmp_path)
    yield jobs
    # The test kit closes the recorder before it stops Home Assistant.
    await jobs.async_close()


@pytest.fixture
async def scheduled_fridge(scheduled_jobs: JobManager, january: HouseClock, hass) -> Plug:
    """A plug that has used 2.5 kWh in January."""
    plug = add_plug(hass, "Fridge", "192.168.1.100")
    for counter in (1, 2.5, 3.5):
        plug.reads(power_w=80, energy_total_kwh=counter, is_on="on")
        await settle(hass)
        january.tick(60)
    return plug
