"""Days, contract days and seasons of Tempo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.med_exporter.sources.tempo_calendar import (
    PARIS,
    TempoColour,
    announced_at,
    days_between,
    days_left,
    paris_date,
    season_end,
    season_name,
    season_quotas,
    season_start,
)

BLUE, WHITE, RED = TempoColour


def paris(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=PARIS, fold=fold)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 1, 15)])
def test_the_calendar_day_changes_at_midnight_in_paris(day) -> None:
    midnight = datetime.combine(day, datetime.min.time(), PARIS).astimezone(UTC)
    assert paris_date(midnight) == day
    assert paris_date(midnight - timedelta(seconds=1)) == day - timedelta(days=1)


def test_a_colour_is_final_at_ten_forty_on_the_day_before() -> None:
    assert announced_at(date(2026, 1, 15)) == datetime(2026, 1, 14, 9, 40, tzinfo=UTC)
    assert announced_at(date(2026, 7, 15)) == datetime(2026, 7, 14, 8, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "start", "name"),
    [
        (date(2026, 8, 31), date(2025, 9, 1), "2025-2026"),
        (date(2026, 9, 1), date(2026, 9, 1), "2026-2027"),
        (date(2026, 1, 1), date(2025, 9, 1), "2025-2026"),
    ],
)
def test_seasons_start_on_the_first_of_september(day, start, name) -> None:
    assert season_start(day) == start
    assert season_name(day) == name
    assert season_end(day) == date(start.year + 1, 8, 31)


def test_a_season_with_a_29th_of_february_has_one_more_blue_day() -> None:
    assert season_quotas(date(2026, 1, 1)) == {BLUE: 300, WHITE: 43, RED: 22}
    assert season_quotas(date(2023, 9, 1)) == {BLUE: 301, WHITE: 43, RED: 22}
    assert season_quotas(date(2024, 8, 31))[BLUE] == 301
    assert season_quotas(date(2024, 9, 1))[BLUE] == 300


def test_days_left_count_down_with_each_announced_day() -> None:
    colours = dict.fromkeys(days_between(date(2025, 9, 1), date(2025, 9, 10)), BLUE)
    colours[date(2025, 9, 5)] = RED
    today = date(2025, 9, 10)
    assert days_left(colours, today) == {BLUE: 291, WHITE: 43, RED: 21}
    colours[date(2025, 9, 11)] = WHITE
    assert days_left(colours, today) == {BLUE: 291, WHITE: 42, RED: 21}


def test_days_left_are_not_known_with_a_day_missing() -> None:
    colours = dict.fromkeys(days_between(date(2025, 9, 1), date(2025, 9, 10)), BLUE)
    del colours[date(2025, 9, 3)]
    assert days_left(colours, date(2025, 9, 10)) is None


def test_tomorrow_in_the_next_season_does_not_count_in_this_one() -> None:
    colours = dict.fromkeys(days_between(date(2025, 9, 1), date(2026, 8, 31)), BLUE)
    colours[date(2026, 9, 1)] = WHITE
    assert days_left(colours, date(2026, 8, 31)) == {BLUE: 0, WHITE: 43, RED: 22}
    assert days_left(colours, date(2026, 9, 1)) == {BLUE: 300, WHITE: 42, RED: 22}


@pytest.mark.parametrize("code", [0, 4, -1, None, "1", True, 1.0])
def test_a_code_that_is_none_of_the_three_is_no_colour(code) -> None:
    assert TempoColour.from_code(code) is None


def test_codes_and_names() -> None:
    assert [TempoColour.from_code(code) for code in (1, 2, 3)] == [BLUE, WHITE, RED]
    assert [colour.code for colour in (BLUE, WHITE, RED)] == [1, 2, 3]
    assert TempoColour.from_name("WHITE") is WHITE
    assert TempoColour.from_name("PURPLE") is None
    assert TempoColour.from_name(None) is None
