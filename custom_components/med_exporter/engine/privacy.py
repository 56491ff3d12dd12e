"""What a file keeps to itself: pseudonyms, hashes and gaps in place of what was to be removed.

It acts in one place, around an export type: the job is masked before its rows are read, so that
whatever is made of it knows only pseudonyms, and the finished content once more, for what the
export type has read by itself. Neither export types nor writers need to know.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from itertools import count
from typing import TYPE_CHECKING, Any

from .rows.tables import Holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .job import CustomField, GivenTable, Job, JobDevice, Privacy
    from .rows.content import Chart, Content, Figure
    from .rows.tables import Chunk, Table

_HASH_DIGITS = 16
"""Hexadecimal: at 64 bits, no two devices of any home meet."""
_ADDRESS_DIGITS = 10

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}", re.IGNORECASE)
_MAC_IN_TEXT = re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", re.IGNORECASE)
_ADDRESS_IN_TEXT = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w)"
    r"|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
_TEXT_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_SHORTEST = 2
"""Characters of a value that is looked for inside texts."""

_OWN_WORDS = frozenset(
    ("export_id", "export_type", "format", "created_at", "start", "end", "aggregation", "currency")
)
"""Keys of the metadata whose values are words of our own."""
_USER_KEYS = frozenset(("user", "users", "user_id", "user_name", "created_by", "requested_by"))
_LOCATION_KEYS = frozenset(("timezone", "time_zone", "area", "latitude", "longitude", "location"))


class Mask:
    """Hides what one job's privacy asks for.

    The same value gives the same pseudonym wherever it stands in the file; of addresses and ids,
    with the same key, in every file.

    Args:
        job: as it was asked for.

    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._privacy: Privacy = job.privacy
        self._key = bytes.fromhex(job.privacy.key)
        self._names = (
            job.privacy.hash_device_identifiers
            or job.privacy.exclude_user_data
            or job.privacy.remove_location_data
        )
        self._devices: dict[str, str] = {}
        self._device_number = count(len(job.devices) + len(job.gone) + 1)
        self._points: dict[str, str] = {}
        self._point_number = count(len(job.points) + 1)
        self._known: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._ways: dict[Holds, Callable[[str], str | None]] = {
            Holds.ADDRESS: self._address,
            Holds.DEVICE_ID: self._hash,
            Holds.DEVICE_NAME: self._device_name,
            Holds.POINT_NAME: self._point_name,
            Holds.USER: self._user,
            Holds.LOCATION: self._location,
            Holds.TEXT: self.text,
        }
        if job.privacy.active:
            self._learn_job()

    def job(self) -> Job:
        """Return the job with nothing in it that the file must not show.

        What the engine reads by (`entities`, `plug_id`, slugs, the time zone) stays; export types
        do not show it.
        """
        job = self._job
        if not self._privacy.active:
            return job
        custom = self._custom_fields()
        renamed = {old.name: new.name for old, new in zip(job.custom_fields, custom, strict=True)}
        return replace(
            job,
            devices=self._masked(job.devices, 1),
            gone=self._masked(job.gone, len(job.devices) + 1),
            points=tuple(
                replace(
                    point,
                    pdl=self._hash(point.pdl),
                    name=f"metering-point-{place}" if self._names else self.text(point.name),
                )
                for place, point in enumerate(job.points, 1)
            ),
            fields=tuple(renamed.get(name, name) for name in job.fields),
            custom_fields=custom,
            given=tuple(self._given(table) for table in job.given),
            metadata=self._metadata(dict(job.metadata)),
        )

    def _masked(self, devices: tuple[JobDevice, ...], first: int) -> tuple[JobDevice, ...]:
        return tuple(
            replace(
                device,
                device_id=self._hash(device.device_id),
                device_ip=self.value(Holds.ADDRESS, device.device_ip),
                device_name=f"device-{place}" if self._names else self.text(device.device_name),
                mac=self.value(Holds.DEVICE_ID, device.mac),
            )
            for place, device in enumerate(devices, first)
        )

    def content(self, content: Content) -> Content:
        """Return the content with every table, figure, chart and warning masked."""
        if not self._privacy.active:
            return content
        for table in content.tables:
            self._table(table)
        content.figures = [self._figure(figure) for figure in content.figures]
        content.charts = [self._chart(chart) for chart in content.charts]
        return content

    def value(self, holds: Holds, value: Any) -> Any:  # noqa: ANN401  # a cell
        """Return what is shown of a value, None for nothing."""
        return self._ways[holds](value) if isinstance(value, str) and value else value

    def text(self, text: str) -> str:
        """Return a text without the values that are to be hidden."""
        if self._pattern is not None:
            text = self._pattern.sub(self._shown_for, text)
        if self._privacy.hash_device_identifiers:
            text = _MAC_IN_TEXT.sub(lambda found: self._hash(found[0]), text)
        if self._privacy.anonymize_ip_addresses:
            text = _ADDRESS_IN_TEXT.sub(lambda found: self._address_in_text(found[0]), text)
        return text

    def _shown_for(self, found: re.Match[str]) -> str:
        """Return what stands for a value that a text names, in whatever case."""
        if found[0] in self._known:
            return self._known[found[0]]
        folded = found[0].casefold()
        return next(
            (shown for value, shown in self._known.items() if value.casefold() == folded), "…"
        )

    # One method for each kind of value.

    def _address(self, address: str) -> str:
        if not self._privacy.anonymize_ip_addresses:
            return address
        return f"address-{self._digest('address', _plain_address(address), _ADDRESS_DIGITS)}"

    def _address_in_text(self, found: str) -> str:
        try:
            ip_address(found)
        except ValueError:
            return found
        return self._address(found)

    def _hash(self, value: str) -> str:
        if not self._privacy.hash_device_identifiers:
            return value
        if _MAC.fullmatch(value):
            value = re.sub("[:-]", "", value).lower()
        return self._digest("id", value, _HASH_DIGITS)

    def _device_name(self, name: str) -> str:
        if not self._names:
            return self.text(name)
        if name not in self._devices:
            self._devices[name] = f"device-{next(self._device_number)}"
        return self._devices[name]

    def _point_name(self, name: str) -> str:
        if not self._names:
            return self.text(name)
        if name not in self._points:
            self._points[name] = f"metering-point-{next(self._point_number)}"
        return self._points[name]

    def _user(self, name: str) -> str | None:
        return None if self._privacy.exclude_user_data else self.text(name)

    def _location(self, place: str) -> str | None:
        return None if self._privacy.remove_location_data else self.text(place)

    def _digest(self, label: str, value: str, digits: int) -> str:
        message = f"{label}\n{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:digits]

    def _learn_job(self) -> None:
        """Note what the job's devices, metering points and tables are called."""
        job = self._job
        found: list[tuple[Holds, str | None]] = []
        for place, device in enumerate((*job.devices, *job.gone), 1):
            self._devices.setdefault(device.device_name, f"device-{place}")
            found += [
                (Holds.DEVICE_NAME, device.device_name),
                (Holds.ADDRESS, device.device_ip),
                *((Holds.DEVICE_ID, id_) for id_ in (device.device_id, device.mac, device.plug_id)),
            ]
            if self._names:
                # An entity id is made of the device's name.
                for entities in (device.entities, *(one.entities for one in device.former)):
                    self._known.update(dict.fromkeys(entities.values(), f"device-{place}"))
        for place, point in enumerate(job.points, 1):
            self._points.setdefault(point.name, f"metering-point-{place}")
            found += [
                (Holds.POINT_NAME, point.name),
                (Holds.DEVICE_ID, point.pdl),
            ]
            if self._names:
                self._known[point.slug] = f"metering-point-{place}"
        if self._privacy.remove_location_data:
            found.append((Holds.LOCATION, job.timezone))
        for table in job.given:
            for column, cells in zip(table.columns, zip(*table.rows, strict=True), strict=False):
                found += [(column.holds, cell) for cell in cells if column.holds is not None]
        self._learn(found)

    def _learn(self, found: Iterable[tuple[Holds, Any]]) -> None:
        """Note values that no text may name any more, and what stands there instead."""
        before = len(self._known)
        for holds, value in found:
            if holds is Holds.TEXT or not isinstance(value, str) or len(value) < _SHORTEST:
                continue
            shown = self.value(holds, value)
            if shown != value:
                self._known.setdefault(value, shown or "…")
        if len(self._known) > before or (self._known and self._pattern is None):
            longest_first = sorted(self._known, key=len, reverse=True)
            words = "|".join(map(re.escape, longest_first))
            self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    # The parts of a job and of its content.

    def _given(self, table: GivenTable) -> GivenTable:
        """Return a table masked, its columns as such that need no more masking."""
        holds = [column.holds for column in table.columns]
        return replace(
            table,
            columns=tuple(replace(column, holds=None) for column in table.columns),
            rows=tuple(
                tuple(
                    cell if held is None else self.value(held, cell)
                    for held, cell in zip(holds, row, strict=True)
                )
                for row in table.rows
            ),
        )

    def _custom_fields(self) -> tuple[CustomField, ...]:
        """Return the custom fields with nothing to hide in their names, units and texts."""
        taken: set[str] = set()
        fields = []
        for custom in self._job.custom_fields:
            name = wanted = self.text(custom.name)
            numbers = count(2)
            while name in taken:
                name = f"{wanted}-{next(numbers)}"
            taken.add(name)
            formula = _TEXT_LITERAL.sub(self._literal, custom.formula)
            fields.append(replace(custom, name=name, formula=formula, unit=self.text(custom.unit)))
        return tuple(fields)

    def _literal(self, found: re.Match[str]) -> str:
        """Mask a text inside a formula, so that comparing it with a name still works."""
        text = self.text(found[1].replace("''", "'"))
        return "'" + text.replace("'", "''") + "'"

    def _metadata(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (list, tuple)):
            return [self._metadata(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: inner if key in _OWN_WORDS else self._metadata(inner)
            for key, inner in value.items()
            if not self._is_left_out(key)
        }

    def _is_left_out(self, key: str) -> bool:
        """Tell whether a key of the metadata has no place in the file."""
        return (
            # A list of what was asked for tells names, addresses and ids alike.
            key == "devices"
            or (self._privacy.exclude_user_data and key in _USER_KEYS)
            or (self._privacy.remove_location_data and key in _LOCATION_KEYS)
        )

    def _table(self, table: Table) -> None:
        """Mask what the export type has read by itself."""
        holds = [column.holds for column in table.columns]
        if any(holds):
            table.chunks = self._chunks(holds, table.chunks)
        table.warnings = [
            {**one, **{key: self.text(one[key]) for key in ("message", "about") if key in one}}
            for one in table.warnings
        ]

    def _chunks(self, holds: Sequence[Holds | None], chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            if Holds.TEXT in holds:
                self._learn(
                    (held, cell)
                    for held, cells in zip(holds, chunk, strict=True)
                    if held is not None
                    for cell in set(cells)
                )
            yield [
                cells if held is None else [self.value(held, cell) for cell in cells]
                for held, cells in zip(holds, chunk, strict=True)
            ]

    def _figure(self, figure: Figure) -> Figure:
        value = figure.value
        return replace(figure, value=self.text(value) if isinstance(value, str) else value)

    def _chart(self, chart: Chart) -> Chart:
        return replace(
            chart,
            title=self.text(chart.title),
            note=self.text(chart.note),
            categories=[self.text(category) for category in chart.categories],
            series=[replace(series, name=self.text(series.name)) for series in chart.series],
        )


def _plain_address(address: str) -> str:
    """Return the one way of writing an address."""
    with suppress(ValueError):
        return ip_address(address).compressed
    return address.casefold()
