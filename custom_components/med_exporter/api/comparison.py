"""Contracts side by side, at once."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ..exports.comparison import async_compare_contracts
from .base import ApiView, answers_errors, read_body
from .operation import FILE, HISTORY, Operation, described

if TYPE_CHECKING:
    from aiohttp import web


class ComparisonView(ApiView):
    """What a metering point's past would have cost under several contracts."""

    @described(
        Operation(
            body="ComparisonRequest",
            answers={HTTPStatus.OK: "Comparison"},
            errors=(*FILE, *HISTORY),
        )
    )
    @answers_errors
    async def post(self, request: web.Request) -> web.Response:
        """Compare the contracts of the body."""
        asked = await read_body(request)
        return self.json(
            await async_compare_contracts(self.hass(request), asked, self.user(request))
        )
