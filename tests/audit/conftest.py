from __future__ import annotations

import pytest

from custom_components.med_exporter.audit import DATA_AUDIT
from custom_components.med_exporter.audit.tables import SCHEMA
from custom_components.med_exporter.database import queue_work
from tests.file_exports import set_up


@pytest.fixture
async def hass(hass_with_recorder):
    return hass_with_recorder


@pytest.fixture
async def log(hass, tmp_path):
    jobs = await set_up(hass, tmp_path)
    yield hass.data[DATA_AUDIT]
    await jobs.async_close()


@pytest.fixture
def recorded(log, hass):
    """Return a function that returns the events, oldest first, when all are committed."""

    async def recorded(**filters):
        await hass.async_block_till_done()
        # The recorder works through its queue in order.
        await queue_work(hass, SCHEMA, lambda _: None)
        await hass.async_block_till_done()
        events, _ = await log.async_list(**filters)
        return events[::-1]

    return recorded
