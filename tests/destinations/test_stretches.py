"""Periods are asked for from the first to the last, whatever clocks show meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.measurements import Grain, Measurement
from custom_components.med_exporter.destinations.stretches import stretches
from tests.metering_points import PARIS


def half_hour(start: datetime) -> Measurement:
    return Measurement(
        data_type=DataType.CONSUMPTION_DETAILED,
        point=None,
        grain=Grain.HALF_HOURLY,
        start=start.astimezone(PARIS),
        end=(start + timedelta(minutes=30)).astimezone(PARIS),
        closed=True,
        timestamp=start,
    )


def test_half_hours_that_clocks_show_twice_stand_in_their_order() -> None:
    # 02:30 in summer, and then 02:00 in winter.
    first, second = (datetime(2026, 10, 25, *at, tzinfo=UTC) for at in ((0, 30), (1, 0)))
    (stretch,) = stretches([half_hour(second), half_hour(first)])
    assert [one.start.astimezone(UTC) for one in stretch] == [first, second]
