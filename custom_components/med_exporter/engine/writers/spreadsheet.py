"""What CSV and Excel have in common: both are opened by spreadsheets."""

from __future__ import annotations

import re

UTC_OFFSET = "utc_offset"
"""The column beside a local time, without which a repeated hour would be ambiguous."""

_FORMULA_STARTS = frozenset("=+-@\t\r")
# Narrower than float(), which takes "-inf" and "+1_000"; a spreadsheet looks those up as names.
_NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def neutral(text: str | None) -> str | None:
    """Keep a spreadsheet from taking a text for a formula.

    An apostrophe in front says "text" to every spreadsheet; a text that is a number stays as it is.
    """
    if not text or text[0] not in _FORMULA_STARTS:
        return text
    return text if _NUMBER.fullmatch(text) else f"'{text}"


def offset_text(offset: str | None) -> str | None:
    """Return an offset such as +01:00 as it stands in a cell: bare, it begins like a formula."""
    return None if offset is None else f"UTC{offset}"
