"""Measurements as databases of time series know them: the series of each, and its number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ...const import DataType
from ..measurements import EcoWattLevel, Energy, Grain, TempoDay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..measurements import Measurement

SERIES: Final[Mapping[DataType, tuple[str, str, str | None]]] = {
    DataType.CONSUMPTION_DAILY: ("myelectricaldata_consumption", "wh", "daily"),
    DataType.CONSUMPTION_MONTHLY: ("myelectricaldata_consumption", "wh", "monthly"),
    DataType.CONSUMPTION_DETAILED: ("myelectricaldata_consumption", "wh", "detailed"),
    DataType.PRODUCTION_DAILY: ("myelectricaldata_production", "wh", "daily"),
    DataType.TEMPO: ("myelectricaldata_tempo", "color", None),
    DataType.ECOWATT: ("myelectricaldata_ecowatt", "level", None),
}
"""What is measured, the field, and the label `type`.

Measurement and field, joined by an underscore, are the names of VictoriaMetrics: it takes line
protocol too, and joins them like that.
"""
_EQUALLY_LONG: Final = frozenset({Grain.HALF_HOURLY, Grain.HOURLY})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLIONTHS: Final = 1_000_000
"""VictoriaMetrics keeps decimals, and those of one block share an exponent: what a sum of binary
fractions leaves behind the millionth of a watt-hour would cost it the digits that count."""


def stamps_of(measurements: Sequence[Measurement], per_second: int) -> list[int]:
    """Return when periods of one series begin (UTC), oldest first: a second is `per_second`."""
    if (regular := _regular(measurements, per_second)) is not None:
        return list(regular)
    per_day = 86400 * per_second
    # Nearly twice as fast as `timestamp`, which counts microseconds.
    return [
        since.days * per_day + since.seconds * per_second
        for one in measurements
        for since in (one.start - _EPOCH,)
    ]


def _regular(measurements: Sequence[Measurement], per_second: int) -> range | None:
    """Return what `stamps_of` does, of periods that follow each other without a gap; or None."""
    first, last = measurements[0], measurements[-1]
    if first.grain not in _EQUALLY_LONG:
        return None
    # The first and the last one tell it, as these never overlap: days differ in length.
    start, end, latest = (
        int((at - _EPOCH).total_seconds()) * per_second
        for at in (first.start, first.end, last.start)
    )
    moments = range(start, latest + 1, end - start)
    return moments if moments[-1] == latest and len(moments) == len(measurements) else None


def numbers_of(measurements: Sequence[Measurement]) -> list[float]:
    """Return what is stored of each of the measurements of one series.

    Energy in Wh, a Tempo day as 1 (blue) to 3 (red), EcoWatt's level. Raises TypeError for what has
    no series.
    """
    kind = type(measurements[0])
    if kind is Energy:
        # Much faster than rounding to decimals, and the same.
        whole = 1000 * MILLIONTHS
        return [round(one.kwh * whole) / MILLIONTHS for one in measurements]  # type: ignore[attr-defined]
    if kind is TempoDay:
        return [float(one.colour.code) for one in measurements]  # type: ignore[attr-defined]
    if kind is EcoWattLevel:
        return [float(one.level) for one in measurements]  # type: ignore[attr-defined]
    raise TypeError(measurements[0])


def labels_of(measurement: Measurement, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a measurement's series but its name; `extra` are the user's."""
    assert measurement.point is not None  # the intake asks for a value per metering point
    return labels_of_point(measurement.point.pdl, SERIES[measurement.data_type][2], extra)


def labels_of_point(pdl: str, kind: str | None, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a metering point's series of some `type`, as `labels_of`."""
    labels = {**extra, "pdl": pdl}
    return labels if kind is None else {**labels, "type": kind}
