"""Writes lines with bars."""

from __future__ import annotations


def write(content, stream, job, metadata):
    del metadata
    for table in content.tables:
        names = [column.name for column in table.columns]
        stream.write(f"{'|'.join(names)} in {job.options.locale}\n".encode())
        for chunk in table.chunks:
            for row in zip(*chunk, strict=True):
                stream.write(("|".join(map(str, row)) + "\n").encode())
