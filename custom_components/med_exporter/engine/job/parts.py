"""What a job is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidJobError
from ..fields import ENTITY_FIELDS, MAX_DECIMALS, Kind
from ..tables import Column, Holds
from .checks import (
    as_tuple,
    check_choice,
    check_items,
    check_type,
    check_whole,
    exact_keys,
    plain,
)
from .choices import LOCALES, ROLES

DEFAULT_CHUNK_SIZE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDevice:
    """A device whose readings are wanted.

    Attributes:
        device_id: stable id, as shown in the file.
        device_ip: address, None when it has none.
        device_name: as shown in the file.
        entities: reading field (`ENTITY_FIELDS`) → entity id. A field without an entity is empty
            in the file. `energy_total_kwh` is an ever-growing counter.
        rated_power: W, None when not known.
        plug_id: by which the ledger's tables know the device, None when they do not. Without it
            there are no costs, and the energy of a gap is spread evenly.
        metering_point: slug of the `MeteringPoint` of the job it belongs to, None for none.
        role: one of `ROLES`.
        mac: twelve hexadecimal digits, None when not known.
        model: as the device calls itself, None when not known.
        firmware: version, None when not known.
        last_seen: UTC seconds of its last answer, None when it never gave one.

    Raises:
        InvalidJobError: a value is of the wrong type, or a field is not known.

    """

    device_id: str
    device_name: str
    entities: Mapping[str, str]
    device_ip: str | None = None
    rated_power: float | None = None
    plug_id: str | None = None
    metering_point: str | None = None
    role: str = "consumption"
    mac: str | None = None
    model: str | None = None
    firmware: str | None = None
    last_seen: float | None = None

    def __post_init__(self) -> None:
        for name in ("device_id", "device_name"):
            check_type(name, getattr(self, name), str)
        for name in ("device_ip", "plug_id", "metering_point", "mac", "model", "firmware"):
            check_type(name, getattr(self, name), str, type(None))
        for name in ("rated_power", "last_seen"):
            check_type(name, getattr(self, name), int, float, type(None))
        check_choice("role", self.role, ROLES)
        check_type("entities", self.entities, Mapping)
        for name, entity_id in self.entities.items():
            check_choice("entities", name, ENTITY_FIELDS)
            check_type(f"entities.{name}", entity_id, str)

    @classmethod
    def from_json(cls, data: object) -> JobDevice:
        """Read what `plain` gave.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        return cls(**exact_keys(cls, data, "devices"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPoint:
    """A site meter, to which devices belong.

    Attributes:
        slug: as in the ids of entities and in the ledger's tables.
        pdl: its id as the user typed it.
        name: for people.

    Raises:
        InvalidJobError: a value is of the wrong type.

    """

    slug: str
    pdl: str
    name: str

    def __post_init__(self) -> None:
        for name in ("slug", "pdl", "name"):
            check_type(name, getattr(self, name), str)

    @classmethod
    def from_json(cls, data: object) -> MeteringPoint:
        """Read what `plain` gave; raises InvalidJobError."""
        return cls(**exact_keys(cls, data, "points"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A column that is computed.

    Attributes:
        name: heads the column.
        formula: what `formulas` understands.
        unit: of its column, "" for none.

    Raises:
        InvalidJobError: a value is of the wrong type, or the name is empty.

    """

    name: str
    formula: str
    unit: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "formula", "unit"):
            check_type(f"custom_fields.{name}", getattr(self, name), str)
        if not self.name:
            raise InvalidJobError("custom_fields.name", "must not be empty")

    @classmethod
    def from_json(cls, data: object) -> CustomField:
        """Read what `plain` gave; raises InvalidJobError."""
        return cls(**exact_keys(cls, data, "custom_fields"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What is kept out of the file.

    Attributes:
        anonymize_ip_addresses: addresses become stable pseudonyms.
        exclude_user_data: no names or ids of users.
        hash_device_identifiers: ids of devices and metering points become keyed hashes.
        remove_location_data: no areas, coordinates or name of the time zone.
        key: hexadecimal, of at least 16 bytes when anything above is true; the same key gives the
            same pseudonyms.

    Raises:
        InvalidJobError: a value is of the wrong type, or the key is missing or too short.

    """

    anonymize_ip_addresses: bool = False
    exclude_user_data: bool = False
    hash_device_identifiers: bool = False
    remove_location_data: bool = False
    key: str = ""

    def __post_init__(self) -> None:
        for name in (
            "anonymize_ip_addresses",
            "exclude_user_data",
            "hash_device_identifiers",
            "remove_location_data",
        ):
            check_type(name, getattr(self, name), bool)
        check_type("privacy.key", self.key, str)
        try:
            size = len(bytes.fromhex(self.key))
        except ValueError as err:
            raise InvalidJobError("privacy.key", "must be hexadecimal") from err
        if self.active and size < 16:
            raise InvalidJobError("privacy.key", "must have at least 16 bytes")

    @property
    def active(self) -> bool:
        """Tell whether anything is to be kept out."""
        return (
            self.anonymize_ip_addresses
            or self.exclude_user_data
            or self.hash_device_identifiers
            or self.remove_location_data
        )

    @classmethod
    def from_json(cls, data: object) -> Privacy:
        """Read what `plain` gave; raises InvalidJobError."""
        return cls(**exact_keys(cls, data, "privacy"))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTable:
    """A small table that comes with the job, since only Home Assistant knows it.

    Attributes:
        name: unique within the export.
        columns: in order; kinds as in `tables.Table`.
        rows: plain JSON values, one per column; a time is in UTC seconds.

    Raises:
        InvalidJobError: a value is of the wrong type, or a row has another length.

    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __post_init__(self) -> None:
        check_type("given.name", self.name, str)
        check_items("given.columns", self.columns, Column)
        check_items("given.rows", self.rows, tuple)
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InvalidJobError("given.rows", "a row has another length than the columns")

    @classmethod
    def from_json(cls, data: object) -> GivenTable:
        """Read what `plain` gave; raises InvalidJobError."""
        values = exact_keys(cls, data, "given")
        values["columns"] = as_tuple("given.columns", values["columns"], _column)
        values["rows"] = as_tuple(
            "given.rows", values["rows"], lambda row: as_tuple("given.rows", row)
        )
        return cls(**values)


def _column(data: object) -> Column:
    values = exact_keys(Column, data, "given.columns")
    check_choice("given.columns.kind", values["kind"], tuple(Kind))
    values["kind"] = Kind(values["kind"])
    if values["holds"] is not None:
        check_choice("given.columns.holds", values["holds"], tuple(Holds))
        values["holds"] = Holds(values["holds"])
    return Column(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the file looks.

    Attributes:
        include_headers: CSV: a first row with the field names.
        decimal_places: digits after the point for every number; None: each field's own default.
        locale: `en` or `fr`: the language of words, and how Excel, PDF and CSV write numbers and
            dates; in a CSV `fr` gives `;`, decimal comma, dd/mm/yyyy and a `utc_offset` column.
        delimiter: CSV: one character; None: the locale's.
        compression: gzip around the file.
        chunk_size: rows that are worked on at a time.

    Raises:
        InvalidJobError: a value is of the wrong type or outside its range.

    """

    include_headers: bool = True
    decimal_places: int | None = None
    locale: str = "en"
    delimiter: str | None = None
    compression: bool = False
    chunk_size: int = DEFAULT_CHUNK_SIZE

    def __post_init__(self) -> None:
        check_type("include_headers", self.include_headers, bool)
        if self.decimal_places is not None:
            check_whole("decimal_places", self.decimal_places, 0, MAX_DECIMALS)
        check_choice("locale", self.locale, LOCALES)
        check_type("delimiter", self.delimiter, str, type(None))
        if self.delimiter is not None and not is_delimiter(self.delimiter):
            raise InvalidJobError(
                "delimiter", "must be one character, neither letter, digit, quote nor line end"
            )
        check_type("compression", self.compression, bool)
        check_whole("chunk_size", self.chunk_size, 1, 1_000_000)

    def to_json(self) -> dict[str, Any]:
        """Return a dict that `from_json` turns back into equal options."""
        return dict(plain(self))

    @classmethod
    def from_json(cls, data: object) -> Options:
        """Read what `to_json` gave.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        return cls(**exact_keys(cls, data, "options"))


def is_delimiter(text: str) -> bool:
    """Tell whether a CSV can be cut at this text: one character that no number is made of."""
    return len(text) == 1 and not text.isalnum() and text not in "\"'\r\n\0.+- "
