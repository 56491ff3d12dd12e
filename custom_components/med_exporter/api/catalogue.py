"""What can be exported: formats, devices, metrics."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ..answers import utc
from ..exports.catalogue import async_list_devices, list_formats, list_metrics
from .base import ApiView, answers_errors
from .operation import HISTORY, Operation, described

if TYPE_CHECKING:
    from aiohttp import web


class FormatsView(ApiView):
    """The file formats that exist."""

    @described(Operation(answers={HTTPStatus.OK: "Formats"}))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List them."""
        return self.json({"formats": list_formats()})


class DevicesView(ApiView):
    """The devices that the caller may export."""

    @described(Operation(answers={HTTPStatus.OK: "Devices"}, errors=HISTORY))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List them."""
        devices = await async_list_devices(self.hass(request), self.user(request))
        return self.json(
            {"devices": [{**device, "last_seen": utc(device["last_seen"])} for device in devices]}
        )


class MetricsView(ApiView):
    """The fields of a reading that carry a value."""

    @described(Operation(answers={HTTPStatus.OK: "Metrics"}))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """List them."""
        return self.json({"metrics": list_metrics(self.hass(request))})
