"""What callers are shown of a schedule, the same at every door. Times are UTC with `Z`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import utc

if TYPE_CHECKING:
    from .records import Schedule
    from .scheduler import Scheduler


def schedule_entry(scheduler: Scheduler, schedule: Schedule) -> dict[str, Any]:
    """Return a schedule with when it runs next, None while it is disabled."""
    return {
        "schedule_id": schedule.id,
        "name": schedule.name,
        "schedule": schedule.schedule,
        "export_config": dict(schedule.export_config),
        "delivery": dict(schedule.delivery),
        "enabled": schedule.enabled,
        "created_at": utc(schedule.created_at),
        "next_run": utc(scheduler.next_run(schedule)),
        "last_run": utc(schedule.last_run_at),
        "last_export_id": schedule.last_export_id,
    }
