"""Labels that a user adds to all that goes to a database: read, checked, and sorted by name."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from homeassistant.helpers.selector import TextSelector

# The data model of Prometheus; what begins with two underscores is the server's own.
_LABEL_NAME: Final = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
RESERVED_LABELS: Final = frozenset({"pdl", "type", "destination", "status"})
"""The labels that the exporter sets itself."""
# A server cuts longer values off, and leaves out labels beyond the thirtieth.
_LONGEST_NAME: Final = 128
_LONGEST_VALUE: Final = 512
_MOST_LABELS: Final = 20


class InvalidLabelsError(ValueError):
    """Labels that no series can have; `code` is the key of the error below `config.error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def labels_from(text: str | None) -> dict[str, str]:
    """Return the user's labels, sorted by name. Raises InvalidLabelsError."""
    if not text:
        return {}
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as err:
        raise InvalidLabelsError("labels_not_json") from err
    if not isinstance(pairs, _Pairs):
        raise InvalidLabelsError("labels_not_object")
    labels = dict(pairs)
    if len(labels) < len(pairs):
        raise InvalidLabelsError("labels_repeated")
    if len(labels) > _MOST_LABELS:
        raise InvalidLabelsError("labels_too_many")
    for name, value in labels.items():
        if name in RESERVED_LABELS or name.startswith("__"):
            raise InvalidLabelsError("labels_reserved")
        if not _LABEL_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise InvalidLabelsError("labels_name")
        if not isinstance(value, str) or not _is_value(value):
            raise InvalidLabelsError("labels_value")
    return dict(sorted(labels.items()))


class LabelsSelector(TextSelector):
    """JSON text; the HTTP API may give the object itself."""

    def __call__(self, data: object) -> str | list[str]:
        """Return the text."""
        return super().__call__(json.dumps(data) if isinstance(data, dict) else data)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, with names that come twice."""


def _is_value(value: str) -> bool:
    """Return whether a server keeps a value as it is: an empty one is none."""
    try:
        return 0 < len(value.encode()) <= _LONGEST_VALUE
    except UnicodeEncodeError:
        return False
