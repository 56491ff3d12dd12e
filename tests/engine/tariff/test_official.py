"""The regulator's tables of prices, and what other texts are taken for."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff.kinds import forms
from custom_components.med_exporter.engine.tariff.official import OPTIONS, price_on, read_table
from tests.official_portal import BASE, PEAK_OFF_PEAK, TEMPO

TABLES = {"base": BASE, "peak_off_peak": PEAK_OFF_PEAK, "tempo": TEMPO}


def on(text: str, day: str, power: int = 6, option: str = "base"):
    return price_on(read_table(option, text), power, date.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "price", "charge"),
    [
        ("2012-07-23", 0.1263, 6.915),
        ("2013-07-31", 0.1263, 6.915),
        ("2026-01-31", 0.1952, 15.51),
        ("2026-02-01", 0.19398, 15.6833),
        ("2031-01-01", 0.19398, 15.6833),
    ],
)
def test_a_day_has_the_prices_of_its_line_and_a_twelfth_of_the_yearly_charge(day, price, charge):
    found = on(BASE, day)
    assert (found.prices, found.standing_charge) == ({"price": price}, charge)


@pytest.mark.parametrize(
    ("day", "power"), [("2012-07-22", 6), ("2013-08-01", 6), ("2026-02-01", 7)]
)
def test_what_no_line_holds_has_no_price(day, power):
    assert on(BASE, day, power) is None


@pytest.mark.parametrize("option", OPTIONS)
def test_prices_go_by_the_fields_of_the_form_that_they_are_entered_in(option):
    found = on(TABLES[option], "2026-03-01", option=option)
    _, form = forms()[OPTIONS[option].form]
    assert set(found.prices) == {f.name for f in form.fields if f.holds == "price"}


def test_each_tempo_price_has_its_colour_and_hours():
    assert on(TEMPO, "2026-03-01", option="tempo").prices == {
        "blue_off_peak": 0.1325, "blue_peak": 0.1612, "white_off_peak": 0.1499,
        "white_peak": 0.1871, "red_off_peak": 0.1575, "red_peak": 0.706,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "\N{ZERO WIDTH NO-BREAK SPACE}" + BASE,
        BASE.replace("P_SOUSCRITE", "PUISSANCE"),
        BASE.replace(",", "."),
        BASE.replace("01/02/2026", "2026-02-01"),
        BASE.replace("\r\n", "\n"),
        BASE.lower().replace("date_debut", "Date_Debut"),
        BASE + "01/03/2026;;6;;;;\r\n01/03/2026;;6;1;1;1;NaN\r\n99/99/2026;;6;1;1;1;1\r\nx\r\n",
    ],
)
def test_a_table_may_be_written_a_little_otherwise_and_have_lines_that_say_nothing(text):
    assert on(text, "2026-03-01").prices == {"price": 0.19398}


@pytest.mark.parametrize(
    "text",
    ["", "<!DOCTYPE html>", BASE.splitlines()[0], BASE.replace("PART_VARIABLE_TTC", "TTC"),
     BASE.replace(";", ","), BASE.splitlines()[0] + "\n01/02/2026;;6;1;1;1;19398\n"],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(text):
    with pytest.raises(ValueError, match="base"):
        read_table("base", text)


@given(st.text(), st.sampled_from(sorted(OPTIONS)))
def test_no_text_does_any_harm(text, option):
    for one in (text, TABLES[option].splitlines()[0] + "\n" + text):
        with suppress(ValueError):
            assert read_table(option, one)
