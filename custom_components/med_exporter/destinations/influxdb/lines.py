"""Measurements as InfluxDB knows them: a measurement, tags, one field, a time in seconds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ...engine.lazy_dataclass import dataclass
from ..databases.series import SERIES, labels_of, numbers_of, stamps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..measurements import Measurement

_OWN: Final = "myelectricaldata_export"

# A tag named like a column would hide it from whoever asks.
_TAKEN_NAMES: Final = frozenset(
    {"time", "test", "total", "duration_seconds", "records_total"}
    | {field for _, field, _ in SERIES.values()}
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
        """Return the line of one point, as `lines`."""
        return self.lines([Point(stamp, value)])

    def lines(self, points: Iterable[Point]) -> bytes:
        """Return a line for each point: its value is always a float, as a field keeps its type."""
        tags = "".join(
            f",{name.translate(_IN_TAG)}={text.translate(_IN_TAG)}"
            for name, text in sorted(self.tags.items())
        )
        name = self.measurement.translate(_IN_NAME)
        start = f"{name}{tags} {self.field}="
        return "".join([f"{start}{float(value)!r} {stamp}\n" for stamp, value in points]).encode()


class Point(NamedTuple):
    """A value at the second (UTC) that it belongs to."""

    stamp: int
    value: float


def series_of(measurement: Measurement, labels: Mapping[str, str]) -> Series:
    """Return the series of a measurement; `labels` are the user's."""
    name, field, _ = SERIES[measurement.data_type]
    return Series(name, field, labels_of(measurement, labels))


def point_of(measurement: Measurement) -> Point:
    """Return the point of a measurement, at its period's start."""
    return points_of([measurement])[0]


def points_of(measurements: Sequence[Measurement]) -> list[Point]:
    """Return the points of measurements of one series, as `point_of` for each."""
    return list(map(Point, stamps_of(measurements, 1), numbers_of(measurements)))


def own_series(name: str, labels: Mapping[str, str]) -> Series:
    """Return the series of one of the exporter's own metrics, by its name in VictoriaMetrics."""
    return Series(_OWN, name.removeprefix(f"{_OWN}_"), labels)
