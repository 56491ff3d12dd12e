"""Limits and retentions: the options of the installation's entry, with their defaults."""

from __future__ import annotations

from dataclasses import field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from .const import EntryType
from .engine.lazy_dataclass import dataclass
from .entries.finding import entries_of_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and the largest value of a setting, and what it is counted in."""

    low: int
    high: int
    unit: str = ""


def _setting(default: int, low: int, high: int, unit: str = "") -> Any:  # noqa: ANN401 (as dataclasses.field)
    return field(default=default, metadata={"bounds": Bounds(low, high, unit)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a user may change for the whole installation.

    The limits are the source document's, under its names. `keep_files_days`, `keep_history_days`
    and `keep_audit_days` say after how many days export files, the history of exports and the
    audit log are deleted.
    """

    max_records_per_export: int = _setting(1_000_000, 1, 10_000_000)
    max_date_range_days: int = _setting(366, 1, 3_660, "d")
    max_pdf_rows: int = _setting(50_000, 1, 200_000)
    max_concurrent_exports: int = _setting(3, 1, 10)
    max_waiting_exports: int = _setting(20, 0, 200)
    max_file_size_mb: int = _setting(100, 1, 2_000, "MB")
    keep_files_days: int = _setting(7, 1, 400, "d")
    keep_history_days: int = _setting(400, 1, 3_660, "d")
    keep_audit_days: int = _setting(400, 1, 3_660, "d")

    @property
    def max_file_bytes(self) -> int:
        """Return the size that no file may exceed."""
        return self.max_file_size_mb * 1024 * 1024

    @property
    def keep_files(self) -> timedelta:
        """Return how long a file lives."""
        return timedelta(days=self.keep_files_days)


BOUNDS: Final[Mapping[str, Bounds]] = {one.name: one.metadata["bounds"] for one in fields(Settings)}
"""The bounds of each setting, in the order in which they are shown."""


def settings(hass: HomeAssistant) -> Settings:
    """Return the limits and retentions as they are set now."""
    for entry in entries_of_type(hass, EntryType.INSTALLATION):
        known = {name: int(entry.options[name]) for name in BOUNDS if name in entry.options}
        return Settings(**known)
    return Settings()
