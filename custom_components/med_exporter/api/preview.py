"""The first rows of an export that is not made."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ..engine.errors import ErrorCode
from ..engine.export_types import EXPORT_TYPES
from ..engine.job import AGGREGATIONS
from ..errors import INVALID_DATE_RANGE, InvalidRequest
from ..exports.choosing import require_export_type
from ..exports.date_range import PRESETS
from ..exports.preview import DEFAULT_LIMIT, MAX_LIMIT, async_preview
from .base import ApiView, answers_errors
from .operation import FILE, HISTORY, Operation, described
from .query import Number, Text, Texts

if TYPE_CHECKING:
    from aiohttp import web

_LISTS: Final = (Texts("devices"), Texts("fields"))
_TEXTS: Final = (
    Text("export_type", tuple(one.id for one in EXPORT_TYPES.values() if one.has_preview)),
    Text("start"),
    Text("end"),
    Text("preset", PRESETS),
    Text("aggregation", AGGREGATIONS),
)
_LIMIT: Final = Number("limit", default=DEFAULT_LIMIT, low=1, high=MAX_LIMIT)
_QUERY: Final = (*_TEXTS, *_LISTS, _LIMIT)


class PreviewView(ApiView):
    """A look at the rows before asking for a file."""

    def require(self, request: web.Request) -> None:
        """Raise NotAllowedError also for an export type that is not for the caller."""
        super().require(request)
        require_export_type(self.user(request), dict(request.query))

    @described(
        Operation(
            query=_QUERY,
            answers={HTTPStatus.OK: "Preview"},
            errors=(
                *FILE,
                *HISTORY,
                *ErrorCode,
                "NOT_ALLOWED",
                "NOT_SUPPORTED",
                "TOO_MANY_EXPORTS",
            ),
        )
    )
    @answers_errors
    async def get(self, request: web.Request) -> web.Response:
        """Answer the first rows, and about how many there would be."""
        asked = _asked(request)
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
    asked: dict[str, Any] = {
        **{one.name: one.text(request) for one in _TEXTS},
        **{one.name: one.read(request) for one in _LISTS},
        _LIMIT.name: _LIMIT.read(request),
    }
    if asked["devices"] == ["all"]:
        asked["devices"] = "all"
    return asked
