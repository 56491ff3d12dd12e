"""Readings become postings: a few an hour, and at once where something has happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.engine.energy import HourKwh, to_mwh
from custom_components.med_exporter.engine.times import quarter_of
from custom_components.med_exporter.ledger.feed import CounterFeed, CounterReading
from custom_components.med_exporter.ledger.posting import CounterStart, Posting

from .conftest import plug
from .stories import PARIS

NOON = datetime(2026, 11, 20, 12, 10, tzinfo=PARIS)
START = CounterStart(at=NOON, value_kwh=1.0)


class Feed:
    def __init__(self) -> None:
        self.postings: list[Posting] = []
        self.feed = CounterFeed(self.postings.append)
        self.plug = plug()

    def read(self, kwh: float, seconds: float, **values) -> None:
        at = NOON + timedelta(seconds=seconds)
        reading = CounterReading(value_kwh=kwh, at=at, gap=values.pop("gap", False))
        self.feed.read(self.plug, reading, **{"start": START, **values})


@pytest.fixture
def feed() -> Feed:
    feed = Feed()
    feed.read(1.0, 0)
    feed.postings.clear()
    return feed


def test_the_first_reading_is_posted_at_once() -> None:
    feed = Feed()
    feed.read(1.0, 0)
    assert [(p.value_kwh, p.at, p.since) for p in feed.postings] == [(1.0, NOON, NOON)]


def test_measured_energy_is_posted_every_five_minutes(feed: Feed) -> None:
    for number in range(1, 21):
        feed.read(1.0 + number / 100, 30 * number)
    assert [p.value_kwh for p in feed.postings] == [1.1, 1.2]
    assert feed.postings[1].since == feed.postings[0].at
    assert [sum(p.quarters.values()) for p in feed.postings] == [to_mwh(0.1)] * 2


def test_a_quarter_that_has_ended_is_posted_at_once(feed: Feed) -> None:
    feed.read(1.1, 1190)
    feed.postings.clear()
    feed.read(1.2, 1210)
    quarters = feed.postings[0].quarters
    # Half of the time between lies in either of them.
    half = to_mwh(0.05)
    assert quarters == {quarter_of(NOON.timestamp() + after): half for after in (1190, 1210)}


def test_a_gap_posts_what_was_measured_before_it_and_leaves_the_rest_to_be_filled(
    feed: Feed,
) -> None:
    feed.read(1.1, 30)
    hours = {NOON.replace(minute=0): HourKwh(0.5)}
    feed.read(5.0, 7200, gap=True, hour_kwh=hours, day_kwh={date(2026, 11, 20): 9.0})
    before, after = feed.postings
    assert (before.value_kwh, before.quarters) == (
        1.1,
        {quarter_of(NOON.timestamp()): to_mwh(0.1)},
    )
    assert (after.value_kwh, after.quarters, after.since) == (5.0, {}, after.at)
    assert after.hour_kwh == hours
    assert after.day_kwh == {date(2026, 11, 20): 9.0}


def test_a_new_counter_does_not_go_on_from_the_old_one(feed: Feed) -> None:
    feed.read(400.0, 30, start=CounterStart(at=NOON + timedelta(seconds=30), value_kwh=400.0))
    assert feed.postings[-1].quarters == {}


def test_a_changed_role_counts_from_the_next_reading_on(feed: Feed) -> None:
    feed.plug = replace(plug(), role=PlugRole.PRODUCTION)
    feed.read(1.1, 30)
    feed.read(1.2, 60)
    feed.feed.flush()
    roles = [p.plug.role for p in feed.postings]
    assert roles == [PlugRole.CONSUMPTION, PlugRole.PRODUCTION]


def test_flushing_posts_what_is_left_once(feed: Feed) -> None:
    feed.read(1.1, 30)
    feed.feed.flush()
    feed.feed.flush()
    assert [p.value_kwh for p in feed.postings] == [1.1]
