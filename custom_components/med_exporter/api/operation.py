"""What a request to a view may be, and how it may be answered, beside the method that answers it.

The published description is made of these records, and so are the tests that hold answers to it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .query import Text

STATUS_OF_CODE: Final = {
    "NOT_ALLOWED": HTTPStatus.FORBIDDEN,
    "EXPORT_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "DESTINATION_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "SCHEDULE_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "AMBIGUOUS_DESTINATION": HTTPStatus.CONFLICT,
    "ALREADY_RUNNING": HTTPStatus.CONFLICT,
    "DESTINATION_NOT_LOADED": HTTPStatus.CONFLICT,
    "EXPORT_NOT_READY": HTTPStatus.CONFLICT,
    "EXPORT_FINISHED": HTTPStatus.CONFLICT,
    "EXPORT_EXPIRED": HTTPStatus.GONE,
    "BODY_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "HISTORY_UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "TOO_MANY_FILES": HTTPStatus.INSUFFICIENT_STORAGE,
    "NOT_STORED": HTTPStatus.INSUFFICIENT_STORAGE,
    "TOO_MANY_EXPORTS": HTTPStatus.TOO_MANY_REQUESTS,
}
"""Codes of errors that are not answered with 400."""

HISTORY: Final = ("HISTORY_UNAVAILABLE",)
FILE: Final = (
    "INVALID_DATE_RANGE",
    "INVALID_FORMULA",
    "INVALID_VALUE",
    "NOT_APPLICABLE",
    "UNKNOWN_DEVICE",
    "UNKNOWN_FIELD",
    "UNKNOWN_METERING_POINT",
    "AMBIGUOUS_DEVICE",
    "SEVERAL_CURRENCIES",
)
"""What may be wrong with the request of a file."""
QUEUE: Final = (
    *HISTORY,
    "NOT_STORED",
    "TOO_MANY_EXPORTS",
    "TOO_MANY_FILES",
    "TOO_MANY_PDF_ROWS",
)
"""Why a file that could be made is not begun."""
DELIVERY: Final = (
    "FOLDER_NOT_ALLOWED",
    "FOLDER_NOT_WRITABLE",
    "GROWING_TEMPLATE",
    "HEAVY_TEMPLATE",
    "INVALID_TEMPLATE",
    "NO_ACCOUNT",
    "SEVERAL_ACCOUNTS",
    "UNKNOWN_ACCOUNT",
    "UNKNOWN_TARGET",
)
"""What may be wrong with a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of a view; what it does is the first line of its docstring.

    Attributes:
        answers: status → name of what is answered with it, None for nothing, of the schemas that
            `description` has; `FILE_ITSELF` for a file.
        body: name of what the request holds, None for nothing.
        needs_body: whether it may not be left out.
        is_of_settings: whether it may be refused with any code of a destination's settings.
        query: its parameters.
        errors: codes that may be answered, beside those of its right, its body and its query.
        may_be_refused: statuses that the web server answers by itself, without a code.

    """

    answers: Mapping[HTTPStatus, str | None]
    body: str | None = None
    needs_body: bool = True
    is_of_settings: bool = False
    query: tuple[Text, ...] = ()
    errors: tuple[str, ...] = ()
    may_be_refused: tuple[HTTPStatus, ...] = ()

    def codes(self, *, has_right: bool) -> set[str]:
        """Return all codes of errors; `has_right` tells whether not everyone may come in."""
        found = set(self.errors)
        if self.body is not None:
            found |= {"BODY_TOO_LARGE", "INVALID_JSON", "INVALID_REQUEST"}
        if self.query:
            found |= {"INVALID_REQUEST", "INVALID_VALUE"}
        if has_right:
            found.add("NOT_ALLOWED")
        return found


FILE_ITSELF: Final = "file"


def described[H: Callable[..., object]](operation: Operation) -> Callable[[H], H]:
    """Note on a method of a view what `operation_of` gives."""

    def note(handler: H) -> H:
        handler.operation = operation  # type: ignore[attr-defined]
        return handler

    return note


def operation_of(handler: object) -> Operation | None:
    """Return what is noted on a method of a view, None where nothing is."""
    found: Operation | None = getattr(handler, "operation", None)
    return found
