from __future__ import annotations

import pytest
from homeassistant.helpers import issue_registry as ir

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.delivery import DATA_DELIVERIES, Deliveries
from custom_components.med_exporter.delivery.request import async_read_delivery
from custom_components.med_exporter.history.history import DATA_HISTORY
from tests.file_exports import request
from tests.mail_server import add_account, mail_server
from tests.metering_points import settle
from tests.scheduling import january, scheduled_fridge, scheduled_jobs

__all__ = ["january", "scheduled_fridge", "scheduled_jobs"]


@pytest.fixture
def hass(hass_with_recorder):
    return hass_with_recorder


class Post:
    """Hands files over, and looks at what becomes of them."""

    def __init__(self, hass, jobs, clock):
        self.hass = hass
        self.jobs = jobs
        self.clock = clock
        self.deliveries = hass.data[DATA_DELIVERIES]
        self.history = hass.data[DATA_HISTORY]

    async def file(self, **changes):
        """Make a file of this month."""
        asked = request(date_range="this_month", **changes)
        record = await self.jobs.async_create(asked, user=None, trigger="schedule")
        return await self.jobs.async_outcome(record.id)

    async def hand_over(self, export=None, schedule_id="report", **delivery):
        """Hand a file over and wait for the first try; return the export's id."""
        record, figures = export or await self.file()
        await self.deliveries.async_deliver(
            record,
            await async_read_delivery(self.hass, delivery),
            schedule_id=schedule_id,
            schedule_name="My report",
            due=record.created_at,
            figures=figures,
        )
        await settle(self.hass)
        return record.id

    async def wait(self, **duration):
        """Let time pass, with all that happens in it."""
        for _ in range(duration.pop("times", 1)):
            self.clock.tick(sum(v * {"minutes": 60, "hours": 3600}[k] for k, v in duration.items()))
            await settle(self.hass)

    async def warnings(self, export_id):
        """Return what the history says of an export's delivery."""
        record = await self.history.async_get(export_id)
        return [one for one in record.warnings if one["code"].startswith("DELIVERY")]

    def issues(self):
        return {
            issue_id: issue.translation_placeholders
            for (domain, issue_id), issue in ir.async_get(self.hass).issues.items()
            if domain == DOMAIN
        }

    async def restart(self):
        """Give the deliveries to another life, as after a sudden stop."""
        self.deliveries._waiting.clear()
        self.deliveries._try_due()
        self.deliveries = Deliveries(self.hass, self.jobs, self.history)
        await self.deliveries.async_setup()
        await settle(self.hass)


@pytest.fixture
def post(hass, scheduled_jobs, scheduled_fridge, january):
    return Post(hass, scheduled_jobs, january)


@pytest.fixture
def server():
    with mail_server() as server:
        yield server


@pytest.fixture
async def account(hass, post, server):
    return await add_account(hass, server)
