"""What stands in a file in place of a value that was to be removed: a pseudonym, a hash or nothing.

The same value gives the same pseudonym wherever it stands in the file; of addresses and ids, with
the same key, in every file.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import suppress
from ipaddress import ip_address
from itertools import count
from typing import TYPE_CHECKING, Any

from .rows.tables import Holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .job import Job, Privacy

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
_SHORTEST = 2
"""Characters of a value that is looked for inside texts."""


class Pseudonyms:
    """Says what is shown of each value, and takes values that are hidden out of texts.

    Args:
        job: as it was asked for; what its devices, metering points and given tables are called
            is known from the start.

    """

    def __init__(self, job: Job) -> None:
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
            Holds.DEVICE_ID: self.id,
            Holds.DEVICE_NAME: self._device_name,
            Holds.POINT_NAME: self._point_name,
            Holds.USER: self._user,
            Holds.LOCATION: self._location,
            Holds.TEXT: self.text,
        }
        if job.privacy.active:
            self._learn_job(job)

    def value(self, holds: Holds, value: Any) -> Any:  # noqa: ANN401  # a cell
        """Return what is shown of a value, None for nothing."""
        return self._ways[holds](value) if isinstance(value, str) and value else value

    def text(self, text: str) -> str:
        """Return a text without the values that are to be hidden."""
        if self._pattern is not None:
            text = self._pattern.sub(self._shown_for, text)
        if self._privacy.hash_device_identifiers:
            text = _MAC_IN_TEXT.sub(lambda found: self.id(found[0]), text)
        if self._privacy.anonymize_ip_addresses:
            text = _ADDRESS_IN_TEXT.sub(lambda found: self._address_in_text(found[0]), text)
        return text

    def id(self, value: str) -> str:
        """Return what is shown of a device's id, MAC or a PDL."""
        if not self._privacy.hash_device_identifiers:
            return value
        if _MAC.fullmatch(value):
            value = re.sub("[:-]", "", value).lower()
        return self._digest("id", value, _HASH_DIGITS)

    def learn(self, found: Iterable[tuple[Holds, Any]]) -> None:
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

    def device_at(self, place: int, name: str) -> str:
        """Return the name of the job's device at a place, counted from 1."""
        return f"device-{place}" if self._names else self.text(name)

    def point_at(self, place: int, name: str) -> str:
        """Return the name of the job's metering point at a place, counted from 1."""
        return f"metering-point-{place}" if self._names else self.text(name)

    def _shown_for(self, found: re.Match[str]) -> str:
        """Return what stands for a value that a text names, in whatever case."""
        if found[0] in self._known:
            return self._known[found[0]]
        folded = found[0].casefold()
        return next(
            (shown for value, shown in self._known.items() if value.casefold() == folded), "…"
        )

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

    def _learn_job(self, job: Job) -> None:
        """Note what the job's devices, metering points and tables are called."""
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
        self.learn(found)


def _plain_address(address: str) -> str:
    """Return the one way of writing an address."""
    with suppress(ValueError):
        return ip_address(address).compressed
    return address.casefold()
