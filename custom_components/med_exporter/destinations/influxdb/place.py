"""Where points go: a server, and a place on it."""

from __future__ import annotations

from dataclasses import field

from ...engine.lazy_dataclass import dataclass
from ..databases.server import DatabaseServer


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxPlace(DatabaseServer):
    """A database or a bucket of a server.

    Attributes:
        version: 1, 2 or 3.
        database: what holds the points: a database of versions 1 and 3, a bucket of version 2.
        organisation: of version 2.
        token: of versions 2 and 3, None where version 3 asks for none.

    """

    version: int
    database: str
    organisation: str = ""
    token: str | None = field(default=None, repr=False)
