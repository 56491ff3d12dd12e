"""Measurements as VictoriaMetrics knows them: a series of labels, milliseconds and numbers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def selector_of(labels: Mapping[str, str]) -> str:
    """Return the selector of all series that have these labels, and perhaps others besides."""
    # JSON and MetricsQL escape quotes, backslashes and line ends alike.
    conditions = (
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()
    )
    return f"{{{','.join(conditions)}}}"


class Found:
    """What the server holds of one series at some moments; an answer may repeat a sample.

    `added` are the labels that each series of ours has there besides.
    """

    def __init__(
        self, labels: Mapping[str, str], rows: Sequence[Row], added: Mapping[str, str]
    ) -> None:
        self._labels = {**added, **labels}
        self._values: dict[int, set[float]] = {row.stamp: set() for row in rows}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take note of a line of `/api/v1/export`; lines of other series say nothing."""
        if line["metric"] != self._labels:
            return
        for stamp, value in zip(line["timestamps"], line["values"], strict=True):
            if stamp in self._values and isinstance(value, (int, float)):
                self._values[stamp].add(float(value))

    def has(self, row: Row) -> bool:
        """Return whether there is any value at a row's moment."""
        return bool(self._values[row.stamp])

    def agrees(self, row: Row) -> bool:
        """Return whether a row's value is there, and no other at its moment."""
        values = self._values[row.stamp]
        return bool(values) and all(
            math.isclose(value, row.value, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE) for value in values
        )
