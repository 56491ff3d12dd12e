"""Where another Home Assistant is, as its users type or paste it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

# Its pages, of which a browser shows the address, and where it answers programs. Whatever stands
# before them, as where a proxy has its place, is part of the address.
_PAGES: Final = (
    r"api|auth|calendar|config|dashboard-[^/]*|developer-tools|(energy|home)/overview|history|"
    r"logbook|lovelace[^/]*|map|media-browser|profile|todo"
)
# Pages whose names a proxy may have given its place, too.
_PLACES: Final = "climate|energy|home|light|security"
_BEHIND_PROXY: Final = re.compile(rf"/({_PAGES})(/.*)?$")
_ITSELF: Final = re.compile(rf"/({_PAGES}|{_PLACES})(/.*)?$")
_OWN_PORT: Final = 8123


def base_url(typed: str) -> str:
    """Return Home Assistant's own address from what a user typed or pasted out of a browser.

    What may be a page or the place of a proxy is a page only at Home Assistant's own port.

    Raises ValueError for what is no address.
    """
    parts = urlsplit(typed)
    pages = _ITSELF if parts.port == _OWN_PORT else _BEHIND_PROXY
    path = pages.sub("", parts.path)
    is_page = path != parts.path
    query, fragment = ("", "") if is_page else (parts.query, parts.fragment)
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))
