"""Where another Home Assistant is, as its users type or paste it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

# Its pages, of which a browser shows the address, and where it answers programs. Whatever stands
# before them, as where a proxy has its place, is part of the address.
_PAGES: Final = re.compile(
    r"/(api|auth|calendar|config|dashboard-[^/]*|developer-tools|energy|history|home|light|logbook|"
    r"lovelace[^/]*|map|media-browser|profile|security|todo)(/.*)?$"
)


def base_url(typed: str) -> str:
    """Return Home Assistant's own address from what a user typed or pasted out of a browser.

    Raises ValueError for what is no address.
    """
    parts = urlsplit(typed)
    path = _PAGES.sub("", parts.path)
    is_page = path != parts.path
    query, fragment = ("", "") if is_page else (parts.query, parts.fragment)
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))
