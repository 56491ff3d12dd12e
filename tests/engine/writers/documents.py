"""Content made by hand, and files written from it."""

from __future__ import annotations

import io
from typing import Any

from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import Job, JobDevice, Options
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import (
    Chart,
    ChartKind,
    Content,
    Figure,
    Series,
)
from custom_components.med_exporter.engine.rows.tables import Column, Table

from ..conftest import at

WARNING = {
    "code": "NO_READINGS",
    "message": "No readings in this range: Fridge",
    "about": "Fridge",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-02T00:00:00Z",
    "count": 1,
}
METADATA = {"timezone": "Europe/Paris", "created_at": "2026-02-01T10:00:00+01:00", "warnings": []}
READING_COLUMNS = (
    Column("timestamp", Kind.TIME),
    Column("device_name", Kind.TEXT),
    Column("power_w", Kind.NUMBER, 2),
    Column("cost", Kind.AMOUNT, 2, "EUR"),
    Column("is_on", Kind.FLAG),
)


def table(
    columns: tuple[Column, ...],
    rows: list[tuple[Any, ...]],
    name: str = "device_data",
    size: int = 2,
) -> Table:
    """Return a table whose chunks have `size` rows."""
    chunks = [
        [list(values) for values in zip(*rows[first : first + size], strict=True)]
        for first in range(0, len(rows), size)
    ]
    return Table(name, columns, len(rows), iter(chunks))


def readings(count: int, name: str = "Fridge") -> Table:
    """Return a table of readings, a minute apart."""
    rows = [
        (at("2026-01-01 00:00") + 60 * number, name, 1000.5 + number, 0.25, number % 2 == 0)
        for number in range(count)
    ]
    return table(READING_COLUMNS, rows, size=100)


def job(file_format: str, locale: str = "en", **changes: Any) -> Job:
    """Return a job for January 2026 in Paris."""
    values: dict[str, Any] = {
        "export_type": "device_data",
        "format": file_format,
        "devices": (JobDevice(device_id="id", device_name="Fridge", entities={}),),
        "start": at("2026-01-01 00:00", "Europe/Paris"),
        "end": at("2026-02-01 00:00", "Europe/Paris"),
        "timezone": "Europe/Paris",
        "aggregation": "raw",
        "fields": ("timestamp",),
        "options": Options(locale=locale),
    }
    return Job(**values | changes)


def written(
    content: Content, file_format: str, locale: str = "en", *, job_changes: Any = None, **about: Any
) -> bytes:
    """Return the bytes of a file."""
    stream = io.BytesIO()
    FORMATS[file_format].writer().write(
        content, stream, job(file_format, locale, **(job_changes or {})), METADATA | about
    )
    return stream.getvalue()


def charts(*names: str) -> list[Chart]:
    """Return a chart of each kind, with series or categories of these names."""
    values = [1.5, None, 3.0]
    days = ["2026-01-01", "2026-01-02", "2026-01-03"]
    common: dict[str, Any] = {"unit": "kWh", "decimals": 2}
    series = [Series(name, values) for name in names]
    return [
        *(
            Chart(kind=kind, title=f"Some {kind}", categories=days, series=series, **common)
            for kind in (ChartKind.BAR, ChartKind.STACKED_BAR, ChartKind.LINE, ChartKind.HEAT_MAP)
        ),
        Chart(
            kind=ChartKind.PIE, title="Shares", categories=names,
            series=[Series("Energy", [1.0 + place for place in range(len(names))])], **common,
        ),
    ]  # fmt: skip


FIGURES = [
    Figure(name="devices", value="Fridge, Oven"),
    Figure(name="total_energy", value=1234.5, unit="kWh", decimals=2),
    Figure(name="total_cost", value=321.5, unit="EUR", decimals=2),
    Figure(name="peak_power", value=None, unit="W"),
]
