"""A file that may not grow further fails with a clear error and leaves nothing."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.output import OutputFile
from custom_components.med_exporter.engine.rows.content import Content

from .documents import METADATA, job, readings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("tables", [1, 2])
@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_that_grows_too_large(tmp_path, file_format, tables):
    content = Content(tables=[readings(2000) for _ in range(tables)])

    def write() -> None:
        with OutputFile(str(tmp_path / "x"), compression=False, max_bytes=10_000) as output:
            FORMATS[file_format].writer().write(content, output, job(file_format), METADATA)
            output.finish()

    with pytest.raises(ExportError) as failed:
        write()
    assert failed.value.code is ErrorCode.FILE_TOO_LARGE
    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let the system refuse to make any file larger, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("tables", [1, 2])
@pytest.mark.parametrize("file_format", FORMATS)
def test_a_disk_that_takes_no_more(tmp_path, file_format, tables):
    content = Content(tables=[readings(2000) for _ in range(tables)])

    def write() -> None:
        with OutputFile(str(tmp_path / "x"), compression=False, max_bytes=2**30) as output:
            FORMATS[file_format].writer().write(content, output, job(file_format), METADATA)
            output.finish()

    with files_end_at(10_000), pytest.raises(OSError, match="too large"):
        write()
    assert list(tmp_path.iterdir()) == []
