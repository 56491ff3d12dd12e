"""Exports: create, follow, cancel, delete, look back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ..errors import InvalidRequest
from ..exports.answers import export_page, export_status, statistics_answer
from ..history.records import UNFINISHED, ExportStatus
from ..object_reader import INVALID_VALUE
from ..rights import Right
from .base import ApiView, answers_errors, read_body, read_number

# The documented clients ask again at once or after 5 s; so most need to ask only once.
_HOLD_SECONDS: Final = 5
_MAX_PAGE: Final = 100
_DEFAULT_PAGE: Final = 10


class CreateView(ApiView):
    """New exports."""

    right = Right.USER
    url = "/api/exports/create"
    name = "api:med_exporter:exports:create"

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

    right = Right.USER
    url = "/api/exports/{export_id}"
    name = "api:med_exporter:exports:export"

    @answers_errors
    async def get(self, request: web.Request, export_id: str) -> web.Response:
        """Answer where it stands; hold the answer while it is not final, unless `wait=0`."""
        jobs = self.jobs(request)
        record = await jobs.async_get(export_id, user=self.user(request))
        if record.status in UNFINISHED and _may_wait(request):
            record = await jobs.async_wait(export_id, _HOLD_SECONDS)
        return self.json(export_status(jobs, record))

    @answers_errors
    async def delete(self, request: web.Request, export_id: str) -> web.Response:
        """Remove it and its file."""
        await self.jobs(request).async_delete(export_id, user=self.user(request))
        return web.Response(status=HTTPStatus.NO_CONTENT)


class CancelView(ApiView):
    """The end of an export that is not wanted any more."""

    right = Right.USER
    url = "/api/exports/{export_id}/cancel"
    name = "api:med_exporter:exports:cancel"

    @answers_errors
    async def post(self, request: web.Request, export_id: str) -> web.Response:
        """Stop it; nothing of it stays on disk."""
        jobs = self.jobs(request)
        record = await jobs.async_cancel(export_id, user=self.user(request))
        return self.json(export_status(jobs, record))


class HistoryView(ApiView):
    """The caller's exports, all of them for administrators."""

    right = Right.USER
    url = "/api/exports/history"
    name = "api:med_exporter:exports:history"

    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List a page, newest first."""
        limit = read_number(request, "limit", _DEFAULT_PAGE, 1, _MAX_PAGE)
        offset = read_number(request, "offset", 0, 0, 10**9)
        records, total = await self.jobs(request).async_list(
            user=self.user(request), limit=limit, offset=offset
        )
        return self.json(export_page(records, total, limit=limit, offset=offset))


class StatisticsView(ApiView):
    """What the caller's exports add up to, all of them for administrators."""

    right = Right.USER
    url = "/api/exports/stats"
    name = "api:med_exporter:exports:stats"

    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """Add them up."""
        statistics = await self.jobs(request).async_statistics(user=self.user(request))
        return self.json(statistics_answer(statistics))


def _may_wait(request: web.Request) -> bool:
    wait = request.query.get("wait", "1")
    if wait not in {"0", "1"}:
        raise InvalidRequest(
            INVALID_VALUE, "not_one_of", field="wait", value=wait[:20], known="0, 1"
        )
    return wait == "1"
