"""The file of an export: whole under its own name, or not there at all."""

from __future__ import annotations

import gzip
import hashlib
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .errors import ErrorCode, ExportError

if TYPE_CHECKING:
    from types import TracebackType

PART_SUFFIX = ".part"
"""Behind the final name: the file while it is being written."""
SPOOL_SUFFIX = ".tmp.sqlite"
"""Behind the final name: the temporary SQLite file."""

_GZIP_LEVEL = 6


def part_path(path: str) -> Path:
    """Return where a file is written before it is whole."""
    return Path(path + PART_SUFFIX)


def spool_path(path: str) -> Path:
    """Return where the temporary SQLite file of an export lies."""
    return Path(path + SPOOL_SUFFIX)


def remove_unfinished(path: str) -> None:
    """Remove what an export that did not end well leaves beside its final file."""
    for leftover in (part_path(path), spool_path(path), Path(f"{spool_path(path)}-journal")):
        with suppress(OSError):
            leftover.unlink()


class OutputFile:
    """A context in which a file is written; only `finish` gives it its name.

    Args:
        path: the final file; replaced when it exists.
        compression: whether to write gzip.
        max_bytes: on disk.

    """

    def __init__(self, path: str, *, compression: bool, max_bytes: int) -> None:
        self._path = Path(path)
        self._part = part_path(path)
        self._compression = compression
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._stack = ExitStack()
        self.size = 0
        """Bytes on disk."""

    def __enter__(self) -> Self:
        self._part.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        self._file = self._stack.enter_context(
            open(os.open(self._part, flags, 0o600), "wb", buffering=0)  # noqa: PTH123  # a descriptor
        )
        self._gzip: gzip.GzipFile | None = None
        if self._compression:
            self._gzip = self._stack.enter_context(
                gzip.GzipFile("", "wb", _GZIP_LEVEL, _Sink(self), mtime=0)
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing writes what gzip still holds; the disk may be full, and the first error counts.
        with suppress(OSError, ExportError):
            self._stack.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def write(self, data: bytes, /) -> int:
        """Take some bytes of content.

        Raises:
            ExportError: `FILE_TOO_LARGE`.
            OSError: the disk refuses.

        """
        return self.store(data) if self._gzip is None else self._gzip.write(data)

    def store(self, data: bytes) -> int:
        """Put bytes on the disk as they are."""
        if self.size + len(data) > self._max_bytes:
            raise ExportError(
                ErrorCode.FILE_TOO_LARGE, f"The file would be larger than {self._max_bytes} bytes"
            )
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def finish(self) -> str:
        """Bring everything onto the disk, give the file its name, return its SHA-256.

        Raises:
            ExportError: `FILE_TOO_LARGE`.
            OSError: the disk refuses.

        """
        if self._gzip is not None:
            self._gzip.close()
        os.fsync(self._file.fileno())
        self._part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._hash.hexdigest()


class _Sink:
    """What gzip writes into."""

    def __init__(self, output: OutputFile) -> None:
        self._output = output

    def write(self, data: bytes) -> int:
        return self._output.store(bytes(data))

    def flush(self) -> None:
        """Do nothing: nothing is held back."""
