"""A zip that is written straight through to the file, with nothing beside it on the disk."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from ..errors import ErrorCode, ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .format import Stream

# Half the time of the usual level, for files that are a few percent larger.
_LEVEL = 4
# More needs the 64 bit form of zip, which some spreadsheets cannot read from a stream.
_MOST_BYTES = 2**31 - 1


class Archive:
    """A zip that grows entry after entry.

    Attributes:
        zip: for small entries.

    """

    def __init__(self, stream: Stream) -> None:
        self._sink = _Sink(stream)
        self.zip = zipfile.ZipFile(
            cast(IO[bytes], self._sink), "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL
        )

    @contextmanager
    def entry(self, name: str) -> Iterator[Stream]:
        """Open an entry to be written piece by piece.

        Args:
            name: with its folders.

        Raises:
            ExportError: `FILE_TOO_LARGE`: it has 2 GiB or more before compression.

        """
        with self.zip.open(name, "w") as file:
            try:
                yield _Entry(file)
            except BaseException:
                self.abandon()
                raise

    def abandon(self) -> None:
        """Let nothing more through, though closing still writes: the file is thrown away."""
        self._sink.open = False


@contextmanager
def open_archive(stream: Stream) -> Iterator[Archive]:
    """Open a zip that is whole when the context ends without an error.

    Args:
        stream: takes the bytes.

    """
    archive = Archive(stream)
    try:
        yield archive
    except BaseException:
        archive.abandon()
        raise
    finally:
        archive.zip.close()


class _Sink:
    """What zipfile writes into: it can only go forward."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.open = True

    def write(self, data: bytes) -> int:
        return self._stream.write(bytes(data)) if self.open else len(data)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""


class _Entry:
    """An entry that does not outgrow what a zip can say."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _MOST_BYTES

    def write(self, data: bytes, /) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise ExportError(ErrorCode.FILE_TOO_LARGE, "A table is larger than a zip can hold")
        return self._file.write(data)
