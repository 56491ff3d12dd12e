"""Energy of days and half-hours as destinations are given it, and a push of some."""

from __future__ import annotations

import random
from datetime import UTC, timedelta
from itertools import batched
from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.measurements import (
    Energy,
    Grain,
    Measurement,
    PointName,
)
from custom_components.med_exporter.destinations.samples import Given
from custom_components.med_exporter.sources.tempo_calendar import PARIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from custom_components.med_exporter.destinations.base import Destination, Outcome

POINT = PointName(pdl="Mon_PDL-1", slug="mon_pdl_1", name="House")
ONE_DAY = timedelta(days=1)
TODAY = dt_util.utcnow().astimezone(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)


def day(
    ago: int,
    kwh: float,
    data_type: DataType = DataType.CONSUMPTION_DAILY,
    point: PointName = POINT,
) -> Energy:
    """Return the energy of a closed day, so many days ago."""
    start = TODAY - ago * ONE_DAY
    return Energy(
        data_type=data_type, point=point, grain=Grain.DAILY, start=start,
        end=start + ONE_DAY, closed=True, timestamp=start + ONE_DAY, kwh=kwh,
    )  # fmt: skip


def days(count: int, seed: int = 1) -> list[Energy]:
    """Return the energy of the last days, oldest first."""
    pick = random.Random(seed)
    return [day(ago, pick.uniform(0, 40)) for ago in range(count, 0, -1)]


def days_since() -> int:
    """Return how many midnights have passed since `TODAY` was made: tests run over them, too."""
    return (dt_util.utcnow() - TODAY) // ONE_DAY


def half_hours(count: int) -> list[Energy]:
    """Return the energy of the last half-hours, oldest first."""
    pick = random.Random(2)
    length = timedelta(minutes=30)
    # Real half-hours, over clock changes too.
    starts = [TODAY.astimezone(UTC) - number * length for number in range(count, 0, -1)]
    return [
        Energy(
            data_type=DataType.CONSUMPTION_DETAILED, point=POINT, grain=Grain.HALF_HOURLY,
            start=start.astimezone(PARIS), end=start + length, closed=True,
            timestamp=start + length, kwh=pick.uniform(0, 3),
        )
        for start in starts
    ]  # fmt: skip


class Settled(list[tuple[Measurement, "Outcome"]]):
    """What became of measurements, one by one: they may be settled many at once.

    Args:
        given: those that are pushed, in their order.

    """

    def __init__(self, given: Sequence[Measurement]) -> None:
        super().__init__()
        self.given = given

    def __call__(
        self,
        measurement: Measurement,
        outcome: Outcome,
        first: Measurement | None = None,
        count: int = 1,
    ) -> None:
        """Take note of some."""
        some = self.given[len(self) : len(self) + count]
        assert (some[0], some[-1]) == (first or measurement, measurement)
        self += [(one, outcome) for one in some]


class Latest:
    """The samples that a connection test may send."""

    def __init__(self, *latest: Measurement) -> None:
        self.latest = list(latest)
        self.given = Given()

    async def async_latest(self) -> list[Measurement]:
        return self.latest


async def pages_of[T](measurements: Iterable[T], size: int = 7) -> AsyncIterator[Sequence[T]]:
    """Yield measurements as a run hands them on, but in small pages: many end amid a batch."""
    for page in batched(measurements, size, strict=False):
        yield page


async def push(
    destination: Destination,
    measurements: Iterable[Measurement],
    outcomes: list[tuple[Measurement, Outcome]] | None = None,
) -> list[Outcome]:
    """Push measurements and return what became of them, in their order."""
    given = list(measurements)
    settled = Settled(given)

    try:
        await destination.async_push(pages_of(given), settled)
    finally:
        if outcomes is not None:
            outcomes += settled
    assert [measurement for measurement, _ in settled] == given
    return [outcome for _, outcome in settled]
