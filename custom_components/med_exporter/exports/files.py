"""Where export files lie: an owner-only folder, with a JSON description beside each file.

The descriptions let the files be found again when the database with the history is lost. All
methods touch the disk: call them in an executor.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.util import slugify

from ..const import LOGGER
from ..engine.codec import from_json, to_json
from ..engine.lazy_dataclass import dataclass
from ..history.records import ExportRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_DESCRIPTION_SUFFIX: Final = ".about.json"
# What a file is called while it is written, and the engine's own scratch database.
_LEFTOVERS: Final = ("*.part", "*.tmp.sqlite*")
_EXPORT_NAME: Final = re.compile(
    r"[a-z_]+_\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}(_[a-z0-9_]+)?_[0-9a-f]{8}\..+"
)
_ROOM: Final = 16 * 1024
"""What a small file and its description take, in bytes."""
_LONGEST_HOUSE: Final = 40
_NO_NAME: Final = "unknown"
"""What is made of a name without a letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What a description tells beside the record.

    Attributes:
        cache_key: what jobs that make the same file have in common; None for none.
        figures: what sums the file up, by name.

    """

    cache_key: str | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


class ExportFolder:
    """The folder of finished export files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def file_for(
        self,
        export_id: str,
        export_type: str,
        days: tuple[str, str],
        extension: str,
        house: str = "",
    ) -> Path:
        """Return where an export's file goes: its name carries type, range and whose it is."""
        first, last = days
        parts = [export_type, first, last]
        if house and (name := slugify(house)) != _NO_NAME:
            parts.append(name[:_LONGEST_HOUSE].strip("_"))
        return self._path / f"{'_'.join([*parts, export_id[:8]])}{extension}"

    def require_room(self) -> None:
        """Raise OSError where the disk takes no file."""
        probe = self._path / f"{uuid.uuid4()}.part"
        try:
            with probe.open("wb") as file:
                file.write(bytes(_ROOM))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    def prepare(self) -> list[ExportRecord]:
        """Make the folder, remove what a killed run left, return the records of whole files.

        A file without a description was renamed the moment Home Assistant died; as nothing
        tells whose it is, it goes too, and so does a description whose file is gone.
        """
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.chmod(0o700)
        for pattern in _LEFTOVERS:
            for left in self._path.glob(pattern):
                left.unlink(missing_ok=True)
        records = [record for record, _ in self._described()]
        known = {record.path for record in records}
        for file in self._path.iterdir():
            if _EXPORT_NAME.fullmatch(file.name) and str(file) not in known:
                described = file.name.removesuffix(_DESCRIPTION_SUFFIX)
                if described == file.name or str(self._path / described) not in known:
                    file.unlink(missing_ok=True)
        return records

    def describe(
        self,
        record: ExportRecord,
        *,
        cache_key: str | None = None,
        figures: Mapping[str, float] | None = None,
    ) -> None:
        """Write the description of a record's file beside it, owner-only, whole or not at all.

        `cache_key` is what `cached` finds the file by, `figures` what `figures` returns.
        """
        if record.path is None:
            return
        about = _About(cache_key=cache_key, figures=figures or {})
        values = to_json(replace(record, path=Path(record.path).name)) | to_json(about)
        target = _description_of(Path(record.path))
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(values, file, ensure_ascii=False, indent=2)
        part.replace(target)

    def cached(self, key: str) -> list[ExportRecord]:
        """Return the records of the files that were made under a cache key, newest first."""
        found = [record for record, about in self._described() if about.cache_key == key]
        return sorted(found, key=lambda record: record.created_at, reverse=True)

    def figures(self, path: str) -> dict[str, float]:
        """Return the figures that sum up the file at a path; none where they are not known."""
        described = _read_description(_description_of(Path(path)))
        return {} if described is None else dict(described[1].figures)

    def remove(self, path: str) -> None:
        """Remove a file, its description and whatever a run that was stopped left of it."""
        file = Path(path)
        self.remove_parts(path)
        file.unlink(missing_ok=True)
        _description_of(file).unlink(missing_ok=True)

    def remove_parts(self, path: str) -> None:
        """Remove what a run that was stopped left of a file."""
        file = Path(path)
        for pattern in _LEFTOVERS:
            for left in file.parent.glob(f"{file.name}{pattern}"):
                left.unlink(missing_ok=True)

    def expired(self, now: datetime) -> list[ExportRecord]:
        """Return the records of the files whose time is over."""
        return [
            record
            for record, _ in self._described()
            if record.expires_at is not None and record.expires_at <= now
        ]

    def size(self) -> int:
        """Return how many bytes lie in the folder."""
        return sum(file.stat().st_size for file in self._path.iterdir() if file.is_file())

    def size_of(self, user_id: str) -> int:
        """Return how many bytes the files of a user take."""
        return sum(one.size or 0 for one, _ in self._described() if one.user_id == user_id)

    def _described(self) -> Iterator[tuple[ExportRecord, _About]]:
        for description in sorted(self._path.glob(f"*{_DESCRIPTION_SUFFIX}")):
            if (described := _read_description(description)) is not None:
                yield described


def _description_of(file: Path) -> Path:
    return file.with_name(f"{file.name}{_DESCRIPTION_SUFFIX}")


def _read_description(description: Path) -> tuple[ExportRecord, _About] | None:
    """Read a description; None where it is damaged or gone, or its file is."""
    file = description.with_name(description.name.removesuffix(_DESCRIPTION_SUFFIX))
    try:
        if not file.is_file():
            return None
        values = json.loads(description.read_bytes())
        record, about = from_json(ExportRecord, values), from_json(_About, values)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as err:
        LOGGER.warning("The description %s cannot be read: %s", description.name, err)
        return None
    return replace(record, path=str(file)), about
