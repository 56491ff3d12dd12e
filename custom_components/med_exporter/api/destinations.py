"""Destinations: their configuration, tests, runs, and the log of pushes. Administrators only."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ..flows.destination_change import (
    async_change_destination,
    async_export_config,
    async_test_destination,
)
from ..pushes.actions import async_push_log, async_test_answer
from ..pushes.answers import PushStatus, push_log_entry
from ..pushes.entry import destination_entries
from ..pushes.request import read_push_request
from ..pushes.runner import DATA_PUSHES
from ..pushes.selection import select_destination, select_entry
from .base import ApiView, answers_errors, read_body
from .operation import HISTORY, Operation, described
from .query import Choice, Text, page

if TYPE_CHECKING:
    from aiohttp import web

_LIMIT, _OFFSET = page(50)
_DESTINATION: Final = Text("destination")
_STATUS: Final = Choice("status", tuple(PushStatus))
_OF_ONE: Final = ("AMBIGUOUS_DESTINATION", "DESTINATION_NOT_FOUND")


class ConfigsView(ApiView):
    """All destinations."""

    @described(Operation(answers={HTTPStatus.OK: "ExportConfigs"}, errors=HISTORY))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List them."""
        hass = self.hass(request)
        configs = [await async_export_config(hass, entry) for entry in destination_entries(hass)]
        return self.json({"configs": configs})


class ConfigView(ApiView):
    """One destination, by its type or id."""

    @described(Operation(answers={HTTPStatus.OK: "ExportConfig"}, errors=(*_OF_ONE, *HISTORY)))
    @answers_errors
    async def get(self, request: web.Request, destination: str) -> web.Response:
        """Show it, secrets masked."""
        hass = self.hass(request)
        return self.json(await async_export_config(hass, select_entry(hass, destination)))

    @described(
        Operation(
            body="DestinationChange",
            is_of_settings=True,
            answers={HTTPStatus.OK: "ExportConfig"},
            errors=(*_OF_ONE, *HISTORY),
        )
    )
    @answers_errors
    async def put(self, request: web.Request, destination: str) -> web.Response:
        """Change what the body names, and show the whole."""
        hass = self.hass(request)
        entry = select_entry(hass, destination)
        await async_change_destination(hass, entry, await read_body(request))
        return self.json(await async_export_config(hass, entry))


class ConfigTestView(ApiView):
    """The connection test of a destination."""

    @described(Operation(answers={HTTPStatus.OK: "ConnectionTest"}, errors=_OF_ONE))
    @answers_errors
    async def post(self, request: web.Request, destination: str) -> web.Response:
        """Try the connection; a mistake found is the answer, not a failure."""
        hass = self.hass(request)
        entry = select_entry(hass, destination)
        return self.json(await async_test_answer(async_test_destination(hass, entry)))


class RunView(ApiView):
    """Runs of a destination."""

    @described(
        Operation(
            body="PushRequest",
            needs_body=False,
            answers={HTTPStatus.ACCEPTED: "ExportLog"},
            errors=(
                *_OF_ONE,
                "ALREADY_RUNNING",
                "DATA_NOT_CHOSEN",
                "DESTINATION_NOT_LOADED",
                "INVALID_DATE_RANGE",
                "INVALID_VALUE",
                "UNKNOWN_METERING_POINT",
            ),
        )
    )
    @answers_errors
    async def post(self, request: web.Request, destination: str) -> web.Response:
        """Start one; what it is to send may be narrowed down."""
        hass = self.hass(request)
        runtime = select_destination(hass, destination)
        asked = read_push_request(await read_body(request) if request.can_read_body else {})
        record = await hass.data[DATA_PUSHES].async_start(
            runtime, asked, trigger="http", user_id=self.user(request).id
        )
        return self.json(push_log_entry(record), HTTPStatus.ACCEPTED)


class LogsView(ApiView):
    """The log of pushes."""

    @described(
        Operation(
            query=(_DESTINATION, _STATUS, _LIMIT, _OFFSET),
            answers={HTTPStatus.OK: "ExportLogs"},
            errors=(*_OF_ONE, *HISTORY),
        )
    )
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List a page, newest first."""
        status = _STATUS.read(request)
        return self.json(
            await async_push_log(
                self.hass(request),
                destination=_DESTINATION.text(request),
                status=None if status is None else PushStatus(status),
                limit=_LIMIT.read(request),
                offset=_OFFSET.read(request),
            )
        )
