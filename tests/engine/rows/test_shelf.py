"""Rows that wait are those that were put, in pieces of the size that is wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.rows import shelf as module
from custom_components.med_exporter.engine.rows.shelf import Shelf

VALUES = st.none() | st.floats(allow_nan=False) | st.integers(-(2**70), 2**70) | st.text(max_size=5)


@given(st.lists(st.lists(st.tuples(VALUES, VALUES), max_size=9)), st.integers(1, 7))
def test_rows_are_taken_as_they_were_put_and_as_often_as_wanted(parts, size):
    shelf = Shelf(size)
    for part in parts:
        shelf.put(part)
    rows = [row for part in parts for row in part]
    assert shelf.count == len(rows)
    for _ in range(2):
        pieces = [list(zip(*columns, strict=True)) for columns in shelf.take()]
        assert [row for piece in pieces for row in piece] == rows
        assert {len(piece) for piece in pieces[:-1]} <= {size}


def test_many_rows_wait_on_the_disk_in_the_folder_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_IN_MEMORY", 10)
    shelf = Shelf(2, tmp_path)
    shelf.put([(1.5, None), (2.5, "x")])
    assert shelf._file._rolled
    assert list(shelf.take()) == [[(1.5, 2.5), (None, "x")]]
    assert list(tmp_path.iterdir()) == []
