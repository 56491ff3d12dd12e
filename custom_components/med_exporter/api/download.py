"""The files themselves, for whoever is logged in or holds a signed link."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from homeassistant.helpers.http import KEY_AUTHENTICATED

from ..engine.formats import mime_type_of
from ..exports.links import PARAM_EXPIRES, PARAM_SIGNATURE
from ..rights import Right
from .base import ApiView, answers_errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiohttp.abc import AbstractStreamWriter


class DownloadView(ApiView):
    """An export's file, with entity tag and byte ranges."""

    right = Right.LINK
    url = "/api/exports/download/{export_id}"
    name = "api:med_exporter:exports:download"
    # A signed link needs no login; everyone else is turned away below as Home Assistant does it.
    requires_auth = False

    @answers_errors
    async def get(self, request: web.Request, export_id: str) -> web.StreamResponse:
        """Send the file and count it as a download once it has been sent from its beginning."""
        jobs = self.jobs(request)
        if request.get(KEY_AUTHENTICATED, False):
            user = self.user(request)
        elif jobs.links.is_valid(
            export_id, request.query.get(PARAM_EXPIRES), request.query.get(PARAM_SIGNATURE)
        ):
            user = None
        else:
            raise web.HTTPUnauthorized
        path = await jobs.async_file(export_id, user=user)

        async def sent() -> None:
            await jobs.async_count_download(export_id, user=user)

        return _File(
            path,
            sent,
            headers={
                hdrs.CONTENT_TYPE: _content_type(path),
                # The names of files are plain ASCII, see `ExportFolder.file_for`.
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{path.name}"',
                hdrs.CACHE_CONTROL: "private, no-cache",
                "X-Content-Type-Options": "nosniff",
            },
        )


class _File(web.FileResponse):
    """A file that tells when it, or a part from its beginning, has been sent."""

    def __init__(
        self, path: Path, sent: Callable[[], Awaitable[None]], *, headers: dict[str, str]
    ) -> None:
        super().__init__(path, headers=headers)
        self._sent = sent

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file, which for this kind of response is a part of preparing it."""
        writer = await super().prepare(request)
        if _from_beginning(self):
            await self._sent()
        return writer


def _content_type(path: Path) -> str:
    if path.suffix == ".gz":
        return "application/gzip"
    mime_type = mime_type_of(path.suffix) or "application/octet-stream"
    # Clients read text without a charset as Latin-1.
    return f"{mime_type}; charset=utf-8" if mime_type.startswith("text/") else mime_type


def _from_beginning(response: web.StreamResponse) -> bool:
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        return response.headers.get(hdrs.CONTENT_RANGE, "").startswith("bytes 0-")
    return response.status == HTTPStatus.OK
