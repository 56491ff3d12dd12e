"""Measurements as VictoriaMetrics knows them: a series of labels, milliseconds and numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, overload

import orjson

from ...const import DataType
from ..databases.series import SERIES, numbers_of, stamps_of
from ..databases.series import labels_of as _labels_of
from ..measurements import EcoWattLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..measurements import Measurement

NAME: Final = "__name__"
_METRICS: Final = {kind: f"{name}_{field}" for kind, (name, field, _) in SERIES.items()}
CONSUMPTION: Final = _METRICS[DataType.CONSUMPTION_DAILY]
TYPES: Final[Mapping[str, frozenset[str | None]]] = {
    metric: frozenset(SERIES[kind][2] for kind, name in _METRICS.items() if name == metric)
    for metric in _METRICS.values()
}
"""The values that the label `type` has, by metric."""

# Few enough for whoever stands before the server.
_OF_A_LINE: Final = 250
SAMPLE_BYTES: Final = 40
"""What a millisecond and a number with their commas take at most."""

type Labels = frozenset[tuple[str, str]]


class Row(NamedTuple):
    """One sample: its measurement, the millisecond it belongs to (UTC), its number."""

    measurement: Measurement
    stamp: int
    value: float


class Rows(Sequence[Row]):
    """Samples of one series, as columns: those of a year are compared and written as a whole.

    Args:
        measurements: what they are made of.
        stamps: the millisecond of each (UTC).
        values: the number of each.

    """

    __slots__ = ("measurements", "stamps", "values")

    def __init__(
        self, measurements: Sequence[Measurement], stamps: list[int], values: list[float]
    ) -> None:
        self.measurements = measurements
        self.stamps = stamps
        self.values = values

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """Return rows as columns."""
        if isinstance(rows, Rows):
            return rows
        return cls(
            [row.measurement for row in rows],
            [row.stamp for row in rows],
            [row.value for row in rows],
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.stamps)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        """Return one, or some of them."""
        if isinstance(index, slice):
            return Rows(self.measurements[index], self.stamps[index], self.values[index])
        return Row(self.measurements[index], self.stamps[index], self.values[index])

    def since(self, stamp: int) -> Rows:
        """Return those that are not older than a millisecond."""
        if not self.stamps or self.stamps[0] >= stamp:
            return self
        return Rows.of([row for row in self if row.stamp >= stamp])

    def but(self, stamp: int) -> Rows:
        """Return all but that of a millisecond."""
        if self.stamps and self.stamps[-1] == stamp:
            return self[:-1]
        return Rows.of([row for row in self if row.stamp != stamp])


def rows_of(measurements: Sequence[Measurement]) -> Rows:
    """Return the samples of measurements of one series, at the starts of their periods.

    EcoWatt's levels belong to the moments at which they were read.
    """
    if isinstance(measurements[0], EcoWattLevel):
        stamps = [round(one.timestamp.timestamp() * 1000) for one in measurements]
    else:
        stamps = stamps_of(measurements, 1000)
    return Rows(measurements, stamps, numbers_of(measurements))


def labels_of(measurement: Measurement, extra: Mapping[str, str]) -> dict[str, str]:
    """Return what tells a measurement's series from others; `extra` are the user's labels."""
    return {NAME: _METRICS[measurement.data_type], **_labels_of(measurement, extra)}


def line_of(labels: Mapping[str, str], samples: Iterable[tuple[int, float]]) -> bytes:
    """Return one line of `/api/v1/import`: a series and its samples.

    These are pairs of a millisecond (UTC) and a number.
    """
    stamps, values = zip(*samples, strict=True)
    return _line(labels, stamps, values)


def lines_of_rows(labels: Mapping[str, str], rows: Rows, longest: int | None = None) -> bytes:
    """Return lines of `/api/v1/import`, as `line_of`, none of more bytes than `longest`."""
    most = _OF_A_LINE
    if longest is not None:
        room = longest - len(_line(labels, (), ()))
        most = max(1, min(most, room // SAMPLE_BYTES))
    return b"".join(
        _line(labels, rows.stamps[at : at + most], rows.values[at : at + most])
        for at in range(0, len(rows), most)
    )


def halves_of(line: bytes) -> tuple[bytes, bytes] | None:
    """Return two lines of `/api/v1/import` with the samples of one, None where it has one only."""
    read = orjson.loads(line)
    labels, stamps, values = read["metric"], read["timestamps"], read["values"]
    middle = len(stamps) // 2
    if not middle:
        return None
    return (
        _line(labels, stamps[:middle], values[:middle]),
        _line(labels, stamps[middle:], values[middle:]),
    )


def _line(labels: Mapping[str, str], stamps: Sequence[int], values: Sequence[float]) -> bytes:
    line = {"metric": labels, "values": values, "timestamps": stamps}
    return orjson.dumps(line) + b"\n"


def selector_of(labels: Mapping[str, str]) -> str:
    """Return the selector of all series that have these labels, and perhaps others besides."""
    # JSON and MetricsQL escape quotes, backslashes and line ends alike.
    conditions = (
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()
    )
    return f"{{{','.join(conditions)}}}"
