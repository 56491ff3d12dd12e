"""Records of exports, and a history that lives through restarts."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def record(status: ExportStatus = ExportStatus.COMPLETED, **values: object) -> ExportRecord:
    return ExportRecord(
        **{
            "id": str(uuid.uuid4()),
            "kind": ExportKind.PUSH,
            "status": status,
            "trigger": "button",
            "created_at": START,
            **values,
        }
    )


FULL = record(
    kind=ExportKind.FILE,
    trigger="http",
    started_at=START + timedelta(seconds=1, microseconds=250_000),
    completed_at=START + timedelta(seconds=3),
    expires_at=START + timedelta(days=7),
    user_id="0123456789abcdef0123456789abcdef",
    export_type="device_data",
    format="csv",
    destination_id=str(uuid.uuid4()),
    destination="mqtt",
    destination_name="Maison 🏠 «été»",
    records=3_000_000_000,
    size=5_000_000_000,
    error_code="TIMED_OUT",
    error_message="no answer",
    path="/config/med_exporter/exports/a.csv",
    request={"fields": ["power_w"], "date_range": {"start": "2026-11-01"}},
    warnings=[{"code": "GAP", "count": 2}],
    downloads=2,
)


async def committed(hass: HomeAssistant) -> None:
    await hass.async_add_executor_job(get_instance(hass).block_till_done)
    # What the recorder's thread tells the loop takes a few rounds of it to be acted upon.
    for _ in range(5):
        await asyncio.sleep(0)
    await hass.async_block_till_done()
