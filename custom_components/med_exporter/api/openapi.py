"""The description of the HTTP API, for programs that read it."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..rights import Right
from .base import ApiView, answers_errors
from .operation import Operation, described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web


def openapi_view(views: Sequence[type[ApiView]]) -> type[ApiView]:
    """Return the view that answers with the description of these views, and of itself."""

    class DescriptionView(ApiView):
        """What is asked and answered at each address."""

        right = Right.USER
        url = "/api/exports/openapi.json"
        name = "api:med_exporter:exports:openapi"

        @described(Operation(answers={HTTPStatus.OK: "Description"}))
        @answers_errors
        async def get(self, request: web.Request) -> web.Response:
            """Describe all requests and answers, as OpenAPI."""
            made = await self.hass(request).async_add_executor_job(description)
            return self.json(made)

    @functools.cache
    def description() -> dict[str, Any]:
        # Only who asks for it needs it.
        from .description import openapi  # noqa: PLC0415

        return openapi((*views, DescriptionView))

    return DescriptionView
