"""The file is whole under its own name, or not there."""

from __future__ import annotations

import gzip
import hashlib
import stat

import pytest

from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.output import (
    OutputFile,
    part_path,
    remove_unfinished,
    spool_path,
)


def test_the_file_appears_when_it_is_whole_and_is_its_owners_only(tmp_path):
    path = tmp_path / "x.csv"
    with OutputFile(str(path), compression=False, max_bytes=100) as output:
        output.write(b"hello ")
        output.write(b"world")
        assert not path.exists()
        assert stat.S_IMODE(part_path(str(path)).stat().st_mode) == 0o600
        digest = output.finish()
    assert path.read_bytes() == b"hello world"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (digest, output.size) == (hashlib.sha256(b"hello world").hexdigest(), 11)
    assert list(tmp_path.iterdir()) == [path]


def test_size_and_digest_are_those_of_the_compressed_file(tmp_path):
    path = tmp_path / "x.gz"
    with OutputFile(str(path), compression=True, max_bytes=1000) as output:
        output.write(b"a" * 100_000)
        digest = output.finish()
    assert gzip.decompress(path.read_bytes()) == b"a" * 100_000
    assert output.size == path.stat().st_size < 1000
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_content_gives_the_same_compressed_bytes(tmp_path):
    digests = set()
    for name in ("a.gz", "b.gz"):
        with OutputFile(str(tmp_path / name), compression=True, max_bytes=1000) as output:
            output.write(b"content")
            digests.add(output.finish())
    assert len(digests) == 1


@pytest.mark.parametrize("compression", [False, True])
def test_an_error_leaves_nothing(tmp_path, compression):
    def fail():
        with OutputFile(str(tmp_path / "x"), compression=compression, max_bytes=100) as output:
            output.write(b"hello")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_file_not_finished_is_not_there(tmp_path):
    with OutputFile(str(tmp_path / "x"), compression=False, max_bytes=100) as output:
        output.write(b"hello")
    assert list(tmp_path.iterdir()) == []


def test_a_byte_too_many_fails(tmp_path):
    with OutputFile(str(tmp_path / "x"), compression=False, max_bytes=5) as output:
        output.write(b"hello")
        with pytest.raises(ExportError) as failed:
            output.write(b"!")
    assert failed.value.code is ErrorCode.FILE_TOO_LARGE


def test_what_an_earlier_run_left_is_in_nobodys_way(tmp_path):
    path = str(tmp_path / "x")
    part_path(path).write_bytes(b"old")
    with OutputFile(path, compression=False, max_bytes=5) as output:
        output.write(b"new")
        output.finish()
    assert (tmp_path / "x").read_bytes() == b"new"


def test_unfinished_files_are_removed_by_name_and_finished_ones_stay(tmp_path):
    path = str(tmp_path / "x")
    for leftover in (part_path(path), spool_path(path), tmp_path / "x"):
        leftover.touch()
    remove_unfinished(path)
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]
