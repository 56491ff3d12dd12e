"""JSON: `{"metadata": {…}, "data": […]}`, one key per table when there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ...readings.fields import Kind
from ...rows.time_text import TimeText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...job import Job
    from ...rows.content import Content
    from ...rows.tables import Table
    from ..format import Stream


def write(content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]) -> None:
    """Write the tables as UTF-8 JSON.

    Args:
        content: its tables, read once.
        stream: takes the bytes.
        job: gives the time zone.
        metadata: plain JSON values.

    """
    stream.write(b'{"metadata":' + orjson.dumps(metadata))
    for table in content.tables:
        key = "data" if len(content.tables) == 1 else table.name
        stream.write(b"," + orjson.dumps(key) + b":[")
        separator = b"\n"
        for rows in records(table, job):
            stream.write(separator + orjson.dumps(rows)[1:-1])
            separator = b",\n"
        stream.write(b"\n]")
    stream.write(b"}\n")


def records(table: Table, job: Job) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table in chunks, as JSON shows them.

    Args:
        table: read once.
        job: gives the time zone.

    """
    time_text = TimeText(job.zone())
    names = [column.name for column in table.columns]
    for chunk in table.chunks:
        shown = [
            time_text.iso(values) if column.kind is Kind.TIME else values
            for column, values in zip(table.columns, chunk, strict=True)
        ]
        yield [dict(zip(names, row, strict=True)) for row in zip(*shown, strict=True)]
