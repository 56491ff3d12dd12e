"""What the engine answers: apart from what it needs for that, which only its process loads."""

from __future__ import annotations

from dataclasses import asdict, field
from typing import Any, Final

from .lazy_dataclass import dataclass

PROVISIONAL: Final = "PREVIEW_"
"""Begins the codes of warnings by which a preview's rows are not those of its file."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a job has made.

    Attributes:
        records: number of rows.
        bytes: size of the file.
        sha256: of the file, in hexadecimal.
        warnings: as `file_warnings.warning` returns them.
        figures: what sums the rows up, by name: `total_energy` and `total_production` in
            kWh, `total_cost` …

    """

    records: int
    bytes: int
    sha256: str
    warnings: list[dict[str, Any]]
    figures: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as a dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a job would give.

    Attributes:
        rows: the first ones, as the JSON format shows them.
        records: number of all rows; with filters, the most there can be.
        estimated: whether that number is an estimate.
        bytes: about the size of all rows, as CSV where the job's format is none of plain text.
        warnings: as those of a `Result`, of the range up to the last one of the rows; and
            `PROVISIONAL` ones, without which the rows are the file's.

    """

    rows: list[dict[str, Any]]
    records: int
    estimated: bool
    bytes: int
    warnings: list[dict[str, Any]] = field(default_factory=list)
