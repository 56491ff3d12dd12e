"""Half-hours, hours, days, months and the counter agree, in a real recorder's database."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder.statistics import get_last_statistics
from homeassistant.helpers.recorder import get_instance
from hypothesis import HealthCheck, example, given, settings

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import Ledger, PlugHistory, PlugSeries, PointSeries

from .stories import PARIS, Life, Story, stories

if TYPE_CHECKING:
    from .conftest import Books

_numbers = itertools.count()


async def last_sum(books: Books, statistic_id: str) -> float:
    """Return the last running sum as Home Assistant has it."""
    found = await get_instance(books.hass).async_add_executor_job(
        get_last_statistics, books.hass, 1, statistic_id, True, {"sum"}
    )
    return found[statistic_id][0]["sum"] if found else 0.0


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    # Its last hour is the first of two that clocks show alike.
    Story(
        PARIS,
        datetime(2026, 10, 24, 22, 3, tzinfo=PARIS),
        0.0,
        11,
        [("slow polls", 108), ("minutes away", 56), ("polls", 11), ("restart", 79)],
    )
)
@given(stories())
async def test_everything_adds_up_to_the_counter(books: Books, story: Story) -> None:
    number = next(_numbers)
    await books.hass.config.async_set_time_zone(story.zone.key)
    ledger, posted = Ledger(books.hass), []
    life = Life(
        story, posted.append, plug_id=f"50c7bf{number:06x}", metering_point=f"house{number}"
    )
    life.live()
    plug = life.plug
    # The first half of the life is written to the statistics before the second is posted.
    for half in (posted[: len(posted) // 2], posted[len(posted) // 2 :]):
        for posting in half:
            await ledger.post(posting)
        if half:
            books.freezer.move_to(half[-1].at.astimezone(UTC))
            await ledger.async_write_statistics()
    # What the plug counted before comes in late, and twice.
    first = life.start.at.date()
    history = PlugHistory(
        plug=plug,
        day_kwh={
            first - timedelta(days=n): life.outlet.day_kwh(first - timedelta(days=n))
            for n in range(6)
        },
    )
    for _ in range(2):
        await ledger.backfill(history)
    for posting in posted:
        await ledger.post(posting)
    end = life.counter.seen_at + timedelta(hours=2)
    start = life.start.at - timedelta(days=10)
    books.freezer.move_to(end.astimezone(UTC))
    await ledger.async_write_statistics()
    own = PlugSeries(plug.plug_id)
    half_hours = await ledger.async_half_hours(own, start, end)
    before = sum(kwh for day, kwh in history.day_kwh.items() if day != first)
    growth = life.counter.value - life.start.value_kwh + life.start.today_kwh
    booked = sum(period.kwh for period in half_hours)
    # Each day and each of the counter's own values is rounded to a milliwatt-hour.
    assert booked == pytest.approx(growth + before, abs=1e-5)

    hours = await ledger.async_hours(own, start, end)
    for periods in (
        hours,
        await ledger.async_days(own, start - timedelta(days=1), end),
        await ledger.async_months(own, start.replace(day=1) - timedelta(days=31), end),
    ):
        assert sum(p.kwh for p in periods) == pytest.approx(booked, abs=1e-6)
        assert all(one.end <= other.start for one, other in itertools.pairwise(periods))
        assert sum(p.filled_kwh for p in periods) == pytest.approx(
            sum(p.filled_kwh for p in half_hours), abs=1e-6
        )
    closed = await books.written_until(own)
    closed_kwh = sum(p.kwh for p in hours if p.closed)
    assert await last_sum(books, own.statistic_id) == pytest.approx(closed_kwh, abs=1e-6)
    assert all(p.closed == (p.end <= closed) for p in hours)
    for role in (PlugRole.CONSUMPTION, PlugRole.PRODUCTION):
        point = PointSeries(plug.metering_point, role)
        of_role = await ledger.async_half_hours(point, start, end)
        assert sum(p.kwh for p in await ledger.async_hours(point, start, end)) == pytest.approx(
            sum(p.kwh for p in of_role), abs=1e-6
        )

    await ledger.async_write_statistics()
    assert await ledger.async_hours(own, start, end) == hours
    assert await ledger.async_half_hours(own, start, end) == half_hours
