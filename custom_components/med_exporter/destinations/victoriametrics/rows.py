"""Measurements as VictoriaMetrics knows them: a series of labels, milliseconds and numbers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from ...const import DataType
from ..databases.series import DECIMALS, SERIES, number_of
from ..databases.series import labels_of as _labels_of
from ..measurements import EcoWattLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..measurements import Measurement

NAME: Final = "__name__"
_METRICS: Final = {kind: f"{name}_{field}" for kind, (name, field, _) in SERIES.items()}
CONSUMPTION: Final = _METRICS[DataType.CONSUMPTION_DAILY]
TYPES: Final[Mapping[str, frozenset[str | None]]] = {
    metric: frozenset(SERIES[kind][2] for kind, name in _METRICS.items() if name == metric)
    for metric in _METRICS.values()
}
"""The values that the label `type` has, by metric."""

type Labels = frozenset[tuple[str, str]]

# The server gives numbers back to the last digit, unless it was told to keep fewer bits.
_RELATIVE: Final = 1e-9
_ABSOLUTE: Final = 10**-DECIMALS / 2


@dataclass(frozen=True, slots=True)
class Row:
    """One sample: its measurement, the millisecond it belongs to (UTC), its number."""

    measurement: Measurement
    stamp: int
    value: float


def row_of(measurement: Measurement) -> Row:
    """Return the sample of a measurement, at the period's start.

    EcoWatt's level belongs to the moment at which it was read.
    """
    is_read = isinstance(measurement, EcoWattLevel)
    moment = measurement.timestamp if is_read else measurement.start
    return Row(measurement, round(moment.timestamp() * 1000), number_of(measurement))


def labels_of(measurement: Measurement, extra: Mapping[str, str]) -> dict[str, str]:
    """Return what tells a measurement's series from others; `extra` are the user's labels."""
    return {NAME: _METRICS[measurement.data_type], **_labels_of(measurement, extra)}


def line_of(labels: Mapping[str, str], samples: Iterable[tuple[int, float]]) -> bytes:
    """Return one line of `/api/v1/import`: a series and its samples."""
    stamps, values = zip(*samples, strict=True)
    line = {"metric": labels, "values": values, "timestamps": stamps}
    return orjson.dumps(line) + b"\n"


def selector_of(labels: Mapping[str, str]) -> str:
    """Return the selector of all series that have these labels, and perhaps others besides."""
    # JSON and MetricsQL escape quotes, backslashes and line ends alike.
    conditions = (
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()
    )
    return f"{{{','.join(conditions)}}}"


class Found:
    """What a series holds at some moments; an answer may repeat a sample."""

    def __init__(self, values: Mapping[int, Sequence[float]] | None = None) -> None:
        self._values = values or {}

    def has(self, row: Row) -> bool:
        """Return whether there is any value at a row's moment."""
        return bool(self._values.get(row.stamp))

    def count(self, row: Row) -> int:
        """Return how many samples of a row's value there are at its moment."""
        return sum(_is_same(value, row.value) for value in self._values.get(row.stamp, ()))

    def agrees(self, row: Row) -> bool:
        """Return whether a row's value is there, and no other at its moment."""
        return self.has(row) and self.count(row) == len(self._values[row.stamp])


class Reading:
    """What a server shows of all series that were asked for, at the moments of some rows."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._stamps = {row.stamp for row in rows}
        self._series: dict[Labels, dict[int, list[float]]] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take note of a line of `/api/v1/export`."""
        wanted = [
            (stamp, value)
            for stamp, value in zip(line["timestamps"], line["values"], strict=True)
            if stamp in self._stamps and isinstance(value, (int, float))
        ]
        if not wanted:
            return
        values = self._series.setdefault(frozenset(line["metric"].items()), {})
        for stamp, value in wanted:
            values.setdefault(stamp, []).append(value)

    def at(self, places: Iterable[Labels]) -> Found:
        """Return what the series that have exactly these labels have together."""
        merged: dict[int, list[float]] = {}
        for place in places:
            for stamp, values in self._series.get(place, {}).items():
                merged.setdefault(stamp, []).extend(values)
        return Found(merged)

    def places(self) -> set[Labels]:
        """Return the labels of all series that have a sample at one of the moments."""
        return set(self._series)


def _is_same(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
