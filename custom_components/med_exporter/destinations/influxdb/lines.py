"""Measurements as InfluxDB knows them: a measurement, tags, one field, a time in seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...const import DataType
from ..measurements import EcoWattLevel, Energy, TempoDay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..measurements import Measurement

# Measurement and field, joined by an underscore, are the names of VictoriaMetrics: it takes line
# protocol too, and joins them like that.
_CONSUMPTION: Final = ("myelectricaldata_consumption", "wh")
_SERIES: Final = {
    DataType.CONSUMPTION_DAILY: (*_CONSUMPTION, "daily"),
    DataType.CONSUMPTION_MONTHLY: (*_CONSUMPTION, "monthly"),
    DataType.CONSUMPTION_DETAILED: (*_CONSUMPTION, "detailed"),
    DataType.PRODUCTION_DAILY: ("myelectricaldata_production", "wh", "daily"),
    DataType.TEMPO: ("myelectricaldata_tempo", "color", None),
    DataType.ECOWATT: ("myelectricaldata_ecowatt", "level", None),
}
_OWN: Final = "myelectricaldata_export"
_DECIMALS: Final = 6

# A tag named like a column would hide it from whoever asks.
_TAKEN_NAMES: Final = frozenset(
    {"time", "test", "total", "duration_seconds", "records_total"}
    | {field for _, field, _ in _SERIES.values()}
)

# Line ends and other control characters, or a backslash that would escape what follows it.
_UNSAYABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]|\\(?=[\\,= ]|$)")
_IN_NAME: Final = str.maketrans({",": "\\,", " ": "\\ "})
_IN_TAG: Final = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})


def is_tag(text: str) -> bool:
    """Return whether line protocol can say a text.

    A backslash before one of its separators, at the end or before another one it cannot.
    """
    return not _UNSAYABLE.search(text)


def is_tag_name(name: str) -> bool:
    """Return whether a user's tag may have a name: fields, times, and the server's own have it."""
    return not name.startswith("_") and name not in _TAKEN_NAMES


@dataclass(frozen=True, slots=True)
class Series:
    """A field of a measurement under some tags, whose texts `is_tag` takes."""

    measurement: str
    field: str
    tags: Mapping[str, str]

    def line(self, stamp: int, value: float) -> bytes:
        """Return a line: the value (always a float, as a field keeps its type) at a second."""
        tags = "".join(
            f",{name.translate(_IN_TAG)}={text.translate(_IN_TAG)}"
            for name, text in sorted(self.tags.items())
        )
        name = self.measurement.translate(_IN_NAME)
        return f"{name}{tags} {self.field}={float(value)!r} {stamp}\n".encode()


@dataclass(frozen=True, slots=True)
class Point:
    """A value at the second (UTC) that it belongs to."""

    stamp: int
    value: float


def series_of(measurement: Measurement, labels: Mapping[str, str]) -> Series:
    """Return the series of a measurement; `labels` are the user's."""
    name, field, kind = _SERIES[measurement.data_type]
    assert measurement.point is not None  # the intake asks for a value per metering point
    tags = {**labels, "pdl": measurement.point.pdl}
    return Series(name, field, tags if kind is None else {**tags, "type": kind})


def point_of(measurement: Measurement) -> Point:
    """Return the point of a measurement, at its period's start: energy in Wh, else a code."""
    if isinstance(measurement, Energy):
        value = round(measurement.kwh * 1000, _DECIMALS)
    elif isinstance(measurement, TempoDay):
        value = float(measurement.colour.code)
    else:
        assert isinstance(measurement, EcoWattLevel)
        value = float(measurement.level)
    return Point(round(measurement.start.timestamp()), value)


def own_series(name: str, labels: Mapping[str, str]) -> Series:
    """Return the series of one of the exporter's own metrics, by its name in VictoriaMetrics."""
    return Series(_OWN, name.removeprefix(f"{_OWN}_"), labels)
