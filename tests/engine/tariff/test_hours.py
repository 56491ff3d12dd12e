"""Which hours of the week are left, and that they follow when the others change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.engine.tariff.hours import remaining, split_rest, with_rest
from custom_components.med_exporter.engine.tariff.week import DAYS

ALL = list(DAYS)
WORKDAYS, WEEKEND = ALL[:5], ALL[5:]


def hours(start: str, end: str, days: list[str] = ALL) -> dict[str, object]:
    return {"days": days, "start": start, "end": end}


def period(name: str, start: str, end: str, days: list[str] = ALL) -> dict[str, object]:
    return {"name": name, "price": len(name) / 10, **hours(start, end, days)}


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], [hours("00:00", "00:00")]),
        ([hours("00:00", "00:00")], []),
        ([hours("22:30", "06:30")], [hours("06:30", "22:30")]),
        ([hours("06:30", "22:30")], [hours("22:30", "06:30")]),
        (
            [hours("12:30", "14:30"), hours("01:00", "07:00")],
            [hours("07:00", "12:30"), hours("14:30", "01:00")],
        ),
        (
            [hours("22:00", "06:00", WORKDAYS), hours("06:00", "22:00", WORKDAYS)],
            [
                hours("00:00", "06:00", ["mon"]),
                hours("06:00", "00:00", ["sat"]),
                hours("00:00", "00:00", ["sun"]),
            ],
        ),
        ([hours("00:00", "00:00", WEEKEND)], [hours("00:00", "00:00", WORKDAYS)]),
        ([hours("00:00", "23:59")], [hours("23:59", "00:00")]),
    ],
)
def test_what_is_left(taken: list[dict[str, object]], left: list[dict[str, object]]) -> None:
    assert remaining(taken) == left


def test_the_rest_is_known_again_as_such() -> None:
    night = period("Night", "22:30", "06:30")
    rest = {"name": "Day", "price": 0.3}
    assert split_rest(with_rest([night], rest)) == ([night], rest)


def test_hours_that_were_divided_otherwise_are_left_as_they_are() -> None:
    periods = [
        period("Night", "22:00", "06:00"),
        period("Day", "06:00", "12:00"),
        period("Day", "12:00", "22:00"),
    ]
    assert split_rest(periods) == (periods, None)


def test_a_single_period_is_no_rest() -> None:
    periods = [period("All", "05:00", "05:00")]
    assert split_rest(periods) == (periods, None)


TIMES = st.times().map(lambda time: f"{time:%H:%M}")
DAY_LISTS = st.sets(st.sampled_from(ALL), min_size=1).map(lambda days: sorted(days, key=ALL.index))


@given(TIMES, TIMES, DAY_LISTS)
def test_any_period_and_the_rest_make_a_whole_week(start: str, end: str, days: list[str]) -> None:
    own = period("Own", start, end, days)
    rest = {"name": "Rest", "price": 0.1}
    periods = with_rest([own], rest)
    (contract,) = parse_contracts(
        [{"valid_from": "2026-01-01", "kind": "time_of_use", "periods": periods}]
    ).to_dicts()
    assert contract["periods"] == periods
    assert remaining(periods) == []
    if len(periods) > 1:
        assert split_rest(periods) == ([own], rest)
