"""How the file looks and how it is made."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from ...engine.job import (
    DEFAULT_CHUNK_SIZE,
    LOCALES,
    MAX_CHUNK_SIZE,
    Options,
    Privacy,
    is_delimiter,
)
from ...engine.readings.fields import MAX_DECIMALS
from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader
from .codes import NOT_APPLICABLE

if TYPE_CHECKING:
    from ...engine.exports.export_type import ExportType
    from ...engine.writers.format import Format

OPTION_KEYS: Final = (
    "include_headers",
    "decimal_places",
    "locale",
    "delimiter",
    "machine_names",
)
PRIVACY_KEYS: Final = tuple(one.name for one in fields(Privacy) if one.name != "key")


def read_options(
    options: ObjectReader, performance: ObjectReader, file_format: Format, tables: int, own: str
) -> Options:
    """Return how the file looks; an option that cannot act in the format is refused.

    What people read is in their `own` language when nothing is said; a CSV that programs read as
    well is not, and has words for its headings only where it is given a language. `tables` is how
    many the file has.
    """
    refused = [key for key in OPTION_KEYS if key not in file_format.options]
    options.refuse(refused, NOT_APPLICABLE, "not_applicable", to=file_format.id)
    include_headers = options.boolean("include_headers")
    decimal_places = options.integer("decimal_places", 0, MAX_DECIMALS)
    locale = options.choice("locale", LOCALES)
    delimiter = options.text("delimiter")
    if delimiter is not None and not is_delimiter(delimiter):
        raise InvalidRequest(INVALID_VALUE, "not_a_delimiter", field=options.name("delimiter"))
    machine_names = options.boolean("machine_names")
    options.finish()
    if machine_names is None:
        machine_names = locale is None
    if locale is None:
        own = own.partition("-")[0].lower()
        locale = own if file_format.document and own in LOCALES else LOCALES[0]
    if not file_format.package(tables).compressible:
        performance.refuse(("compression",), NOT_APPLICABLE, "not_applicable", to=file_format.id)
    return Options(
        include_headers=include_headers is not False,
        decimal_places=decimal_places,
        locale=locale,
        delimiter=delimiter,
        machine_names=machine_names,
        compression=bool(performance.boolean("compression")),
        chunk_size=performance.integer("chunk_size", 1, MAX_CHUNK_SIZE) or DEFAULT_CHUNK_SIZE,
    )


def read_cache(performance: ObjectReader, export_type: ExportType) -> bool:
    """Return whether a file that is there already will do.

    An export that has no date range is about the present, of which no file can be kept.
    """
    if not export_type.is_about_a_time:
        performance.refuse(("cache_results",), NOT_APPLICABLE, "not_applicable", to=export_type.id)
    return bool(performance.boolean("cache_results"))


def read_charts(request: ObjectReader, file_format: Format, export_type: ExportType) -> bool:
    """Return whether the file shows charts; asking a format that cannot is refused."""
    if not file_format.document:
        request.refuse(("include_charts",), NOT_APPLICABLE, "not_applicable", to=file_format.id)
    asked = request.boolean("include_charts")
    wanted = file_format.charts if asked is None else asked
    return wanted and "include_charts" in export_type.takes


def read_privacy(request: ObjectReader) -> Privacy:
    """Return what is to be kept out of the file."""
    privacy = request.object("privacy_options")
    found: dict[str, Any] = {key: bool(privacy.boolean(key)) for key in PRIVACY_KEYS}
    privacy.finish()
    return Privacy(**found)
