"""Schedules: make, list, change, delete, run now. Administrators only."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from ..exports.answers import export_status
from ..schedules.answers import schedule_entry
from ..schedules.scheduler import DATA_SCHEDULES
from .base import ApiView, answers_errors, read_body
from .operation import DELIVERY, FILE, QUEUE, Operation, described

if TYPE_CHECKING:
    from ..schedules.scheduler import Scheduler


_KEEPING: Final = ("FORMAT_TOO_NEW", "NOT_STORED")
_WRONG: Final = (*FILE, *DELIVERY, *_KEEPING)
_OF_ONE: Final = ("SCHEDULE_NOT_FOUND",)


class _ScheduleView(ApiView):
    @classmethod
    def scheduler(cls, request: web.Request) -> Scheduler:
        """Return the schedules."""
        return cls.hass(request).data[DATA_SCHEDULES]


class ScheduleCreateView(_ScheduleView):
    """New schedules."""

    @described(
        Operation(body="ScheduleRequest", answers={HTTPStatus.CREATED: "Schedule"}, errors=_WRONG)
    )
    @answers_errors
    async def post(self, request: web.Request) -> web.Response:
        """Make one."""
        scheduler = self.scheduler(request)
        schedule = await scheduler.async_create(await read_body(request), user=self.user(request))
        return self.json(schedule_entry(scheduler, schedule), HTTPStatus.CREATED)


class SchedulesView(_ScheduleView):
    """All schedules."""

    @described(Operation(answers={HTTPStatus.OK: "Schedules"}))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List them, by name."""
        scheduler = self.scheduler(request)
        entries = [schedule_entry(scheduler, one) for one in scheduler.schedules()]
        return self.json({"schedules": entries})


class ScheduleView(_ScheduleView):
    """One schedule."""

    @described(Operation(answers={HTTPStatus.OK: "Schedule"}, errors=_OF_ONE))
    @answers_errors
    async def get(self, request: web.Request, schedule_id: str) -> web.Response:
        """Show it."""
        scheduler = self.scheduler(request)
        return self.json(schedule_entry(scheduler, scheduler.get(schedule_id)))

    @described(
        Operation(
            body="ScheduleChange",
            answers={HTTPStatus.OK: "Schedule"},
            errors=(*_OF_ONE, *_WRONG, "READ_ONLY"),
        )
    )
    @answers_errors
    async def put(self, request: web.Request, schedule_id: str) -> web.Response:
        """Change what the body names, and show the whole."""
        scheduler = self.scheduler(request)
        schedule = await scheduler.async_update(
            schedule_id, await read_body(request), user=self.user(request)
        )
        return self.json(schedule_entry(scheduler, schedule))

    @described(Operation(answers={HTTPStatus.NO_CONTENT: None}, errors=(*_OF_ONE, *_KEEPING)))
    @answers_errors
    async def delete(self, request: web.Request, schedule_id: str) -> web.Response:
        """Remove it."""
        scheduler = self.scheduler(request)
        await scheduler.async_delete(schedule_id, user=self.user(request))
        return web.Response(status=HTTPStatus.NO_CONTENT)


class ScheduleRunView(_ScheduleView):
    """A run that does not wait for its time."""

    @described(
        Operation(
            answers={HTTPStatus.ACCEPTED: "ScheduledExport"},
            errors=(*_OF_ONE, *FILE, *QUEUE, "FORMAT_TOO_NEW"),
        )
    )
    @answers_errors
    async def post(self, request: web.Request, schedule_id: str) -> web.Response:
        """Start one, and answer where its export stands."""
        scheduler = self.scheduler(request)
        record = await scheduler.async_run_now(schedule_id, user=self.user(request))
        answer = {"schedule_id": schedule_id, **export_status(self.jobs(request), record)}
        return self.json(answer, HTTPStatus.ACCEPTED)
