"""The job: everything the engine needs to know for one file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .errors import InvalidJobError
from .fields import ENTITY_FIELDS, FIELDS, MAX_DECIMALS
from .formats import FORMATS

AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")
EXPORT_TYPES = ("device_data",)
LOCALES = ("en", "fr")

DEFAULT_MAX_RECORDS = 1_000_000
DEFAULT_MAX_BYTES = 100 * 1024 * 1024
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

    Raises:
        InvalidJobError: a value is of the wrong type, or a field is not known.

    """

    device_id: str
    device_name: str
    entities: Mapping[str, str]
    device_ip: str | None = None
    rated_power: float | None = None
    plug_id: str | None = None

    def __post_init__(self) -> None:
        _check_type("device_id", self.device_id, str)
        _check_type("device_name", self.device_name, str)
        _check_type("device_ip", self.device_ip, str, type(None))
        _check_type("rated_power", self.rated_power, int, float, type(None))
        _check_type("plug_id", self.plug_id, str, type(None))
        _check_type("entities", self.entities, Mapping)
        for name, entity_id in self.entities.items():
            _check_choice("entities", name, ENTITY_FIELDS)
            _check_type(f"entities.{name}", entity_id, str)

    def to_json(self) -> dict[str, Any]:
        """Return a dict that `from_json` turns back into an equal device."""
        return _plain(self) | {"entities": dict(self.entities)}

    @classmethod
    def from_json(cls, data: object) -> JobDevice:
        """Read what `to_json` gave.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        return cls(**_exact_keys(cls, data, "devices"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the file looks.

    Attributes:
        include_headers: CSV: a first row with the field names.
        decimal_places: digits after the point for every number; None: each field's own default.
        locale: `en` or `fr`; `fr` gives `;`, decimal comma, dd/mm/yyyy and a `utc_offset` column.
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
        _check_type("include_headers", self.include_headers, bool)
        if self.decimal_places is not None:
            _check_whole("decimal_places", self.decimal_places, 0, MAX_DECIMALS)
        _check_choice("locale", self.locale, LOCALES)
        _check_type("delimiter", self.delimiter, str, type(None))
        if self.delimiter is not None and not is_delimiter(self.delimiter):
            raise InvalidJobError(
                "delimiter", "must be one character, neither letter, digit, quote nor line end"
            )
        _check_type("compression", self.compression, bool)
        _check_whole("chunk_size", self.chunk_size, 1, 1_000_000)

    def to_json(self) -> dict[str, Any]:
        """Return a dict that `from_json` turns back into equal options."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: object) -> Options:
        """Read what `to_json` gave.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        return cls(**_exact_keys(cls, data, "options"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to be made.

    Attributes:
        export_type: one of `EXPORT_TYPES`.
        format: one of `formats.FORMATS`.
        devices: at least one; rows with the same timestamp follow this order.
        start: UTC seconds since 1970, included.
        end: UTC seconds since 1970, not included. May lie in the future; values hold until now.
        timezone: IANA name; decides what a day is and how times are written.
        aggregation: one of `AGGREGATIONS`.
        fields: names from `fields.FIELDS`, in the order wanted.
        metadata: goes into the file where the format has a place for it; plain JSON values.
        path: the final file, absolute; its folder exists. Empty for a preview.
        options: how the file looks.
        max_records: more rows than this fail the job.
        max_bytes: a file (as it lies on disk) larger than this fails the job.

    Raises:
        InvalidJobError: something is of the wrong type, unknown or contradictory.

    """

    export_type: str
    format: str
    devices: tuple[JobDevice, ...]
    start: float
    end: float
    timezone: str
    aggregation: str
    fields: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    options: Options = field(default_factory=Options)
    max_records: int = DEFAULT_MAX_RECORDS
    max_bytes: int = DEFAULT_MAX_BYTES

    def __post_init__(self) -> None:
        _check_choice("export_type", self.export_type, EXPORT_TYPES)
        _check_choice("format", self.format, tuple(FORMATS))
        _check_choice("aggregation", self.aggregation, AGGREGATIONS)
        _check_type("devices", self.devices, tuple)
        if not self.devices:
            raise InvalidJobError("devices", "at least one is needed")
        for device in self.devices:
            _check_type("devices", device, JobDevice)
        for name, moment in (("start", self.start), ("end", self.end)):
            _check_type(name, moment, int, float)
            if isinstance(moment, bool) or not math.isfinite(moment):
                raise InvalidJobError(name, "must be a number of seconds")
        if self.start >= self.end:
            raise InvalidJobError("end", "must be after start")
        self.zone()
        self._check_fields()
        _check_type("metadata", self.metadata, Mapping)
        _check_type("path", self.path, str)
        if self.path and not Path(self.path).is_absolute():
            raise InvalidJobError("path", "must be absolute")
        _check_type("options", self.options, Options)
        if self.options.compression and not FORMATS[self.format].compressible:
            raise InvalidJobError("options.compression", f"not for {self.format}")
        _check_whole("max_records", self.max_records, 1, 2**53)
        _check_whole("max_bytes", self.max_bytes, 1, 2**53)

    def _check_fields(self) -> None:
        """Refuse no fields, unknown ones and repeated ones."""
        _check_type("fields", self.fields, tuple)
        if not self.fields:
            raise InvalidJobError("fields", "at least one is needed")
        for name in self.fields:
            _check_choice("fields", name, tuple(FIELDS))
        if len(set(self.fields)) < len(self.fields):
            raise InvalidJobError("fields", "a field is named twice")

    def zone(self) -> ZoneInfo:
        """Return the time zone.

        Raises:
            InvalidJobError: there is none of that name.

        """
        _check_type("timezone", self.timezone, str)
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as err:
            raise InvalidJobError("timezone", f"{self.timezone!r} is not known") from err

    def to_json(self) -> dict[str, Any]:
        """Return a dict of plain JSON values that `from_json` turns back into an equal job."""
        return _plain(self) | {
            "devices": [device.to_json() for device in self.devices],
            "fields": list(self.fields),
            "metadata": dict(self.metadata),
            "options": self.options.to_json(),
        }

    @classmethod
    def from_json(cls, data: object) -> Job:
        """Read what `to_json` gave; every key must be there, and no other.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        values = _exact_keys(cls, data, "job")
        for name in ("devices", "fields"):
            _check_type(name, values[name], list)
        values["devices"] = tuple(JobDevice.from_json(device) for device in values["devices"])
        values["fields"] = tuple(values["fields"])
        values["options"] = Options.from_json(values["options"])
        return cls(**values)


def is_delimiter(text: str) -> bool:
    """Tell whether a CSV can be cut at this text: one character that no number is made of."""
    return len(text) == 1 and not text.isalnum() and text not in "\"'\r\n\0.+- "


def _plain(instance: Job | JobDevice | Options) -> dict[str, Any]:
    return {item.name: getattr(instance, item.name) for item in fields(instance)}


def _exact_keys(cls: type[Job | JobDevice | Options], data: object, name: str) -> dict[str, Any]:
    """Return a copy of data, which must have exactly the keys of the dataclass."""
    if not isinstance(data, dict):
        raise InvalidJobError(name, "must be an object")
    expected = {item.name for item in fields(cls)}
    for key in data:
        if key not in expected:
            raise InvalidJobError(str(key), "is not known")
    for key in sorted(expected):
        if key not in data:
            raise InvalidJobError(key, "is missing")
    return dict(data)


def _check_type(name: str, value: object, *types: type) -> None:
    if not isinstance(value, types):
        allowed = " or ".join("null" if t is type(None) else t.__name__ for t in types)
        raise InvalidJobError(name, f"must be {allowed}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise InvalidJobError(name, f"{value!r} is not one of {', '.join(choices)}")


def _check_whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidJobError(name, f"must be a whole number from {low} to {high}")
