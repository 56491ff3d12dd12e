"""Times as text: local, with the offset in force, never in another period."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.rows.time_text import TimeText

from ..conftest import at


def test_the_repeated_hour_is_told_apart_by_its_offset():
    first = at("2026-10-25 02:30", "Europe/Paris")
    assert TimeText(ZoneInfo("Europe/Paris")).iso([first, first + 3600]) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]


def test_fractions_are_cut_so_that_a_row_stays_in_its_period():
    assert TimeText(ZoneInfo("UTC")).iso([59.9999]) == ["1970-01-01T00:00:59+00:00"]


def test_local_time_and_offset_apart_in_another_order_of_the_date():
    text = TimeText(ZoneInfo("Asia/Kolkata"), "%d/%m/%Y %H")
    assert list(text.parts([at("2026-01-02 00:00")])) == [("02/01/2026 05:30:00", "+05:30")]


@given(
    st.lists(st.floats(1e9, 4e9), max_size=20),
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
                     "America/St_Johns", "Pacific/Chatham", "UTC"]),
)  # fmt: skip
def test_texts_are_what_datetime_says(moments: list[float], zone: str):
    expected = [
        datetime.fromtimestamp(int(moment), UTC).astimezone(ZoneInfo(zone)).isoformat()
        for moment in moments
    ]
    assert TimeText(ZoneInfo(zone)).iso(moments) == expected


def test_years_of_quarters_are_not_all_remembered():
    text = TimeText(ZoneInfo("UTC"))
    for _ in text.parts(range(0, 900 * 20_000, 900)):
        pass
    assert len(text._quarters) < 5000
