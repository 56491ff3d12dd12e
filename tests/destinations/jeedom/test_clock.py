"""Every second of a year has a stamp of its own where two values could meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.destinations.jeedom.clock import JeedomClock

ZONES = ["Europe/Paris", "America/Havana", "Indian/Reunion", "Australia/Lord_Howe", "UTC"]


@given(zone=st.sampled_from(ZONES), half_hours=st.integers(0, 3 * 365 * 48))
def test_each_half_hour_has_a_stamp_that_leads_back(zone: str, half_hours: int) -> None:
    clock = JeedomClock(ZoneInfo(zone))
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * half_hours)
    assert clock.instant(clock.stamp(moment)) == moment


@pytest.mark.parametrize("zone", ZONES)
def test_no_two_half_hours_of_a_year_share_a_stamp(zone: str) -> None:
    clock = JeedomClock(ZoneInfo(zone))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    stamps = {clock.stamp(start + timedelta(minutes=30 * n)) for n in range(365 * 48)}
    assert len(stamps) == 365 * 48


def test_the_same_zone_is_no_reason_to_forget_the_fold() -> None:
    paris = ZoneInfo("Europe/Paris")
    clock = JeedomClock(paris)
    assert clock.stamp(datetime(2026, 10, 25, 2, 30, tzinfo=paris)) == "2026-10-25 02:30:00"
    assert clock.stamp(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=paris)) == (
        "2026-10-25 02:30:01"
    )
    assert clock.stamp(datetime(2026, 3, 29, 2, 30, tzinfo=paris)) == "2026-03-29 03:30:00"


@pytest.mark.parametrize("stamp", ["", "ok", "0000-00-00 00:00:00", "2026-11-20"])
def test_what_is_no_time(stamp: str) -> None:
    assert JeedomClock(ZoneInfo("Europe/Paris")).instant(stamp) is None
