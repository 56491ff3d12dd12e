"""What is known of the grid stands by its date and never goes stale."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.grid.data import GridData
from custom_components.med_exporter.sources.ecowatt import EcoWattDay
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour

BLUE, WHITE, RED = TempoColour
TODAY = date(2026, 1, 15)
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=PARIS)


def signal(day: date, level: int = 1) -> EcoWattDay:
    return EcoWattDay(date=day, level=level, message=None, hours=(1,) * 24)


@pytest.fixture
def data() -> GridData:
    data = GridData()
    data.add_colours({date(2026, 1, 14): WHITE, TODAY: BLUE, date(2026, 1, 16): RED}, NOON)
    return data


def test_display_changes_at_midnight(data: GridData) -> None:
    for hour in (0, 5, 6, 23):
        assert data.today(datetime(2026, 1, 15, hour, 30, tzinfo=PARIS)) == BLUE
    assert data.today(datetime(2026, 1, 16, 0, 0, tzinfo=PARIS)) == RED


def test_tomorrows_colour_becomes_todays_because_it_is_dated_so(data: GridData) -> None:
    assert data.tomorrow(NOON) is RED
    assert data.today(NOON + timedelta(days=1)) is RED
    assert data.tomorrow(NOON + timedelta(days=1)) is None
    assert data.today(NOON + timedelta(days=2)) is None


def test_a_range_names_every_day(data: GridData) -> None:
    assert data.colours(date(2026, 1, 13), TODAY) == {
        date(2026, 1, 13): None,
        date(2026, 1, 14): WHITE,
        TODAY: BLUE,
    }
    assert data.colour(TODAY) is BLUE
    assert data.colour(date(2026, 1, 17)) is None


def test_a_colour_that_is_final_stays(data: GridData) -> None:
    data.add_colours({TODAY: RED, date(2026, 1, 16): BLUE}, NOON + timedelta(hours=1))
    assert (data.colour(TODAY), data.colour(date(2026, 1, 16))) == (BLUE, RED)


def test_a_colour_read_before_its_announcement_may_still_change(data: GridData) -> None:
    early = datetime(2026, 1, 16, 8, 0, tzinfo=PARIS)
    data.add_colours({date(2026, 1, 17): BLUE}, early)
    assert data.tomorrow(early) is BLUE
    assert not data.is_final(date(2026, 1, 17))
    data.add_colours({date(2026, 1, 17): RED}, early + timedelta(hours=3))
    assert data.tomorrow(early) is RED
    assert data.is_final(date(2026, 1, 17))


def test_days_that_cannot_be_known_are_not_taken(data: GridData) -> None:
    data.add_colours({date(2014, 8, 31): RED, date(2026, 1, 18): RED}, NOON)
    assert data.colour(date(2014, 8, 31)) is None
    assert data.colour(date(2026, 1, 18)) is None


def test_a_view_of_all_colours_follows(data: GridData) -> None:
    view = data.known_colours
    data.add_colours({date(2026, 1, 10): RED}, NOON)
    assert view[date(2026, 1, 10)] is RED


def test_days_left_through_the_change_of_season() -> None:
    data = GridData()
    start = date(2025, 9, 1)
    season = {start + timedelta(days=offset): BLUE for offset in range(365)}
    data.add_colours(season, datetime(2026, 8, 31, 12, 0, tzinfo=PARIS))
    assert data.days_left(datetime(2026, 8, 31, 12, 0, tzinfo=PARIS)) == {
        BLUE: 0, WHITE: 43, RED: 22,
    }  # fmt: skip
    first = datetime(2026, 9, 1, 0, 0, tzinfo=PARIS)
    assert data.days_left(first) is None
    data.add_colours({date(2026, 9, 1): BLUE}, first)
    assert data.days_left(first) == {BLUE: 299, WHITE: 43, RED: 22}


def test_ecowatt_moves_on_at_midnight_and_is_forgotten_after_a_day(data: GridData) -> None:
    days = [TODAY + timedelta(days=offset) for offset in range(4)]
    levels = (1, 2, 3, 1)
    data.add_signals({day: signal(day, n) for day, n in zip(days, levels, strict=True)}, NOON)
    assert data.ecowatt(NOON) == signal(TODAY, 1)
    night = datetime(2026, 1, 16, 0, 0, tzinfo=PARIS)
    assert data.ecowatt(night) == signal(days[1], 2)
    assert data.ecowatt(NOON + timedelta(hours=24, seconds=1)) is None


@given(
    st.dictionaries(
        st.dates(date(2014, 9, 1), date(2026, 1, 17)), st.sampled_from(TempoColour), max_size=20
    )
)
def test_everything_survives_the_disk(colours) -> None:
    data = GridData()
    data.add_colours(colours, NOON)
    data.add_signals({TODAY: signal(TODAY)}, NOON.astimezone(UTC))
    again = GridData.from_stored(data.to_stored())
    assert again.to_stored() == data.to_stored()
    assert dict(again.known_colours) == colours
    assert all(again.is_final(day) == data.is_final(day) for day in colours)
    assert again.ecowatt(NOON) == signal(TODAY)


def test_what_was_stored_before_colours_were_forecast_is_taken_up():
    stored = GridData().to_stored()
    del stored["forecast"], stored["forecast_read_at"]
    assert GridData.from_stored(stored).forecast(datetime(2026, 1, 15, tzinfo=UTC)) == []
