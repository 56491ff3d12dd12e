"""What a file format is: a record that everyone may ask, and a writer that only a job loads."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..job import Job
    from ..rows.content import Content


class Stream(Protocol):
    """Where a writer puts its bytes."""

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""
        ...


class Writer(Protocol):
    """What the module `writer` in a format's folder offers."""

    def write(
        self, content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]
    ) -> None:
        """Write all tables, reading their chunks once and holding one chunk at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Package:
    """What a file is to whoever receives it.

    Attributes:
        extension: with its dot.
        mime_type: of the file without compression.
        compressible: whether gzip around it makes sense.

    """

    extension: str
    mime_type: str
    compressible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format.

    Attributes:
        id: as in requests.
        name: for people.
        description: for people.
        folder: dotted name of the package whose module `writer` writes the file.
        single: the file of an export with one table.
        several: the file of an export with more tables, or with none.
        options: the presentation options that can act in this format; others are to be refused.
        document: whether people read it: figures and charts have a place in it, and its words are
            in the reader's language.
        charts: a document: whether it shows charts when nothing is said.
        on_pages: whether it is laid out on pages, of which there may not be too many.

    """

    id: str
    name: str
    description: str
    folder: str
    single: Package
    several: Package
    options: frozenset[str]
    document: bool = False
    charts: bool = False
    on_pages: bool = False

    def package(self, tables: int) -> Package:
        """Return what the file is when it holds so many tables."""
        return self.single if tables == 1 else self.several

    def writer(self) -> Writer:
        """Load the writer, and only its libraries."""
        return cast(Writer, import_module(f"{self.folder}.writer"))
