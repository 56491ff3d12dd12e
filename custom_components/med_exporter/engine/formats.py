"""The file formats that exist; importing this loads none of their libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .writers import csv, excel, json, pdf

if TYPE_CHECKING:
    from .writers.format import Format

FORMATS: dict[str, Format] = {
    folder.FORMAT.id: folder.FORMAT
    # A new format is its folder here.
    for folder in (csv, json, excel, pdf)
}


def mime_type_of(extension: str) -> str | None:
    """Return the MIME type of a file that a format makes, gzip aside; None for any other.

    Args:
        extension: with its dot.

    """
    packages = (one for file in FORMATS.values() for one in (file.single, file.several))
    return next((one.mime_type for one in packages if one.extension == extension), None)
