"""A delivery: a finished file on its way, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field
from datetime import datetime  # noqa: TC003  # see above
from typing import Any

from ..engine.lazy_dataclass import dataclass


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One file on its way to its readers.

    Attributes:
        id: UUID; mail carries it, so that a server can tell a repeat.
        export_id: whose file.
        schedule_id: what wanted it.
        schedule_name: as it was then.
        delivery: how, as `async_read_delivery` returned it.
        due: UTC; when the export was due.
        start, end: UTC; the range of the export, its end exclusive.
        time_zone: of the export.
        rows: in the file.
        figures: what sums it up: `total_energy` in kWh, `total_cost`.
        next_try: UTC.
        first_try: UTC; None before it.
        tries: how many there have been.
        done_for: recipients who have it, or will never have it.
        file_name: under which it is being copied to a folder.

    """

    id: str
    export_id: str
    schedule_id: str
    schedule_name: str
    delivery: Mapping[str, Any]
    due: datetime
    start: datetime
    end: datetime
    time_zone: str
    rows: int
    figures: Mapping[str, float]
    next_try: datetime
    first_try: datetime | None = None
    tries: int = 0
    done_for: list[str] = field(default_factory=list)
    file_name: str | None = None
