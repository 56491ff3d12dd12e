"""The file formats that exist; importing this loads none of their libraries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """What a file is to whoever receives it.

    Attributes:
        extension: with its dot.
        mime_type: of the file without compression.
        compressible: whether gzip around it makes sense.

    """

    extension: str
    mime_type: str
    compressible: bool


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        id: as in requests.
        name: for people.
        single: the file of an export with one table.
        several: the file of an export with more tables, or with none.
        writer: module in `engine/writers/`.
        options: the presentation options that can act in this format; others are to be refused.
        document: whether it has a place for figures and charts.

    """

    id: str
    name: str
    single: Package
    several: Package
    writer: str
    options: frozenset[str]
    document: bool = False

    @property
    def mime_type(self) -> str:
        """Of the file of an export with one table."""
        return self.single.mime_type

    @property
    def extension(self) -> str:
        """Of the file of an export with one table, with its dot."""
        return self.single.extension

    @property
    def compressible(self) -> bool:
        """Whether gzip makes sense around the file of an export with one table."""
        return self.single.compressible

    def package(self, tables: int) -> Package:
        """Return what the file is when it holds so many tables."""
        return self.single if tables == 1 else self.several


_CSV = Package(".csv", "text/csv", compressible=True)
_ZIP = Package(".zip", "application/zip", compressible=False)
_JSON = Package(".json", "application/json", compressible=True)
_EXCEL = Package(
    ".xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    compressible=False,
)
_PDF = Package(".pdf", "application/pdf", compressible=False)

FORMATS: dict[str, Format] = {
    file_format.id: file_format
    for file_format in (
        Format(
            id="csv",
            name="CSV",
            single=_CSV,
            several=_ZIP,
            writer="csv_file",
            options=frozenset(
                {"include_headers", "timezone", "decimal_places", "locale", "delimiter"}
            ),
        ),
        Format(
            id="json",
            name="JSON",
            single=_JSON,
            several=_JSON,
            writer="json_file",
            options=frozenset({"timezone", "decimal_places"}),
        ),
        Format(
            id="excel",
            name="Excel",
            single=_EXCEL,
            several=_EXCEL,
            writer="excel_file",
            options=frozenset({"timezone", "decimal_places", "locale"}),
            document=True,
        ),
        Format(
            id="pdf",
            name="PDF",
            single=_PDF,
            several=_PDF,
            writer="pdf_file",
            options=frozenset({"timezone", "decimal_places", "locale"}),
            document=True,
        ),
    )
}

MIME_TYPES: dict[str, str] = {
    package.extension: package.mime_type
    for file_format in FORMATS.values()
    for package in (file_format.single, file_format.several)
}
"""Extension → MIME type of every file that can be made, gzip aside."""
