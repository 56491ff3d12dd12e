"""What the demo says of the energy that a push has brought, against its plugs' own counters."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from scripts.demo_home.household import APPLIANCES, PARIS, PDL, Household, midnight
from scripts.demo_home.push import mistake_in
from tests.plug_emulator import Clock

FIRST_DAY = date(2026, 8, 30)
# The washing machine heats: 2 kW between one poll and the next.
NOW = datetime(2026, 11, 28, 10, 36, tzinfo=PARIS)
BEFORE = NOW - timedelta(seconds=30)
TOPIC = f"med_exporter/{PDL}/consumption"


@pytest.fixture
def household() -> Household:
    clock = Clock(lambda: NOW, timezone=PARIS)
    installed_at = midnight(FIRST_DAY - timedelta(days=9))
    plugs = {one.name: one.plug(installed_at, clock) for one in APPLIANCES}
    return Household(first_day=FIRST_DAY, plugs=plugs)


def message(kwh: float, when: str, read_at: datetime, *, closed: bool = False) -> str:
    at = read_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {
            "value": round(kwh, 3),
            "unit": "kWh",
            "date": when,
            "pdl": PDL,
            "closed": closed,
            "timestamp": at,
        }
    )


def shown(household: Household, *days: date) -> int:
    """The whole watt-hours that the plugs say they have consumed on these days."""
    plugs = [household.plugs[one.name] for one in APPLIANCES if one.role == "consumption"]
    return sum(int(plug.outlet.day_wh(day) + 1e-6) for plug in plugs for day in days)


def test_a_month_is_the_sum_of_the_days_that_the_plugs_show(household):
    days = [date(2026, 11, number) for number in range(1, 29)]
    kwh = shown(household, *days) / 1000
    exact = sum(
        household.plugs[name].energy_between(midnight(days[0]), NOW)
        for name in ("Fridge", "Washing machine")
    )
    assert exact - kwh > 0.025
    assert not mistake_in(f"{TOPIC}/monthly", message(kwh, "2026-11", NOW), household, NOW)
    missing = message(kwh - 0.03, "2026-11", NOW - timedelta(minutes=2))
    assert "have counted" in (mistake_in(f"{TOPIC}/monthly", missing, household, NOW) or "")


def test_a_value_is_judged_by_what_was_counted_when_it_was_read(household):
    today = NOW.date()
    kwh = household.kwh("consumption", today, BEFORE)
    assert shown(household, today) / 1000 - kwh > 0.015
    assert not mistake_in(f"{TOPIC}/daily", message(kwh, str(today), BEFORE), household, NOW)
    # One of its plugs has been read a poll earlier.
    assert not mistake_in(f"{TOPIC}/daily", message(kwh, str(today), NOW), household, NOW)
    assert mistake_in(f"{TOPIC}/daily", message(kwh - 0.03, str(today), NOW), household, NOW)
    assert mistake_in(f"{TOPIC}/daily", message(kwh + 0.02, str(today), BEFORE), household, NOW)


def test_a_value_from_before_midnight_is_of_the_day_in_which_it_was_read(household):
    midnight_now = midnight(date(2026, 11, 28))
    read_at = midnight_now - timedelta(seconds=5)
    kwh = household.kwh("consumption", date(2026, 11, 27), read_at)
    said = message(kwh, "2026-11-27", read_at)
    assert not mistake_in(f"{TOPIC}/daily", said, household, midnight_now)
    said = message(0, "2026-11-28", midnight_now)
    assert not mistake_in(f"{TOPIC}/daily", said, household, midnight_now)


@pytest.mark.parametrize(
    ("topic", "when", "days", "end"),
    [
        ("daily", "2026-10-25", [date(2026, 10, 25)], date(2026, 10, 26)),
        ("monthly", "2026-10", [date(2026, 10, day) for day in range(1, 32)], date(2026, 11, 1)),
        ("monthly", "2026-08", [date(2026, 8, day) for day in range(21, 32)], date(2026, 9, 1)),
    ],
    ids=["a day of 25 hours", "a month", "the month in which the plugs came"],
)
def test_what_is_closed_is_stamped_with_its_end(household, topic, when, days, end):
    kwh = shown(household, *days) / 1000
    said = message(kwh, when, midnight(end), closed=True)
    assert not mistake_in(f"{TOPIC}/{topic}", said, household, NOW)
    said = message(kwh - 0.004, when, midnight(end), closed=True)
    assert "have counted" in (mistake_in(f"{TOPIC}/{topic}", said, household, NOW) or "")


def test_a_value_of_long_ago_is_named_though_it_was_right_then(household):
    read_at = NOW - timedelta(minutes=10)
    said = message(household.kwh("consumption", NOW.date(), read_at), str(NOW.date()), read_at)
    assert "long ago" in (mistake_in(f"{TOPIC}/daily", said, household, NOW) or "")


@pytest.mark.parametrize(
    ("payload", "mistake"),
    [("online", "no JSON"), ('{"value": 1}', "lacks"), (message(1, "2026-11-27", NOW), "date")],
)
def test_a_message_that_says_something_else_is_named(household, payload, mistake):
    assert mistake in (mistake_in(f"{TOPIC}/daily", payload, household, NOW) or "")
