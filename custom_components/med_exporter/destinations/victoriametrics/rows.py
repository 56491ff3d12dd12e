"""Measurements as VictoriaMetrics knows them: a series of labels, milliseconds and numbers."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import orjson

from ...const import DataType
from ..databases.series import MILLIONTHS, SERIES, numbers_of, stamps_of
from ..databases.series import labels_of as _labels_of
from ..measurements import EcoWattLevel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..measurements import Measurement

    type Samples = tuple[Sequence[int], Sequence[float | None]]

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

# The server gives numbers back to the last digit, unless it was told to keep fewer bits.
EXACT: Final = 1e-9
_ABSOLUTE: Final = 1 / MILLIONTHS / 2


def is_same(number: float, other: float, relative: float) -> bool:
    """Return whether two numbers differ by no more than what a server keeps of them.

    `relative` is by what part of it a number may differ and be the same.
    """
    return math.isclose(number, other, rel_tol=relative, abs_tol=_ABSOLUTE)


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

    def __add__(self, other: Rows) -> Rows:
        """Return these and those that come after them."""
        return Rows(
            [*self.measurements, *other.measurements],
            self.stamps + other.stamps,
            self.values + other.values,
        )

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


class Found:
    """What a series holds at some moments; an answer may repeat a sample.

    What was written is mostly there as it was written. So moments and numbers are first compared
    as a whole, and looked up one by one only where they differ.

    Attributes:
        read: how many samples there were in the answer, of other series and moments too.

    """

    def __init__(
        self, samples: Iterable[Samples] = (), *, read: int = 0, relative: float = EXACT
    ) -> None:
        self.read = read
        self._relative = relative
        self._compared: tuple[Rows, bool] | None = None
        self._stamps: list[int] = []
        self._numbers: list[float | None] = []
        for stamps, numbers in samples:
            self._stamps += stamps
            self._numbers += numbers

    @cached_property
    def _values(self) -> dict[int, list[float]]:
        values: dict[int, list[float]] = {}
        for stamp, number in zip(self._stamps, self._numbers, strict=True):
            if isinstance(number, (int, float)):
                values.setdefault(stamp, []).append(number)
        return values

    def lacks(self, rows: Rows) -> Rows:
        """Return the rows at whose moment there is no value."""
        if not self._stamps or not rows:
            return rows
        if self._is_exactly(rows):
            return rows[:0]
        return Rows.of([row for row in rows if not self.has(row)])

    def differs(self, rows: Rows) -> set[int]:
        """Return the moments of rows that do not agree."""
        if not rows or self._is_exactly(rows):
            return set()
        return {row.stamp for row in rows if not self.agrees(row)}

    def newest_of(self, rows: Rows) -> Row | None:
        """Return the last of some rows at whose moment there is a value."""
        if self._is_exactly(rows):
            return rows[-1]
        return next(filter(self.has, reversed(rows)), None)

    def has(self, row: Row) -> bool:
        """Return whether there is any value at a row's moment."""
        return bool(self._values.get(row.stamp))

    def count(self, row: Row) -> int:
        """Return how many samples of a row's value there are at its moment."""
        values = self._values.get(row.stamp, ())
        return sum(is_same(value, row.value, self._relative) for value in values)

    def agrees(self, row: Row) -> bool:
        """Return whether a row's value is there, and no other at its moment."""
        return self.has(row) and self.count(row) == len(self._values[row.stamp])

    def _is_exactly(self, rows: Rows) -> bool:
        if self._compared is None or self._compared[0] is not rows:
            is_same = self._stamps == rows.stamps and self._numbers == rows.values
            self._compared = rows, is_same
        return self._compared[1]


class Reading:
    """What a server shows of all series that were asked for, at the moments of some rows.

    `relative` is by what part of it a number may differ and be the same.
    """

    def __init__(self, rows: Rows, *, relative: float = EXACT) -> None:
        self._relative = relative
        self._rows = rows
        self._read = 0
        self._series: dict[Labels, list[Samples]] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take note of a line of `/api/v1/export`."""
        self._read += len(line["timestamps"])
        if self._has_one_of(line["timestamps"]):
            samples = self._series.setdefault(frozenset(line["metric"].items()), [])
            samples.append((line["timestamps"], line["values"]))

    def _has_one_of(self, stamps: Sequence[int]) -> bool:
        if not stamps:
            return False
        # Mostly it is the first one of them; a set of all takes longer to make than all the rest.
        place = bisect_left(self._rows.stamps, stamps[0])
        if self._rows.stamps[place : place + 1] == [stamps[0]]:
            return True
        return not self._moments.isdisjoint(stamps)

    @cached_property
    def _moments(self) -> set[int]:
        return set(self._rows.stamps)

    def at(self, places: Iterable[Labels]) -> Found:
        """Return what the series that have exactly these labels have together."""
        samples = (one for place in places for one in self._series.get(place, ()))
        return Found(samples, read=self._read, relative=self._relative)

    def places(self) -> set[Labels]:
        """Return the labels of all series that have a sample at one of the moments."""
        return set(self._series)
