"""Measurements as databases of time series know them: the series of each, and its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...const import DataType
from ..measurements import EcoWattLevel, Energy, TempoDay

if TYPE_CHECKING:
    from collections.abc import Mapping

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
DECIMALS: Final = 6
"""VictoriaMetrics keeps decimals, and those of one block share an exponent: what a sum of binary
fractions leaves behind the millionth of a watt-hour would cost it the digits that count."""


def number_of(measurement: Measurement) -> float:
    """Return what is stored: energy in Wh, a Tempo day as 1 (blue) to 3 (red), EcoWatt's level.

    Raises TypeError for what has no series.
    """
    if isinstance(measurement, Energy):
        return round(measurement.kwh * 1000, DECIMALS)
    if isinstance(measurement, TempoDay):
        return float(measurement.colour.code)
    if isinstance(measurement, EcoWattLevel):
        return float(measurement.level)
    raise TypeError(measurement)


def labels_of(measurement: Measurement, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a measurement's series but its name; `extra` are the user's."""
    kind = SERIES[measurement.data_type][2]
    assert measurement.point is not None  # the intake asks for a value per metering point
    labels = {**extra, "pdl": measurement.point.pdl}
    return labels if kind is None else {**labels, "type": kind}
