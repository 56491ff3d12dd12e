"""How the file looks and how it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ...engine.fields import MAX_DECIMALS
from ...engine.formats import FORMATS
from ...engine.job import DEFAULT_CHUNK_SIZE, LOCALES, Options, is_delimiter
from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader
from .codes import NOT_APPLICABLE

_OPTION_KEYS: Final = ("include_headers", "decimal_places", "locale", "delimiter")
_PRIVACY_KEYS: Final = (
    "anonymize_ip_addresses",
    "exclude_user_data",
    "hash_device_identifiers",
    "remove_location_data",
)
_WITH_CHARTS: Final = {"excel": False, "pdf": True}
"""The formats that can show charts, and whether they do when nothing is said."""
_MAX_CHUNK_SIZE: Final = 1_000_000


def read_options(options: ObjectReader, file_format: str, language: str) -> Options:
    """Return how the file looks; an option that cannot act in the format is refused.

    What people read, a PDF and an Excel workbook, is in the language of the installation when
    nothing is said; a CSV that programs read as well is not.
    """
    known = FORMATS[file_format]
    refused = [key for key in _OPTION_KEYS if key not in known.options]
    options.refuse(refused, NOT_APPLICABLE, "not_applicable", to=file_format)
    include_headers = options.boolean("include_headers")
    decimal_places = options.integer("decimal_places", 0, MAX_DECIMALS)
    locale = options.choice("locale", LOCALES)
    delimiter = options.text("delimiter")
    if delimiter is not None and not is_delimiter(delimiter):
        raise InvalidRequest(INVALID_VALUE, "not_a_delimiter", field=options.name("delimiter"))
    options.finish()
    if locale is None:
        own = language.partition("-")[0].lower()
        locale = own if file_format in _WITH_CHARTS and own in LOCALES else LOCALES[0]
    return Options(
        include_headers=include_headers is not False,
        decimal_places=decimal_places,
        locale=locale,
        delimiter=delimiter,
    )


@dataclass(frozen=True, slots=True)
class Performance:
    """How a file is made: in the background or not, and whether one that is there will do."""

    background_processing: bool = True
    cache_results: bool = False


def read_performance(
    performance: ObjectReader, options: Options, *, compressible: bool, to: str, ranged: bool
) -> tuple[Options, Performance]:
    """Return the options with how the file is made.

    An export that has no date range is about the present, of which no file can be kept.
    """
    if not ranged:
        performance.refuse(("cache_results",), NOT_APPLICABLE, "not_applicable", to="configuration")
    if not compressible:
        performance.refuse(("compression",), NOT_APPLICABLE, "not_applicable", to=to)
    compression = performance.boolean("compression")
    chunk_size = performance.integer("chunk_size", 1, _MAX_CHUNK_SIZE)
    background = performance.boolean("background_processing")
    cache_results = performance.boolean("cache_results")
    performance.finish()
    made = replace(
        options,
        compression=bool(compression),
        chunk_size=chunk_size or DEFAULT_CHUNK_SIZE,
    )
    return made, Performance(background is not False, bool(cache_results))


def read_charts(request: ObjectReader, file_format: str, *, with_charts: bool) -> bool:
    """Return whether the file shows charts; asking a format that cannot is refused."""
    default = _WITH_CHARTS.get(file_format)
    if default is None:
        request.refuse(("include_charts",), NOT_APPLICABLE, "not_applicable", to=file_format)
    asked = request.boolean("include_charts")
    return with_charts and bool(default if asked is None else asked)


def read_privacy(request: ObjectReader) -> frozenset[str]:
    """Return the privacy options that are on."""
    privacy = request.object("privacy_options")
    found = frozenset(key for key in _PRIVACY_KEYS if privacy.boolean(key))
    privacy.finish()
    return found
