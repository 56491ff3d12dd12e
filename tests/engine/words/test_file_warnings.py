"""What a file says of what is missing, to programs and to people."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.job.filters import Filters, TimeOfDay
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.engine.words.file_warnings import naming, sentence, warning
from custom_components.med_exporter.engine.words.translated import choices


def energy(kwh: float) -> str:
    return f"{kwh:.1f} kWh".replace(".", ",")


def test_programs_get_an_english_message_and_what_it_is_about():
    assert warning("UNPRICED_ENERGY", 0, 3600, 2, about="House", kwh=1.5, more="in May") == {
        "code": "UNPRICED_ENERGY",
        "message": "Energy without a known price in this currency is in no cost: "
        "House (1.500 kWh in May)",
        "start": "1970-01-01T00:00:00Z",
        "end": "1970-01-01T01:00:00Z",
        "count": 2,
        "about": "House",
        "kwh": 1.5,
    }


@pytest.mark.parametrize(
    ("said", "english", "french"),
    [
        (
            warning("NO_READINGS", 0, 1, 2, about="Four, Été"),
            "No readings in this range: Four, Été",
            "Aucun relevé sur cette période\xa0: Four, Été",
        ),
        (
            warning("ESTIMATED", 0, 1, 2, kwh=2.5, more="in 2026"),
            "When some energy was used is an estimate: 2,5 kWh",
            "Le moment où une partie de l’énergie a été utilisée est une estimation\xa0: 2,5 kWh",  # noqa: RUF001
        ),
        (
            warning("NO_STATISTICS", 0, 1, 12),
            "The recorder has purged this part, and statistics lack some of its hours, 12 hours",
            (
                "L’enregistreur a purgé cette partie, et il manque des heures aux statistiques, "  # noqa: RUF001
                "12 heures"
            ),
        ),
        (
            warning("NO_STATISTICS", 0, 1, 1),
            "The recorder has purged this part, and statistics lack some of its hours, 1 hour",
            (
                "L’enregistreur a purgé cette partie, et il manque des heures aux statistiques, "  # noqa: RUF001
                "1 heure"
            ),
        ),
        (
            naming(
                warning("FILTERED_OUT", 0, 1, 1, about="Four"),
                "filters",
                ("min_power", "time_of_day"),
            ),
            (
                "The filters keep none of the readings that these devices have in this range: "
                "Four (Minimum power, Time of day)"
            ),
            (
                "Les filtres n’ont gardé aucun des relevés de ces appareils sur cette période\xa0: "  # noqa: RUF001
                "Four (Puissance minimale, Heure de la journée)"
            ),
        ),
        (
            naming(warning("NOT_RECORDED", 0, 1, 1, about="Four"), "fields", ("power_w",)),
            "The recorder does not keep all of a device: Four (Power (W))",
            "L’enregistreur ne conserve pas tout de cet appareil\xa0: Four (Puissance (W))",  # noqa: RUF001
        ),
    ],
)
def test_people_read_it_in_their_language_and_with_their_numbers(said, english, french):
    assert sentence(said, french=False, energy=energy) == english
    assert sentence(said, french=True, energy=energy) == french


def test_every_filter_and_field_that_is_named_has_words():
    everything = Filters(
        min_power=0, max_power=1, device_states=("on",), exclude_outliers=True,
        time_of_day=TimeOfDay(start="05:00", end="06:00"), days_of_week=(1,),
    )  # fmt: skip
    for locale in ("en", "fr"):
        assert set(choices("filter", locale)) == set(everything.given)
        assert set(choices("reading_field", locale)) >= set(FIELDS)


def test_what_nobody_here_has_named_says_what_it_says():
    said = {"code": "NEW", "message": "Something: x"}
    assert sentence(said, french=True, energy=energy) == "Something: x"
