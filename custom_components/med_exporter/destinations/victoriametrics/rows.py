"""Measurements as VictoriaMetrics knows them: a series of labels, milliseconds and numbers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from ...const import DataType
from ..measurements import (
    EcoWattLevel,
    Energy,
    TempoDay,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..measurements import Measurement

CONSUMPTION: Final = "myelectricaldata_consumption_wh"
PRODUCTION: Final = "myelectricaldata_production_wh"
TEMPO_COLOUR: Final = "myelectricaldata_tempo_color"
ECOWATT_LEVEL: Final = "myelectricaldata_ecowatt_level"

NAME: Final = "__name__"
TYPES: Final[Mapping[str, frozenset[str | None]]] = {
    CONSUMPTION: frozenset({"daily", "monthly", "detailed"}),
    PRODUCTION: frozenset({"daily"}),
    TEMPO_COLOUR: frozenset({None}),
    ECOWATT_LEVEL: frozenset({None}),
}
"""The values that the label `type` has, by metric."""

type Labels = frozenset[tuple[str, str]]
_METRICS: Final = {
    DataType.CONSUMPTION_DAILY: (CONSUMPTION, "daily"),
    DataType.CONSUMPTION_MONTHLY: (CONSUMPTION, "monthly"),
    DataType.CONSUMPTION_DETAILED: (CONSUMPTION, "detailed"),
    DataType.PRODUCTION_DAILY: (PRODUCTION, "daily"),
    DataType.TEMPO: (TEMPO_COLOUR, None),
    DataType.ECOWATT: (ECOWATT_LEVEL, None),
}

# The server keeps decimals, and those of one block share an exponent: what a sum of binary
# fractions leaves behind the millionth of a watt-hour would cost it the digits that count.
_DECIMALS: Final = 6
# The server gives numbers back to the last digit, unless it was told to keep fewer bits.
_RELATIVE: Final = 1e-9
_ABSOLUTE: Final = 10**-_DECIMALS / 2


@dataclass(frozen=True, slots=True)
class Row:
    """One sample: its measurement, the millisecond it belongs to (UTC), its number."""

    measurement: Measurement
    stamp: int
    value: float


def row_of(measurement: Measurement) -> Row:
    """Return the sample of a measurement: energy in Wh at the period's start.

    A Tempo day is 1 (blue), 2 (white) or 3 (red) at its midnight; EcoWatt's level belongs to the
    moment at which it was read.
    """
    stamp = measurement.start
    if isinstance(measurement, Energy):
        value = round(measurement.kwh * 1000, _DECIMALS)
    elif isinstance(measurement, TempoDay):
        value = float(measurement.colour.code)
    elif isinstance(measurement, EcoWattLevel):
        value, stamp = float(measurement.level), measurement.timestamp
    else:
        raise TypeError(measurement)
    return Row(measurement, round(stamp.timestamp() * 1000), value)


def labels_of(measurement: Measurement, extra: Mapping[str, str]) -> dict[str, str]:
    """Return what tells a measurement's series from others; `extra` are the user's labels."""
    name, kind = _METRICS[measurement.data_type]
    assert measurement.point is not None
    labels = {NAME: name, **extra, "pdl": measurement.point.pdl}
    return labels if kind is None else {**labels, "type": kind}


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
