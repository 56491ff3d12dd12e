"""A shelf that stands where a destination would: it keeps what it gets, and fails when told to."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import (
    Corrections,
    DestinationError,
    Intake,
    Outcome,
)
from custom_components.med_exporter.destinations.measurements import (
    Cost,
    Energy,
    Grain,
    Measurement,
    PointName,
    TempoDay,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Sequence


DAYS = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.DAILY,
        DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
        DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
        DataType.PRODUCTION_DAILY: Grain.DAILY,
        DataType.TEMPO: Grain.DAILY,
        DataType.ECOWATT: Grain.DAILY,
    },
    current=frozenset(DataType) - {DataType.CONSUMPTION_DETAILED},
    costs=True,
)
SUMS = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.HOURLY,
        DataType.PRODUCTION_DAILY: Grain.HOURLY,
    },
    current=frozenset(DataType),
    costs=True,
    corrections=Corrections.ONWARDS,
)


def value_of(measurement: Measurement) -> object:
    """Return what a measurement is worth."""
    match measurement:
        case Energy():
            return measurement.kwh
        case Cost():
            return measurement.amount
        case TempoDay():
            return measurement.colour.value
    return measurement.level  # type: ignore[attr-defined]


def series_of(measurement: Measurement) -> tuple[str | None, str]:
    """Return the metering point and the series of a measurement."""
    name = "cost" if isinstance(measurement, Cost) else measurement.data_type.value
    return None if measurement.point is None else measurement.point.pdl, name


class Shelf:
    """A destination that keeps what it gets, in order, and settles it some values later.

    `fails` is asked before each measurement and may raise; `outcome` says what becomes of it;
    `begins` is asked at the start of each run and may raise; what is in `lost` is not there.
    `renamed` are the ids of which it has heard; where it `renames`, it does away with the old one.
    """

    def __init__(self, intake: Intake = DAYS, window: int = 3) -> None:
        self.intake = intake
        self.window = window
        self.taken: list[Measurement] = []
        self.fails: Callable[[Measurement], object] = lambda _: None
        self.outcome: Callable[[Measurement], Outcome] = lambda _: Outcome.STORED
        self.begins: Callable[[], object] = lambda: None
        self.lost: Callable[[Measurement], bool] = lambda _: False
        self.renamed: list[tuple[str, str]] = []
        self.renames = True
        self.opened = asyncio.Event()
        self.opened.set()

    async def async_start(self) -> None:
        """Connect to nothing."""

    async def async_reach(self) -> None:
        """Be there, or not."""
        self.begins()

    async def async_missing(self, witnesses: Sequence[Measurement]) -> list[Measurement]:
        """Tell what is lost."""
        return [one for one in witnesses if self.lost(one)]

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Hear of another id, and do away with the one before where it can."""
        self.renamed.append((before.pdl, now.pdl))
        return self.renames

    async def async_close(self) -> None:
        """Close nothing."""

    async def async_test(self) -> str | None:
        """Find nothing wrong."""
        return None

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Take what comes; what is on its way is settled when one fails."""
        flight: deque[Measurement] = deque()
        try:
            async for page in pages:
                for measurement in page:
                    await self.opened.wait()
                    self.fails(measurement)
                    self.taken.append(measurement)
                    flight.append(measurement)
                    if len(flight) > self.window:
                        first = flight.popleft()
                        settle(first, self.outcome(first))
        finally:
            for measurement in flight:
                settle(measurement, self.outcome(measurement))

    def closed(self, pdl: str | None = "house", series: str = "consumption_daily") -> list[Any]:
        """Return dates and values of what came of a series' closed periods, in order."""
        return [
            (one.date, value_of(one))
            for one in self.taken
            if one.closed and series_of(one) == (pdl, series)
        ]

    def current(self) -> list[tuple[tuple[str | None, str], str, object]]:
        """Return what came of running values."""
        return [(series_of(one), one.date, value_of(one)) for one in self.taken if not one.closed]

    def final(self, pdl: str | None = "house", series: str = "consumption_daily") -> dict[str, Any]:
        """Return the last value that came of each closed period."""
        return dict(self.closed(pdl, series))

    def clear(self) -> None:
        """Forget what came so far."""
        self.taken.clear()


def refuse(code: str = "refused") -> Callable[[Measurement], object]:
    """Return what lets a shelf refuse everything."""

    def fail(_: Measurement) -> object:
        raise DestinationError(code, host="shelf", port=1)

    return fail
