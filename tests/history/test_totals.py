"""The totals of pushes never fall: not by a purge, and not by a restart."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.history.history import History
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.history.totals import PushTotal

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def history(hass_with_recorder: HomeAssistant) -> History:
    history = History(hass_with_recorder)
    history.async_setup()
    return history


def record(
    status: ExportStatus, records: int | None, destination: str | None = "mqtt", **values: object
) -> ExportRecord:
    return ExportRecord(
        **{
            "id": str(uuid.uuid4()),
            "kind": ExportKind.PUSH,
            "status": status,
            "trigger": "action",
            "created_at": NOW,
            "destination": destination,
            "records": records,
            **values,
        }
    )


async def test_runs_and_records_are_counted_by_type_of_destination(history: History) -> None:
    assert await history.async_push_totals() == {}
    history.save(record(ExportStatus.COMPLETED, 365))
    history.save(record(ExportStatus.COMPLETED, 2))
    history.save(record(ExportStatus.FAILED, 5))
    history.save(record(ExportStatus.INTERRUPTED, None))
    history.save(record(ExportStatus.RUNNING, 9))
    history.save(record(ExportStatus.COMPLETED, 1, "jeedom"))
    history.save(record(ExportStatus.COMPLETED, 7, None, kind=ExportKind.FILE))

    assert await history.async_push_totals() == {
        "mqtt": PushTotal(success=2, error=2, records=372),
        "jeedom": PushTotal(success=1, error=0, records=1),
    }


async def test_what_is_purged_stays_counted(history: History) -> None:
    old = dt_util.utcnow() - timedelta(days=5000)
    history.save(record(ExportStatus.COMPLETED, 3, created_at=dt_util.utcnow()))
    for number in range(1, 4):
        history.save(record(ExportStatus.COMPLETED, 10, created_at=old))
        history.save(record(ExportStatus.FAILED, 10, created_at=old))
        counted = {"mqtt": PushTotal(success=1 + number, error=number, records=3 + 20 * number)}
        assert await history.async_push_totals() == counted

        await history.async_purge()
        async with asyncio.timeout(10):
            while (await history.async_list(kind=ExportKind.PUSH))[1] > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert await history.async_push_totals() == counted
