"""How days are written below the bars of a chart."""

from __future__ import annotations

from datetime import date

import pytest

from custom_components.med_exporter.engine.words.dates import DateWords

OCTOBER = [date(2026, 10, 1), date(2026, 10, 31)]
AUTUMN = [date(2026, 10, 31), date(2026, 11, 1)]
WINTER = [date(2026, 12, 31), date(2027, 1, 1)]


@pytest.mark.parametrize(
    ("days", "english", "french"),
    [
        (OCTOBER, ["1", "31"], ["1", "31"]),
        (AUTUMN, ["31 Oct", "1 Nov"], ["31/10", "01/11"]),
        (WINTER, ["31 Dec 2026", "1 Jan 2027"], ["31/12/2026", "01/01/2027"]),
    ],
)
def test_a_bar_says_no_more_of_its_day_than_tells_it_apart(days, english, french):
    assert DateWords("en").bars(days) == english
    assert DateWords("fr").bars(days) == french


def test_a_week_is_not_taken_for_a_day():
    assert DateWords("en").bars(OCTOBER, are_days=False) == ["1 Oct", "31 Oct"]
