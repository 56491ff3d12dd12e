"""Exports: create, follow, cancel, delete, look back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ..exports.answers import export_page, export_status, statistics_answer
from ..history.records import UNFINISHED, ExportStatus
from .base import ApiView, answers_errors, read_body
from .operation import FILE, HISTORY, QUEUE, Operation, described
from .query import Choice, page

# The documented clients ask again at once or after 5 s; so most need to ask only once.
_HOLD_SECONDS: Final = 5
_WAIT: Final = Choice("wait", ("0", "1"))
_LIMIT, _OFFSET = page(10)
_OF_ONE: Final = (*HISTORY, "EXPORT_NOT_FOUND")


class CreateView(ApiView):
    """New exports."""

    @described(
        Operation(
            body="ExportRequest",
            answers={HTTPStatus.OK: "Export", HTTPStatus.ACCEPTED: "Export"},
            errors=(*FILE, *QUEUE, "NOT_ALLOWED"),
        )
    )
    @answers_errors
    async def post(self, request: web.Request) -> web.Response:
        """Queue an export: 202, or 200 when it was waited for and is complete."""
        jobs = self.jobs(request)
        record = await jobs.async_create(
            await read_body(request), user=self.user(request), trigger="http"
        )
        complete = record.status is ExportStatus.COMPLETED
        return self.json(
            export_status(jobs, record), HTTPStatus.OK if complete else HTTPStatus.ACCEPTED
        )


class ExportView(ApiView):
    """One export."""

    @described(Operation(query=(_WAIT,), answers={HTTPStatus.OK: "Export"}, errors=_OF_ONE))
    @answers_errors
    async def get(self, request: web.Request, export_id: str) -> web.Response:
        """Answer where it stands; hold the answer while it is not final, unless `wait=0`."""
        may_wait = _WAIT.read(request) != "0"
        jobs = self.jobs(request)
        record = await jobs.async_get(export_id, user=self.user(request))
        if record.status in UNFINISHED and may_wait:
            record = await jobs.async_wait(export_id, _HOLD_SECONDS)
        return self.json(export_status(jobs, record))

    @described(Operation(answers={HTTPStatus.NO_CONTENT: None}, errors=_OF_ONE))
    @answers_errors
    async def delete(self, request: web.Request, export_id: str) -> web.Response:
        """Remove it and its file."""
        await self.jobs(request).async_delete(export_id, user=self.user(request))
        return web.Response(status=HTTPStatus.NO_CONTENT)


class CancelView(ApiView):
    """The end of an export that is not wanted any more."""

    @described(Operation(answers={HTTPStatus.OK: "Export"}, errors=(*_OF_ONE, "EXPORT_FINISHED")))
    @answers_errors
    async def post(self, request: web.Request, export_id: str) -> web.Response:
        """Stop it; nothing of it stays on disk."""
        jobs = self.jobs(request)
        record = await jobs.async_cancel(export_id, user=self.user(request))
        return self.json(export_status(jobs, record))


class HistoryView(ApiView):
    """The caller's exports, all of them for administrators."""

    @described(
        Operation(query=(_LIMIT, _OFFSET), answers={HTTPStatus.OK: "History"}, errors=HISTORY)
    )
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List a page, newest first."""
        limit = _LIMIT.read(request)
        offset = _OFFSET.read(request)
        records, total = await self.jobs(request).async_list(
            user=self.user(request), limit=limit, offset=offset
        )
        return self.json(export_page(records, total, limit=limit, offset=offset))


class StatisticsView(ApiView):
    """What the caller's exports add up to, all of them for administrators."""

    @described(Operation(answers={HTTPStatus.OK: "Statistics"}, errors=HISTORY))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """Add them up."""
        statistics = await self.jobs(request).async_statistics(user=self.user(request))
        return self.json(statistics_answer(statistics))
