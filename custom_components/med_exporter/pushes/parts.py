"""The parts of a run: each series of each metering point, which arrives or fails on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..const import DataType, PlugRole
from ..destinations.measurements import PointName
from ..engine.lazy_dataclass import dataclass
from ..ledger import PointSeries
from ..metering.contracts import tariff_of
from .corrections import COST_SERIES
from .watermarks import SeriesKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..destinations.base import Intake
    from ..destinations.measurements import Grain
    from ..metering.metering_point import MeteringPoint

GRID_DATA: Final = frozenset({DataType.TEMPO, DataType.ECOWATT})

_ROLES: Final = {
    DataType.CONSUMPTION_DAILY: PlugRole.CONSUMPTION,
    DataType.CONSUMPTION_MONTHLY: PlugRole.CONSUMPTION,
    DataType.CONSUMPTION_DETAILED: PlugRole.CONSUMPTION,
    DataType.PRODUCTION_DAILY: PlugRole.PRODUCTION,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A series of a metering point, or of the whole house where `point` is None.

    `grain` is how long its closed periods are, None where the destination takes none;
    `shows_current` whether it takes the running value.
    """

    data_type: DataType
    point: MeteringPoint | None
    grain: Grain | None
    shows_current: bool
    is_cost: bool = False

    @property
    def name(self) -> PointName | None:
        """Return the metering point as destinations know it."""
        if self.point is None:
            return None
        return PointName(pdl=self.point.pdl, slug=self.point.slug, name=self.point.name)

    @property
    def key(self) -> SeriesKey:
        """Return what its watermark goes by."""
        slug = "" if self.point is None else self.point.slug
        return SeriesKey(slug, COST_SERIES if self.is_cost else self.data_type.value)

    @property
    def energy_series(self) -> PointSeries | None:
        """Return the series of the ledger that it is made of; None for the grid."""
        role = _ROLES.get(self.data_type)
        if role is None or self.point is None:
            return None
        return PointSeries(self.point.slug, role)

    def described(self) -> dict[str, Any]:
        """Return what a record says of it."""
        described: dict[str, Any] = {
            "data": self.data_type.value,
            "pdl": None if self.point is None else self.point.pdl,
        }
        if self.is_cost:
            described["series"] = COST_SERIES
        return described


def parts_of(
    intake: Intake,
    points: Collection[MeteringPoint],
    data: Collection[str],
    *,
    with_house: bool,
) -> list[Part]:
    """Return the parts of a run.

    Args:
        intake: what the destination takes.
        points: the metering points.
        data: the data types that are to be sent.
        with_house: whether what goes out once for the house belongs to it.

    """
    parts = [part for point in points for part in _of_point(intake, point, data)]
    if with_house and not intake.grid_per_point:
        parts += [
            part
            for data_type in DataType
            if data_type in data and data_type in GRID_DATA
            for part in _of_type(intake, None, data_type)
        ]
    return parts


def _of_point(intake: Intake, point: MeteringPoint, data: Collection[str]) -> Iterator[Part]:
    for data_type in DataType:
        if data_type in data and (intake.grid_per_point or data_type not in GRID_DATA):
            yield from _of_type(intake, point, data_type)


def _of_type(intake: Intake, point: MeteringPoint | None, data_type: DataType) -> Iterator[Part]:
    grain, shows_current = intake.closed.get(data_type), data_type in intake.current
    if grain is not None or shows_current:
        yield Part(data_type, point, grain, shows_current)
    if (
        intake.costs
        and grain is not None
        and point is not None
        and data_type is DataType.CONSUMPTION_DAILY
        and tariff_of(point.entry) is not None
    ):
        yield Part(data_type, point, grain, shows_current=False, is_cost=True)
