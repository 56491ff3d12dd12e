"""What a file keeps to itself is taken out of the job that it is made of, and of its content.

It acts in one place, around an export type: the job is masked before its rows are read, so that
whatever is made of it knows only pseudonyms, and the finished content once more, for what the
export type has read by itself. Neither export types nor writers need to know.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from .pseudonyms import Pseudonyms
from .rows.tables import Holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .job import CustomField, GivenTable, Job, JobDevice, Privacy
    from .rows.content import Chart, Content, Figure
    from .rows.tables import Chunk, Table

_TEXT_LITERAL = re.compile(r"'((?:[^']|'')*)'")

_OWN_WORDS = frozenset(
    ("export_id", "export_type", "format", "created_at", "start", "end", "aggregation", "currency")
)
"""Keys of the metadata whose values are words of our own."""
_USER_KEYS = frozenset(("user", "users", "user_id", "user_name", "created_by", "requested_by"))
_LOCATION_KEYS = frozenset(("timezone", "time_zone", "area", "latitude", "longitude", "location"))


class Mask:
    """Hides what one job's privacy asks for.

    Args:
        job: as it was asked for.

    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._privacy: Privacy = job.privacy
        self._shown = Pseudonyms(job)

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
                    pdl=self._shown.id(point.pdl),
                    name=self._shown.point_at(place, point.name),
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
                device_id=self._shown.id(device.device_id),
                device_ip=self._shown.value(Holds.ADDRESS, device.device_ip),
                device_name=self._shown.device_at(place, device.device_name),
                mac=self._shown.value(Holds.DEVICE_ID, device.mac),
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
        content.warnings = self._warnings(content.warnings)
        return content

    def _given(self, table: GivenTable) -> GivenTable:
        """Return a table masked, its columns as such that need no more masking."""
        holds = [column.holds for column in table.columns]
        return replace(
            table,
            columns=tuple(replace(column, holds=None) for column in table.columns),
            rows=tuple(
                tuple(
                    cell if held is None else self._shown.value(held, cell)
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
            name = wanted = self._shown.text(custom.name)
            numbers = count(2)
            while name in taken:
                name = f"{wanted}-{next(numbers)}"
            taken.add(name)
            formula = _TEXT_LITERAL.sub(self._literal, custom.formula)
            fields.append(
                replace(custom, name=name, formula=formula, unit=self._shown.text(custom.unit))
            )
        return tuple(fields)

    def _literal(self, found: re.Match[str]) -> str:
        """Mask a text inside a formula, so that comparing it with a name still works."""
        text = self._shown.text(found[1].replace("''", "'"))
        return "'" + text.replace("'", "''") + "'"

    def _metadata(self, value: Any) -> Any:  # noqa: ANN401  # any JSON value
        if isinstance(value, str):
            return self._shown.text(value)
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
        table.warnings = self._warnings(table.warnings)

    def _warnings(self, warnings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                **one,
                **{key: self._shown.text(one[key]) for key in ("message", "about") if key in one},
            }
            for one in warnings
        ]

    def _chunks(self, holds: Sequence[Holds | None], chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            if Holds.TEXT in holds:
                self._shown.learn(
                    (held, cell)
                    for held, cells in zip(holds, chunk, strict=True)
                    if held is not None
                    for cell in set(cells)
                )
            yield [
                cells if held is None else [self._shown.value(held, cell) for cell in cells]
                for held, cells in zip(holds, chunk, strict=True)
            ]

    def _figure(self, figure: Figure) -> Figure:
        value = figure.value
        return replace(figure, value=self._shown.text(value) if isinstance(value, str) else value)

    def _chart(self, chart: Chart) -> Chart:
        return replace(
            chart,
            title=self._shown.text(chart.title),
            note=self._shown.text(chart.note),
            categories=[self._shown.text(category) for category in chart.categories],
            series=[replace(series, name=self._shown.text(series.name)) for series in chart.series],
        )
