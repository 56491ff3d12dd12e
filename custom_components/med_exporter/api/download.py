"""The files themselves, for whoever is logged in or holds a signed link."""

from __future__ import annotations

import asyncio
import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web
from homeassistant.helpers.http import KEY_AUTHENTICATED

from ..engine.formats import mime_type_of
from ..exports.links import PARAM_EXPIRES, PARAM_SIGNATURE
from .base import ApiView, answers_errors
from .operation import FILE_ITSELF, HISTORY, Operation, described
from .query import Text

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiohttp.abc import AbstractStreamWriter


# From a byte on, perhaps to another; or so many at the end, of which there has to be one.
_PART: Final = re.compile(
    r"bytes=(?:(\d{1,18})-(\d{1,18})?|-0*[1-9]\d{0,17})", re.ASCII | re.IGNORECASE
)
_EXPIRES: Final = Text(PARAM_EXPIRES)
_SIGNATURE: Final = Text(PARAM_SIGNATURE)
_OPERATION: Final = Operation(
    query=(_EXPIRES, _SIGNATURE),
    answers={
        HTTPStatus.OK: FILE_ITSELF,
        HTTPStatus.PARTIAL_CONTENT: FILE_ITSELF,
        HTTPStatus.NOT_MODIFIED: None,
        HTTPStatus.PRECONDITION_FAILED: None,
    },
    errors=(*HISTORY, "EXPORT_EXPIRED", "EXPORT_NOT_FOUND", "EXPORT_NOT_READY"),
    may_be_refused=(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,),
)


class DownloadView(ApiView):
    """An export's file, with entity tag and byte ranges."""

    @described(_OPERATION)
    @answers_errors
    async def head(self, request: web.Request, export_id: str) -> web.StreamResponse:
        """Tell what `get` would send."""
        return await self._answer(request, export_id)

    @described(_OPERATION)
    @answers_errors
    async def get(self, request: web.Request, export_id: str) -> web.StreamResponse:
        """Send the file and count it as a download once it has been sent from its beginning."""
        return await self._answer(request, export_id)

    async def _answer(self, request: web.Request, export_id: str) -> web.StreamResponse:
        jobs = self.jobs(request)
        if request.get(KEY_AUTHENTICATED, False):
            user = self.user(request)
        elif jobs.links.is_valid(export_id, _EXPIRES.text(request), _SIGNATURE.text(request)):
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
        self._file = path
        self._sent = sent

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file, which for this kind of response is a part of preparing it."""
        headers = request.headers.copy()
        if hdrs.IF_RANGE in headers:
            stat = await asyncio.get_running_loop().run_in_executor(None, self._file.stat)
            # The web server knows dates only, to a part of a second that these do not have.
            if not _is_unchanged(request, stat):
                headers.pop(hdrs.RANGE, None)
            del headers[hdrs.IF_RANGE]
        if not _is_one_part(headers.get(hdrs.RANGE, "")):
            headers.pop(hdrs.RANGE, None)
        request = request.clone(headers=headers)
        writer = await super().prepare(request)
        if request.method == hdrs.METH_GET and _from_beginning(self):
            await self._sent()
        return writer


def _is_one_part(asked: str) -> bool:
    """Return whether this asks for one part; all else means the whole, RFC 9110 14.2."""
    part = _PART.fullmatch(asked.strip())
    return part is not None and not (part[2] and int(part[2]) < int(part[1]))


def _is_unchanged(request: web.BaseRequest, stat: os.stat_result) -> bool:
    """Return whether the file is the one that `If-Range` names, whose parts alone fit together."""
    if (moment := request.if_range) is not None:
        # Rounded up, as the web server tells it.
        return math.ceil(stat.st_mtime) == moment.timestamp()
    return request.headers[hdrs.IF_RANGE].strip() == f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


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
