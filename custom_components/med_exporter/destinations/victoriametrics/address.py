"""The address of a VictoriaMetrics server, of one machine or of a cluster."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

# What may be behind the server's address when it is copied from a browser or another program.
_BEHIND: Final = re.compile(r"/(api/v1(/.*)?|vmui(/.*)?|health|metrics)?$")
_CLUSTER: Final = re.compile(
    r"(?P<prefix>.*)/(insert|select)/(?P<account>\d+(:\d+)?|multitenant)(/prometheus)?$"
)
# Where the two doors of a cluster listen when nothing stands before them.
_INSERT_PORT: Final = 8480
_SELECT_PORT: Final = 8481


def base_url(url: str) -> str:
    """Return an address without what users copy along: `/api/v1/import`, `/vmui` and the like.

    `/insert/0` and `/select/0/prometheus` of a cluster become `/insert/0/prometheus`. Raises
    ValueError for what is no address.
    """
    parts = urlsplit(url)
    if not parts.netloc:
        return url
    path = _BEHIND.sub("", parts.path.rstrip("/")).rstrip("/")
    if (cluster := _CLUSTER.match(path)) is not None:
        path = f"{cluster['prefix']}/insert/{cluster['account']}/prometheus"
    query = "" if "/vmui" in parts.path else parts.query
    return urlunsplit((parts.scheme, parts.netloc.lower(), path, query, ""))


def reading_url(base: str) -> str:
    """Return the address where that which is written at a base address is read.

    They are the same, but for a cluster: `/select/…` instead of `/insert/…`, and its own port
    where nothing stands before the cluster's two doors.
    """
    parts = urlsplit(base)
    if (cluster := _CLUSTER.match(parts.path)) is None:
        return base
    netloc = parts.netloc
    if parts.port == _INSERT_PORT:
        netloc = netloc.replace(f":{_INSERT_PORT}", f":{_SELECT_PORT}")
    path = f"{cluster['prefix']}/select/{cluster['account']}/prometheus"
    return urlunsplit((parts.scheme, netloc, path, "", ""))
