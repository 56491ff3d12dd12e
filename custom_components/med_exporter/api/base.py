"""What all views share: the caller, the body, the query, and errors in the documented shape."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Concatenate, Final

from homeassistant.components.http.auth import SIGN_QUERY_PARAM
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util.json import JSON_DECODE_EXCEPTIONS, json_loads

from ..database import DatabaseUnavailableError
from ..errors import InvalidRequest, MedError
from ..exports.jobs import DATA_JOBS
from ..object_reader import INVALID_REQUEST, shown
from ..rights import Right, require
from .operation import STATUS_OF_CODE, operation_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from aiohttp import web
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..exports.jobs import JobManager
    from .operation import Operation

MAX_BODY_BYTES: Final = 1024 * 1024


class ApiView(HomeAssistantView):
    """What answers at a door; errors have the documented shape, for those who have its right."""

    def __init__(self, right: Right, url: str, name: str) -> None:
        """Answer at a door, which tells who may come, where that is, and what it is called."""
        self.right = right
        self.url = url
        self.name = name

    @staticmethod
    def hass(request: web.Request) -> HomeAssistant:
        """Return Home Assistant."""
        return request.app[KEY_HASS]

    @classmethod
    def jobs(cls, request: web.Request) -> JobManager:
        """Return the file exports."""
        return cls.hass(request).data[DATA_JOBS]

    def require(self, request: web.Request) -> None:
        """Raise NotAllowedError for who may not ask this, before anything else is judged."""
        require(self.right, self.user(request))

    @staticmethod
    def user(request: web.Request) -> User:
        """Return who is logged in."""
        user: User = request[KEY_HASS_USER]
        return user


def answers_errors[V: ApiView, **P](
    handler: Callable[Concatenate[V, web.Request, P], Awaitable[web.StreamResponse]],
) -> Callable[Concatenate[V, web.Request, P], Coroutine[Any, Any, web.StreamResponse]]:
    """Judge the caller's right, then let him be answered.

    Errors of this integration are answered as `{"detail", "error_code", "message", "field"}`.
    """

    @functools.wraps(handler)
    async def handle(
        view: V, request: web.Request, /, *args: P.args, **kwargs: P.kwargs
    ) -> web.StreamResponse:
        try:
            if view.right is not Right.LINK:
                view.require(request)
                _refuse_unknown(operation_of(handle), request)
            return await handler(view, request, *args, **kwargs)
        except MedError as err:
            status = STATUS_OF_CODE.get(err.code, HTTPStatus.BAD_REQUEST)
            return view.json(_error(err.code, str(err), err.field), status)
        except DatabaseUnavailableError as err:
            code = "HISTORY_UNAVAILABLE"
            return view.json(_error(code, str(err), None), STATUS_OF_CODE[code])

    return handle


def _refuse_unknown(operation: Operation | None, request: web.Request) -> None:
    """Refuse a parameter that would be ignored. Those of a link are whatever it went through."""
    if operation is None:
        return
    known = {SIGN_QUERY_PARAM, *(one.name for one in operation.query)}
    for name in request.query:
        if name not in known:
            raise InvalidRequest(INVALID_REQUEST, "unknown_field", field=shown(name))


async def read_body(request: web.Request) -> object:
    """Return the body as JSON, whatever its content type says.

    Raises InvalidRequest with BODY_TOO_LARGE past 1 MB and INVALID_JSON.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise InvalidRequest("BODY_TOO_LARGE", "body_too_large", limit=MAX_BODY_BYTES)
    try:
        return json_loads(bytes(body))
    except JSON_DECODE_EXCEPTIONS as err:
        raise InvalidRequest("INVALID_JSON", "invalid_json") from err


def _error(code: str, message: str, field: str | None) -> dict[str, str | None]:
    detail = code.replace("_", " ").capitalize()
    return {"detail": detail, "error_code": code, "message": message, "field": field}
