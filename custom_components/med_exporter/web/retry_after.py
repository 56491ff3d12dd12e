"""When a web server wants to be asked again."""

from __future__ import annotations

from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_MOST: Final = timedelta(days=1)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long `Retry-After` asks to wait: seconds or an HTTP date (RFC 9110, 10.2.3).

    A date is one of the server's clock, which `Date` tells, too. None for no header and for one
    that says nothing. A day at most: more is a mistake.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        # Longer numbers are not worth the arithmetic.
        seconds = int(text) if len(text) < 10 else _MOST.total_seconds()
        return min(timedelta(seconds=seconds), _MOST)
    until = _date(text)
    if until is None:
        return None
    wait = until - (_date(headers.get("Date", "")) or dt_util.utcnow())
    return min(wait, _MOST) if wait > timedelta(0) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
