"""The writers: one module per file format, each with `write(content, stream, job, metadata)`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..content import Content
    from ..job import Job


class Stream(Protocol):
    """Where a writer puts its bytes."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""
        ...


class Writer(Protocol):
    """What a module of this package offers."""

    def write(
        self, content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]
    ) -> None:
        """Write all tables, reading their chunks once and holding one chunk at a time."""
        ...


def writer_for(file_format: str) -> Writer:
    """Load the writer of a format, and only its libraries."""
    return cast(Writer, import_module(f".{FORMATS[file_format].writer}", __package__))
