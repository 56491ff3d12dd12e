"""The first rows of an export that is not made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import INVALID_DATE_RANGE, InvalidRequest
from ..exports.preview import DEFAULT_LIMIT, MAX_LIMIT, async_preview
from ..object_reader import INVALID_REQUEST, shown
from ..rights import Right, require_export_type
from .base import ApiView, answers_errors, read_number

if TYPE_CHECKING:
    from aiohttp import web

_LISTS: Final = ("devices", "fields")
_TEXTS: Final = ("export_type", "start", "end", "preset", "aggregation")


class PreviewView(ApiView):
    """A look at the rows before asking for a file."""

    right = Right.USER
    url = "/api/exports/preview"
    name = "api:med_exporter:exports:preview"

    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """Answer the first rows, and about how many there would be."""
        require_export_type(self.user(request), dict(request.query))
        asked = _asked(request)
        asked["limit"] = read_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
        try:
            answer = await async_preview(self.hass(request), asked, self.user(request))
        except InvalidRequest as err:
            # The query has no object around its dates.
            if err.code == INVALID_DATE_RANGE and err.field is not None:
                moved = err.field.removeprefix("date_range.")
                raise err.at("start" if moved == "date_range" else moved) from err
            raise
        return self.json(answer)


def _asked(request: web.Request) -> dict[str, Any]:
    """Return the query as an object; lists are separated by commas or given again and again."""
    asked: dict[str, Any] = {}
    for name in request.query:
        values = request.query.getall(name)
        if name in _LISTS:
            items = [item.strip() for value in values for item in value.split(",") if item.strip()]
            asked[name] = "all" if name == "devices" and items == ["all"] else items
        elif name in _TEXTS:
            if len(values) > 1:
                raise InvalidRequest(INVALID_REQUEST, "given_twice", field=name, value=name)
            asked[name] = values[0]
        elif name != "limit":
            raise InvalidRequest(INVALID_REQUEST, "unknown_field", field=shown(name))
    return asked
