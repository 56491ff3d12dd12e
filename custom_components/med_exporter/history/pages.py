"""How lists are asked for by the page, at every door."""

from __future__ import annotations

from typing import Any, Final

import voluptuous as vol

from ..object_reader import NotANumberError, typed_whole

MOST: Final = 100
"""How many a page has at most."""

FURTHEST: Final = 10**9
"""How many may come before it: more than any database takes for a number is none."""


def _whole(value: object) -> int:
    try:
        return typed_whole(value)
    except NotANumberError as err:
        raise vol.Invalid("expected int") from err


PAGE_FIELDS: Final[dict[vol.Marker, Any]] = {
    vol.Optional("limit", default=50): vol.All(_whole, vol.Range(min=1, max=MOST)),
    vol.Optional("offset", default=0): vol.All(_whole, vol.Range(min=0, max=FURTHEST)),
}
"""Fields of an action that answers by the page."""
