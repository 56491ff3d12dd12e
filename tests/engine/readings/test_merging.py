"""Streams by time become one, and of one moment the first stream's come first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.readings.merging import merged

STREAMS = st.lists(
    st.tuples(st.lists(st.integers(0, 9)).map(sorted), st.lists(st.integers(0, 4))), max_size=4
)


def pages(items, cuts):
    for cut in cuts:
        yield items[:cut]
        items = items[cut:]
    yield items


@given(STREAMS)
def test_all_come_in_order_however_they_are_cut(streams):
    items = [
        [(moment, place, count) for count, moment in enumerate(moments)]
        for place, (moments, _) in enumerate(streams)
    ]
    blocks = list(
        merged([pages(some, cuts) for some, (_, cuts) in zip(items, streams, strict=True)])
    )
    assert all(blocks)
    assert [item for block in blocks for item in block] == sorted(
        item for some in items for item in some
    )
