"""One file to be made."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field, fields
from pathlib import Path
from typing import Any, Self

from ..lazy_dataclass import dataclass
from .parts import GivenTable, JobDevice, MeteringPoint  # noqa: TC001  # see above
from .request import Request

DEFAULT_MAX_RECORDS = 1_000_000
DEFAULT_MAX_BYTES = 100 * 1024 * 1024
DEFAULT_MAX_PDF_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Request):
    """A request with everything that the engine needs to know to make its file.

    Attributes:
        devices: those of the request; rows with the same timestamp follow this order. Of an export
            that is not about devices, those that its privacy has to know.
        points: the metering points that the devices belong to.
        gone: what has counted for these metering points and belongs to them no more, where all
            that does is among the devices: what the points used and cost is theirs too.
        given: tables that Home Assistant's side hands over ready-made.
        currency: ISO 4217, of costs.
        metadata: goes into the file where the format has a place for it; plain JSON values.
        path: the final file, absolute; its folder exists. Empty for a preview.
        max_records: more rows than this fail the job.
        max_bytes: a file (as it lies on disk) larger than this fails the job.
        max_pdf_rows: more table rows than this on pages fail the job.

    """

    devices: tuple[JobDevice, ...]
    points: tuple[MeteringPoint, ...] = ()
    gone: tuple[JobDevice, ...] = ()
    given: tuple[GivenTable, ...] = ()
    currency: str = "EUR"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    max_records: int = DEFAULT_MAX_RECORDS
    max_bytes: int = DEFAULT_MAX_BYTES
    max_pdf_rows: int = DEFAULT_MAX_PDF_ROWS

    @property
    def has_whole_points(self) -> bool:
        """Tell whether all that belongs to the metering points is among the devices."""
        plugs = {one.plug_id for one in self.devices}
        return bool(self.points) and all(
            one.plugs and plugs.issuperset(one.plugs) for one in self.points
        )

    @property
    def folder(self) -> Path | None:
        """Return where what waits on the disk lies, None for the system's own place."""
        return Path(self.path).parent if self.path else None

    @classmethod
    def of(cls, request: Request, **rest: Any) -> Self:  # noqa: ANN401  # fields of this class
        """Return the job of a request."""
        asked = {item.name: getattr(request, item.name) for item in fields(Request)}
        return cls(**{**asked, **rest})
