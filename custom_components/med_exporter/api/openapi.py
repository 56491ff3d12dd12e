"""The description of the HTTP API, for programs that read it."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .base import ApiView, answers_errors
from .operation import Operation, described

if TYPE_CHECKING:
    from aiohttp import web


class DescriptionView(ApiView):
    """What is asked and answered at each address."""

    @described(Operation(answers={HTTPStatus.OK: "Description"}))
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """Describe all requests and answers, as OpenAPI."""
        return self.json(await self.hass(request).async_add_executor_job(_description))


@functools.cache
def _description() -> dict[str, Any]:
    # Only who asks for it needs it, and all views are loaded for it.
    from . import views  # noqa: PLC0415
    from .description import openapi  # noqa: PLC0415

    return openapi(views())
