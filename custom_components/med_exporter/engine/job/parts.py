"""What a job is made of."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field
from typing import Any

from ..former_entities import FormerEntities  # noqa: TC001  # see above
from ..lazy_dataclass import dataclass
from ..rows.tables import Column  # noqa: TC001  # see above

DEFAULT_CHUNK_SIZE = 10_000
MAX_CHUNK_SIZE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDevice:
    """A device whose readings are wanted.

    Attributes:
        device_id: stable id, as shown in the file.
        device_ip: address, None when it has none.
        device_name: as shown in the file.
        entities: reading field (`ENTITY_FIELDS`) → entity id. A field without an entity is empty
            in the file. `energy_total_kwh` is an ever-growing counter.
        hours: reading field → id under which its long-term statistics stand, where they may stand
            under another one than that of the entity.
        not_recorded: fields whose entity Home Assistant's recorder does not keep now, since it is
            excluded or disabled: what it knew last does not hold on.
        rated_power: W, None when not known.
        plug_id: by which the ledger's tables know the device, None when they do not. Without it
            there are no costs, and the energy of a gap is spread evenly.
        metering_point: slug of the `MeteringPoint` of the job it belongs to, None for none.
        is_by_statistics: whether its ledger has what long-term statistics say, which may be another
            energy than its states show.
        role: `consumption`, `production` or `ignored`: what its energy counts as in its metering
            point.
        mac: twelve hexadecimal digits, None when not known.
        model: as the device calls itself, None when not known.
        firmware: version, None when not known.
        last_seen: UTC seconds of its last answer, None when it never gave one.
        former: what stood in its place before, the oldest first.

    """

    device_id: str
    device_name: str
    entities: Mapping[str, str]
    hours: Mapping[str, str] = field(default_factory=dict)
    not_recorded: tuple[str, ...] = ()
    device_ip: str | None = None
    rated_power: float | None = None
    plug_id: str | None = None
    metering_point: str | None = None
    is_by_statistics: bool = False
    role: str = "consumption"
    mac: str | None = None
    model: str | None = None
    firmware: str | None = None
    last_seen: float | None = None
    former: tuple[FormerEntities, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPoint:
    """A site meter, to which devices belong.

    Attributes:
        slug: as in the ids of entities and in the ledger's tables.
        pdl: its id as the user typed it.
        name: for people.
        plugs: by which the ledger knows what belongs to it now; none where that is not told.

    """

    slug: str
    pdl: str
    name: str
    plugs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A column that is computed.

    Attributes:
        name: heads the column.
        formula: what `formulas` understands.
        unit: of its column, "" for none.

    """

    name: str
    formula: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What is kept out of the file.

    Attributes:
        anonymize_ip_addresses: addresses become stable pseudonyms.
        exclude_user_data: no names or ids of users.
        hash_device_identifiers: ids of devices and metering points become keyed hashes.
        remove_location_data: no areas, coordinates or name of the time zone.
        key: hexadecimal, of at least 16 bytes in a job with anything above; the same key gives the
            same pseudonyms.

    """

    anonymize_ip_addresses: bool = False
    exclude_user_data: bool = False
    hash_device_identifiers: bool = False
    remove_location_data: bool = False
    key: str = ""

    @property
    def active(self) -> bool:
        """Tell whether anything is to be kept out."""
        return (
            self.anonymize_ip_addresses
            or self.exclude_user_data
            or self.hash_device_identifiers
            or self.remove_location_data
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTable:
    """A small table that comes with the job, since only Home Assistant knows it.

    Attributes:
        name: unique within the export.
        columns: in order; kinds as in `tables.Table`.
        rows: plain JSON values, one per column; a time is in UTC seconds.

    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the file looks.

    Attributes:
        include_headers: CSV: a first row with the field names.
        decimal_places: digits after the point for every number; None: each field's own default.
        locale: `en` or `fr`: the language of words, and how Excel, PDF and CSV write numbers and
            dates; in a CSV `fr` gives `;`, decimal comma, dd/mm/yyyy and a `utc_offset` column.
        delimiter: CSV: one that `is_delimiter` takes; None: the locale's.
        machine_names: CSV: headings and codes are the names that programs know, not words of the
            language.
        compression: gzip around the file.
        chunk_size: rows that are worked on at a time.

    """

    include_headers: bool = True
    decimal_places: int | None = None
    locale: str = "en"
    delimiter: str | None = None
    machine_names: bool = True
    compression: bool = False
    chunk_size: int = DEFAULT_CHUNK_SIZE


def is_delimiter(text: str) -> bool:
    """Tell whether a CSV can be cut at this text: one character that no number is made of."""
    return len(text) == 1 and not text.isalnum() and text not in "\"'\r\n\0.+- "
