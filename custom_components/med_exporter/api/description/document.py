"""The description as a whole, as OpenAPI 3.1 has it."""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ...engine.formats import FORMATS
from ...rights import Right
from ..operation import FILE_ITSELF, STATUS_OF_CODE, operation_of
from .answers import answer_schemas
from .destinations import destination_schemas
from .requests import request_schemas
from .shapes import TEXT, named, one_of, or_null, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base import ApiView
    from ..operation import Operation
    from .shapes import Shape

_METHODS: Final = ("get", "head", "post", "put", "delete", "patch")
_PARAMETER: Final = re.compile(r"{(\w+)}")
_TOKEN: Final = "token"  # noqa: S105
_ID: Final[Shape] = {**TEXT, "format": "uuid"}
_NAMES: Final[dict[str, Shape]] = {
    "destination": {**TEXT, "pattern": "^[^/]+$", "description": "A type, an id or a name."}
}
"""What stands in an address and is no id."""


def openapi(views: Iterable[ApiView]) -> dict[str, Any]:
    """Return the description of those methods of views that have an `Operation`."""
    paths: dict[str, dict[str, Any]] = {}
    for view in views:
        for method in _METHODS:
            handler = getattr(view, method, None)
            if (operation := operation_of(handler)) is not None:
                paths.setdefault(view.url or "", {})[method] = {
                    "summary": _first_line(view),
                    "description": _first_line(handler),
                    **_operation(view, method, operation),
                }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MED Exporter",
            "version": "1",
            "description": "Files of readings, costs and reports, and exports to destinations.",
        },
        "security": [{_TOKEN: []}],
        "paths": paths,
        "components": {
            "securitySchemes": {_TOKEN: {"type": "http", "scheme": "bearer"}},
            "schemas": {**request_schemas(), **answer_schemas(), **destination_schemas()},
        },
    }


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _operation(view: ApiView, method: str, operation: Operation) -> dict[str, Any]:
    where = str(getattr(view, "name", "")).removeprefix("api:med_exporter:").replace(":", "_")
    found: dict[str, Any] = {
        "operationId": f"{method}_{where}",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _NAMES.get(name, _ID)}
            for name in _PARAMETER.findall(view.url or "")
        ]
        + [
            {"name": one.name, "in": "query", "required": False, "schema": one.schema()}
            for one in operation.query
        ],
        "responses": _responses(view, operation, has_body=method != "head"),
    }
    if operation.body is not None:
        found["requestBody"] = {
            "required": operation.needs_body,
            "content": _json(named(operation.body)),
        }
    if view.right is Right.LINK:
        found["security"] = [{_TOKEN: []}, {}]
    return found


def _responses(view: ApiView, operation: Operation, *, has_body: bool) -> dict[str, Any]:
    codes = operation.codes(has_right=view.right is Right.ADMINISTRATOR)
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(STATUS_OF_CODE.get(code, HTTPStatus.BAD_REQUEST), []).append(code)
    found: dict[HTTPStatus, dict[str, Any]] = {
        status: {} if name is None else _answer(name) for status, name in operation.answers.items()
    }
    found |= {status: _json(_error(one_of(codes))) for status, codes in by_status.items()}
    if operation.is_of_settings:
        found[HTTPStatus.BAD_REQUEST] = _json(_error({**TEXT, "pattern": "^[A-Z][A-Z_]+$"}))
    # Home Assistant's own words, for who is nobody, and for an address that none would write.
    for status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, *operation.may_be_refused):
        found[status] = {**found.get(status, {}), "text/plain": {"schema": TEXT}}
    return {
        str(status.value): {
            "description": status.phrase,
            **({"content": content} if content and has_body else {}),
        }
        for status, content in sorted(found.items())
    }


def _answer(name: str) -> dict[str, Any]:
    if name != FILE_ITSELF:
        return _json(named(name))
    packages = [one for file in FORMATS.values() for one in (file.single, file.several)]
    types = {"application/gzip", "application/octet-stream", *(one.mime_type for one in packages)}
    return {one: {} for one in sorted(types)}


def _error(code: Shape) -> Shape:
    return told({"detail": TEXT, "error_code": code, "message": TEXT, "field": or_null(TEXT)})


def _json(shape: Shape) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}
