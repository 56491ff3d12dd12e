"""The words of documents, in both languages."""

from __future__ import annotations

import string

import pytest

from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.readings.fields import FIELDS, Kind
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.words import phrases as words
from custom_components.med_exporter.engine.words.phrases import Words

PAIRS = {
    f"{name}.{key}": pair
    for name in ("TITLES", "COLUMNS", "FIGURES", "CHARTS", "TEXTS")
    for key, pair in getattr(words, name).items()
} | {
    f"{one.id}.{key}": pair
    for one in EXPORT_TYPES.values()
    for key, pair in {"title": one.title, **one.words}.items()
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_both_languages_have_the_same_placeholders(pair):
    english, french = ({part[1] for part in string.Formatter().parse(text)} for text in pair)
    assert english == french
    assert all(pair)


def test_everything_that_can_be_exported_has_a_title():
    assert all(words.Words("fr").title(one) != one for one in EXPORT_TYPES)
    assert set(FIELDS) <= set(words.COLUMNS)


def test_a_header_names_the_unit():
    assert Words("en").header(Column("power_w", Kind.NUMBER)) == "Power (W)"
    assert Words("fr").header(Column("cost", Kind.AMOUNT, 2, "EUR")) == "Coût (EUR)"
    assert Words("fr").header(Column("efficiency", Kind.NUMBER, 2, "%")) == "efficiency (%)"


@pytest.mark.parametrize(
    ("locale", "average", "hour"),
    [("en", "10,499 W", "Saturday at 02:00"), ("fr", "10\u202f499 W", "samedi à 02:00")],
)
def test_a_sentence_has_numbers_and_hours_as_its_language_has_them(locale, average, hour):
    told = Words(locale)
    day = told.weekdays()[5]
    hour_of_week = told.text("hour_of_week", day=day, hour="02:00")
    note = told.text(
        "usage_note", average=10499, base=9300, busiest=hour_of_week, quietest=hour_of_week
    )
    assert average in note
    assert hour in note
