"""A plug whose clock has another zone: each of its hours and days is in the ledger once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.energy import HourKwh, to_mwh
from custom_components.med_exporter.engine.times import day_start
from custom_components.med_exporter.ledger.past import PlugHistory
from custom_components.med_exporter.ledger.posting import CounterStart, Posting

from .conftest import plug
from .paper import Paper
from .stories import KATHMANDU, KOLKATA, LORD_HOWE, NEW_YORK, PARIS, ST_JOHNS, ZONES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AUCKLAND = ZoneInfo("Pacific/Auckland")
EPOCH = datetime(2026, 6, 1, tzinfo=UTC)
_DAYS = 4

# The zones of a house and of a plug, and when the one joins the other, or was lost.
JOINED = (
    st.sampled_from(ZONES),
    st.sampled_from([*ZONES, AUCKLAND]),
    st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1)),  # noqa: DTZ001
)
# What is used in quarter-hours in turn.
WH = st.lists(st.integers(0, 900), min_size=24, max_size=24)


def hour_of(at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the hour of a clock that shows whole hours began, in UTC."""
    shown = at.astimezone(zone)
    return shown.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def told_hours(
    used: Callable[[datetime, datetime], float], at: datetime, zone: ZoneInfo
) -> dict[datetime, HourKwh]:
    """Return what a plug in a zone tells of its hours at some moment, the running one included."""
    first = hour_of(at, zone) - timedelta(days=_DAYS)
    hours = (first + timedelta(hours=n) for n in range(24 * _DAYS + 1))
    return {hour: HourKwh(used(hour, min(hour + timedelta(hours=1), at))) for hour in hours}


def joined(
    house: ZoneInfo, zone: ZoneInfo, at: datetime, used: Callable[[datetime, datetime], float]
) -> Paper:
    """Return the ledger of a plug that was added at some moment and has told its past."""
    paper = Paper(house)
    midnight = datetime.combine(at.astimezone(zone).date(), datetime.min.time(), zone)
    hours = told_hours(used, at, zone)
    paper.post(
        Posting(
            plug=plug(),
            start=CounterStart(at=at, value_kwh=5.0, today_kwh=0.0 if midnight > at else 0.001),
            value_kwh=5.0,
            at=at,
            since=at,
            hour_kwh=hours,
        )
    )
    paper.fill(PlugHistory(plug=plug(), hour_kwh=hours))
    return paper


def by_quarters(wh: Sequence[int]) -> Callable[[datetime, datetime], float]:
    """Return what is used between two moments, with so many Wh in quarter-hours in turn."""

    def used(start: datetime, end: datetime) -> float:
        kwh, since = 0.0, start
        while since < end:
            place = int((since - EPOCH).total_seconds() // 900)
            until = min(end, EPOCH + timedelta(seconds=900 * (place + 1)))
            kwh += wh[place % len(wh)] / 1000 * (until - since).total_seconds() / 900
            since = until
        return kwh

    return used


def missed(
    house: ZoneInfo,
    zone: ZoneInfo,
    gap: tuple[datetime, datetime],
    used: Callable[[datetime, datetime], float],
) -> Paper:
    """Return the ledger of a plug that nobody read for a while, and that tells its days."""
    lost, found = gap
    paper, began = Paper(house), lost - timedelta(days=3)
    start = CounterStart(at=began, value_kwh=5.0)
    quarters = range(int(began.timestamp()) // 900 * 900, int(lost.timestamp()) + 1, 900)
    moments = [began, *(datetime.fromtimestamp(q, UTC) for q in quarters[1:]), lost]
    sums = [to_mwh(used(began, moment)) for moment in moments]
    measured = dict(zip(quarters, (b - a for a, b in pairwise(sums)), strict=True))
    days = [began.astimezone(zone).date() + timedelta(days=number) for number in range(10)]
    bounds = {day: (day_start(day, zone), day_start(day + timedelta(days=1), zone)) for day in days}
    told = {
        day: used(datetime.fromtimestamp(first, UTC), min(datetime.fromtimestamp(end, UTC), found))
        for day, (first, end) in bounds.items()
        if first < found.timestamp()
    }
    for at, since, known in ((began, began, {}), (lost, began, measured), (found, found, {})):
        paper.post(
            Posting(
                plug=plug(),
                start=start,
                value_kwh=5.0 + used(began, at),
                at=at,
                since=since,
                quarters=known,
                day_kwh=told if at == found else {},
                day_zone=zone,
            )
        )
    return paper


@pytest.mark.parametrize(
    ("house", "zone"), [(PARIS, NEW_YORK), (KATHMANDU, NEW_YORK), (LORD_HOWE, PARIS)]
)
def test_a_gap_over_midnight_is_shared_out_by_days_of_the_plugs_own(
    house: ZoneInfo, zone: ZoneInfo
) -> None:
    gap = (datetime(2026, 11, 20, 23, 1, tzinfo=house), datetime(2026, 11, 21, 6, 1, tzinfo=house))
    lost, found = (at.astimezone(UTC) for at in gap)
    paper = missed(house, zone, (lost, found), by_quarters([250]))
    assert paper.by_day()[date(2026, 11, 20)] == pytest.approx(to_mwh(24), abs=2)
    assert paper.by_day()[date(2026, 11, 21)] == pytest.approx(to_mwh(6 + 1 / 60), abs=2)


def test_the_day_on_which_it_joins_has_begun_when_its_own_clock_showed_midnight() -> None:
    at = datetime(2026, 11, 20, 20, tzinfo=PARIS)
    paper = Paper(PARIS)
    start = CounterStart(at=at, value_kwh=5.0, today_kwh=14.0)
    paper.post(Posting(plug=plug(), start=start, value_kwh=5.0, at=at, since=at, day_zone=NEW_YORK))
    midnight = day_start(at.date(), NEW_YORK)
    assert {q: mwh for q, mwh in paper.quarters.items() if mwh} == dict.fromkeys(
        range(midnight, int(at.timestamp()), 900), 250_000
    )


def told_days(
    used: Callable[[datetime, datetime], float], at: datetime, zone: ZoneInfo
) -> dict[date, float]:
    """Return what a plug in a zone tells of its days at some moment, the running one included."""
    today = at.astimezone(zone).date()
    starts = [
        datetime.fromtimestamp(day_start(today + timedelta(days=number), zone), UTC)
        for number in range(-_DAYS, 2)
    ]
    return {
        start.astimezone(zone).date(): used(start, min(end, at)) for start, end in pairwise(starts)
    }


def joined_by_days(
    house: ZoneInfo, zone: ZoneInfo, at: datetime, used: Callable[[datetime, datetime], float]
) -> Paper:
    """Return the ledger of a plug that tells days alone, of which it was asked for the house's."""
    paper, days = Paper(house), told_days(used, at, zone)
    paper.post(
        Posting(
            plug=plug(),
            start=CounterStart(
                at=at, value_kwh=5.0, today_kwh=days.get(at.astimezone(house).date(), 0.0)
            ),
            value_kwh=5.0,
            at=at,
            since=at,
            day_kwh=days,
            day_zone=zone,
        )
    )
    paper.fill(PlugHistory(plug=plug(), day_kwh=days, day_zone=zone))
    return paper


@given(*JOINED, WH)
@settings(deadline=None, max_examples=100)
def test_each_day_of_its_past_has_what_it_tells_of_it(
    house: ZoneInfo, zone: ZoneInfo, moment: datetime, wh: list[int]
) -> None:
    """The one on which it joins too, whatever its date is by the house's clock."""
    at, used = moment.replace(tzinfo=UTC, microsecond=0), by_quarters(wh)
    paper = joined_by_days(house, zone, at, used)
    days = told_days(used, at, zone)
    for day, kwh in days.items():
        first, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
        assert sum(paper.held(first, end).values()) == pytest.approx(to_mwh(kwh), abs=2), day
    total = sum(to_mwh(kwh) for kwh in days.values())
    assert sum(paper.quarters.values()) == pytest.approx(total, abs=5)


@pytest.mark.parametrize("hour", [3, 12, 22])
@pytest.mark.parametrize(
    ("house", "zone"), [(PARIS, NEW_YORK), (PARIS, AUCKLAND), (ST_JOHNS, KATHMANDU)]
)
def test_days_of_the_house_have_their_own_hours_of_a_past_told_by_days(
    house: ZoneInfo, zone: ZoneInfo, hour: int
) -> None:
    at = datetime(2026, 11, 20, hour, 10, tzinfo=house)
    paper = joined_by_days(house, zone, at.astimezone(UTC), by_quarters([250]))
    days = paper.by_day()
    assert days[at.date()] == pytest.approx(to_mwh(hour + 1 / 6), abs=2)
    for back in (1, 2):
        assert days[at.date() - timedelta(days=back)] == pytest.approx(to_mwh(24), abs=2)


@given(*JOINED, WH)
@settings(deadline=None, max_examples=100)
def test_a_past_that_is_told_after_its_day_was_booked_by_the_houses_date_is_so_too(
    house: ZoneInfo, zone: ZoneInfo, moment: datetime, wh: list[int]
) -> None:
    at, used = moment.replace(tzinfo=UTC, microsecond=0), by_quarters(wh)
    days, today = told_days(used, at, zone), at.astimezone(house).date()
    pasts = []
    for day_zone in (zone, None):
        paper = Paper(house)
        start = CounterStart(at=at, value_kwh=5.0, today_kwh=days.get(today, 0.0))
        paper.post(Posting(plug=plug(), start=start, value_kwh=5.0, at=at, since=at))
        paper.fill(PlugHistory(plug=plug(), day_kwh=days, day_zone=day_zone))
        pasts.append(paper.by_day())
    own, date_of_own = pasts[0], at.astimezone(zone).date()
    total = sum(to_mwh(kwh) for day, kwh in days.items() if day <= min(today, date_of_own))
    if days.get(today):
        assert own == pasts[1]
    assert sum(own.values()) == pytest.approx(total, abs=5)


def test_the_day_on_which_it_joins_is_no_part_of_a_month_that_is_shared_out() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=PARIS)
    paper = Paper(PARIS)
    start = CounterStart(at=at, value_kwh=5.0, today_kwh=12.0)
    paper.post(Posting(plug=plug(), start=start, value_kwh=5.0, at=at, since=at))
    paper.fill(PlugHistory(plug=plug(), month_kwh={date(2026, 11, 1): 24 * 19 + 12.0}))
    assert sum(paper.quarters.values()) == to_mwh(24 * 19 + 12)


@given(*JOINED, st.integers(900, 4 * 86400), WH)
@settings(deadline=None, max_examples=100)
def test_each_of_its_days_has_what_was_used_on_it(
    house: ZoneInfo, zone: ZoneInfo, moment: datetime, seconds: int, wh: list[int]
) -> None:
    """However long nobody has read it, days by its own clock are as it tells them."""
    lost, used = moment.replace(tzinfo=UTC, microsecond=0), by_quarters(wh)
    found = lost + timedelta(seconds=seconds)
    paper = missed(house, zone, (lost, found), used)
    day = lost.astimezone(zone).date()
    while (first := day_start(day, zone)) < found.timestamp():
        end = day_start(day + timedelta(days=1), zone)
        counted = used(
            datetime.fromtimestamp(first, UTC), min(datetime.fromtimestamp(end, UTC), found)
        )
        assert sum(paper.held(first, end).values()) == pytest.approx(to_mwh(counted), abs=5), day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("house", "zone"),
    [
        (KOLKATA, NEW_YORK),
        (PARIS, KATHMANDU),
        (ST_JOHNS, PARIS),
        (KATHMANDU, KOLKATA),
        (LORD_HOWE, NEW_YORK),
        (PARIS, NEW_YORK),
    ],
)
def test_the_hour_that_lies_on_both_sides_of_midnight_is_whole(
    house: ZoneInfo, zone: ZoneInfo
) -> None:
    at = datetime(2026, 11, 20, 21, 10, tzinfo=house)
    paper = joined(house, zone, at, lambda start, end: (end - start).total_seconds() / 3600)
    days = paper.by_day()
    assert days[date(2026, 11, 20)] == pytest.approx(to_mwh(21 + 1 / 6), abs=2)
    assert days[date(2026, 11, 19)] == to_mwh(24)
    midnight = day_start(at.date(), house)
    assert {paper.quarters[midnight + n * 900] for n in range(-4, 4)} == {250_000}


def test_that_midnight_splits_it_is_known() -> None:
    at = datetime(2026, 11, 20, 21, 10, tzinfo=KOLKATA)
    paper = joined(KOLKATA, NEW_YORK, at, lambda start, end: (end - start).total_seconds() / 3600)
    assert day_start(at.date(), KOLKATA) in paper.joined


@given(*JOINED, WH)
@settings(deadline=None, max_examples=100)
def test_each_of_its_hours_has_what_was_used_in_it(
    house: ZoneInfo, zone: ZoneInfo, moment: datetime, wh: list[int]
) -> None:
    """Whatever the zones, the moment and the load, hour by hour and in all."""
    at, used = moment.replace(tzinfo=UTC, microsecond=0), by_quarters(wh)
    paper = joined(house, zone, at, used)
    hours = told_hours(used, at, zone)
    for hour, counted in hours.items():
        start = hour.timestamp()
        mwh = sum(paper.held(start, start + 3600).values())
        assert mwh == pytest.approx(to_mwh(counted.kwh), abs=1_001), hour
    total = sum(to_mwh(one.kwh) for one in hours.values())
    assert sum(paper.quarters.values()) == pytest.approx(total, abs=1_001)
