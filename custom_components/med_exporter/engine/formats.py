"""The file formats that exist; importing this loads none of their libraries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        id: as in requests.
        name: for people.
        mime_type: of the file without compression.
        extension: with its dot.
        writer: module in `engine/writers/`.
        options: the presentation options that can act in this format; others are to be refused.
        compressible: whether gzip makes sense.

    """

    id: str
    name: str
    mime_type: str
    extension: str
    writer: str
    options: frozenset[str]
    compressible: bool


FORMATS: dict[str, Format] = {
    file_format.id: file_format
    for file_format in (
        Format(
            id="csv",
            name="CSV",
            mime_type="text/csv",
            extension=".csv",
            writer="csv_file",
            options=frozenset(
                {"include_headers", "timezone", "decimal_places", "locale", "delimiter"}
            ),
            compressible=True,
        ),
        Format(
            id="json",
            name="JSON",
            mime_type="application/json",
            extension=".json",
            writer="json_file",
            options=frozenset({"timezone", "decimal_places"}),
            compressible=True,
        ),
    )
}
