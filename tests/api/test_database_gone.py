"""A database that is gone: each door that reads it says so in words, and none breaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder.tasks import StopTask
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.history.history import DATA_HISTORY
from tests.api.websocket.conftest import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine_in_thread

READERS = [
    ("GET", "/api/exports/devices"),
    ("GET", "/api/exports/preview"),
    ("GET", "/api/exports/history"),
    ("GET", "/api/exports/stats"),
    ("GET", "/api/exports/7c1b1a4e-0000-4000-8000-000000000000"),
    ("DELETE", "/api/exports/7c1b1a4e-0000-4000-8000-000000000000"),
    ("POST", "/api/exports/7c1b1a4e-0000-4000-8000-000000000000/cancel"),
    ("GET", "/api/exports/download/7c1b1a4e-0000-4000-8000-000000000000"),
    ("POST", "/api/exports/compare_contracts"),
    ("GET", "/api/export/logs"),
]
COMPARED = {"contracts": [{"name": "A", "kind": "flat", "price": 0.2}], "date_range": "last_month"}


@pytest.fixture
def gone(jobs, fridge, hass) -> Iterator[None]:
    """The database answers no question any more, as when its server has been switched off."""

    def refuse(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no route to db.house.example"))

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)


async def test_it_is_said_over_http(gone, hass_client):
    client = await hass_client()
    answers = []
    for method, path in READERS:
        body = {"json": COMPARED} if path.endswith("contracts") else {}
        answer = await client.request(method, path, **body)
        said = await answer.json()
        assert " " in said["message"]
        assert "house" not in said["message"]
        answers.append((method, path, answer.status, said["error_code"]))
    assert answers == [(*one, 503, "HISTORY_UNAVAILABLE") for one in READERS]


async def test_it_is_said_over_the_websocket(gone, hass_ws_client):
    caller = Caller(await hass_ws_client())
    for command, fields in (
        ("files/choices", {}),
        ("files/list", {}),
        ("files/preview", {"request": {"export_type": "device_data", "format": "csv"}}),
        ("history/list", {}),
        ("history/statistics", {}),
        ("costs/compare", COMPARED),
    ):
        if "request" in fields:
            fields["request"]["date_range"] = "today"
        assert await caller.refused(command, **fields) == ("HISTORY_UNAVAILABLE", None), command


async def test_a_recorder_that_has_ended_lets_nobody_wait(jobs, hass):
    recorder = get_instance(hass)
    recorder.queue_task(StopTask())
    await hass.async_add_executor_job(recorder.join, 30)
    with pytest.raises(DatabaseUnavailableError):
        async with asyncio.timeout(5):
            await hass.data[DATA_HISTORY].async_purge()
