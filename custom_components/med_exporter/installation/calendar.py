"""The calendar of schedules: names and times only, as every user may see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..schedules.scheduler import DATA_SCHEDULES, SIGNAL_SCHEDULES_CHANGED

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..schedules.scheduler import Scheduler
    from .entry import Installation

_SHOWN_FOR: Final = timedelta(minutes=5)
"""How long a run stands in the calendar; how long it takes nobody knows beforehand."""
_AHEAD: Final = timedelta(days=400)
# A run each minute would fill any calendar.
_MOST_PER_SCHEDULE: Final = 1_000


class ScheduleCalendar(CalendarEntity):
    """Shows when enabled schedules run, and when they were due since they were made."""

    _attr_has_entity_name = True
    _attr_translation_key = "schedules"

    def __init__(self, installation: Installation) -> None:
        self._attr_unique_id = f"{installation.entry.entry_id}_schedules"
        self._attr_device_info = installation.device_info

    async def async_added_to_hass(self) -> None:
        """Listen to the schedules."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_SCHEDULES_CHANGED, self._changed)
        )

    @property
    def event(self) -> CalendarEvent | None:
        """Return the run that is due now or next."""
        now = dt_util.utcnow()
        runs = self._runs(now - _SHOWN_FOR + timedelta(microseconds=1), now + _AHEAD, 1)
        return min(runs, key=lambda event: event.start_datetime_local, default=None)

    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the runs in a range, oldest first."""
        runs = self._runs(start_date - _SHOWN_FOR, end_date, _MOST_PER_SCHEDULE)
        return sorted(
            (event for event in runs if event.end_datetime_local > start_date),
            key=lambda event: event.start_datetime_local,
        )

    def _runs(self, start: datetime, end: datetime, most: int) -> list[CalendarEvent]:
        scheduler: Scheduler = self.hass.data[DATA_SCHEDULES]
        return [
            CalendarEvent(
                start=dt_util.as_local(moment),
                end=dt_util.as_local(moment + _SHOWN_FOR),
                summary=schedule.name,
                uid=f"{schedule.id} {moment.isoformat()}",
            )
            for schedule in scheduler.schedules()
            for moment in islice(scheduler.due_between(schedule, start, end), most)
        ]

    @callback
    def _changed(self) -> None:
        self.async_write_ha_state()
