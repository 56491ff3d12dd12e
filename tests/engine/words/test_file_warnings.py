"""What a file says of what is missing, to programs and to people."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.words.file_warnings import sentence, warning


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
    ],
)
def test_people_read_it_in_their_language_and_with_their_numbers(said, english, french):
    assert sentence(said, french=False, energy=energy) == english
    assert sentence(said, french=True, energy=energy) == french


def test_what_nobody_here_has_named_says_what_it_says():
    said = {"code": "NEW", "message": "Something: x"}
    assert sentence(said, french=True, energy=energy) == "Something: x"
