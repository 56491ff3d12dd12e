"""Codes and details in the cells of a document, as its reader says them."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import Content
from custom_components.med_exporter.engine.rows.tables import Column, Table
from custom_components.med_exporter.engine.words.cells import put_into_words
from custom_components.med_exporter.settings import BOUNDS


def shown(column: str, value: str, locale: str, table: str = "any") -> str:
    """Return what a document shows of a text in a column."""
    made = Table(table, [Column(column, Kind.TEXT)], 1, iter([[[value, None]]]))
    put_into_words(Content(tables=[made], figures=[]), locale)
    ((words, nothing),) = next(iter(made.chunks))
    assert nothing is None
    return words


@pytest.mark.parametrize(
    ("column", "value", "english", "french"),
    [
        ("valid_from", "2026-10-14", "14 Oct 2026", "14/10/2026"),
        ("role", "owner", "owner", "propriétaire"),
        ("type", "meter", "meter", "compteur"),
        ("export_type", "cost_analysis", "Cost analysis", "Analyse des coûts"),
        ("format", "pdf", "PDF", "PDF"),
        ("format", "excel", "Excel", "Excel"),
        ("delivery", "email", "mail", "courriel"),
        ("data_types", "tempo, ecowatt", "Tempo, EcoWatt", "Tempo, EcoWatt"),
        ("unit", "MB", "MB", "Mo"),
        ("event_type", "export_created", "Export created", "Export créé"),
        ("severity", "warning", "Warning", "Avertissement"),
        (
            "request",
            '{"date_range": "this_year"}',
            "period: This year",
            "période\N{NO-BREAK SPACE}: Cette année",
        ),
        (
            "details",
            '{"export_type": "audit_logs", "format": "csv"}',
            "export: Audit log · format: CSV",
            "export\N{NO-BREAK SPACE}: Journal d’audit · format\N{NO-BREAK SPACE}: CSV",  # noqa: RUF001
        ),
        ("settings", '{"retain": true}', "retained: yes", "conservé\N{NO-BREAK SPACE}: oui"),
        (
            "request",
            '{"date_range": {"start": "a"}}',
            "period: start: a",
            "période\N{NO-BREAK SPACE}: start\N{NO-BREAK SPACE}: a",
        ),
        ("details", "no JSON", "no JSON", "no JSON"),
        ("details", "[1]", "[1]", "[1]"),
        ("details", '{"unheard_of": null}', "unheard_of: -", "unheard_of\N{NO-BREAK SPACE}: -"),
    ],
)  # fmt: skip
def test_a_cell_is_in_the_language_of_its_reader(column, value, english, french):
    assert shown(column, value, "en") == english
    assert shown(column, value, "fr") == french


@pytest.mark.parametrize(("locale", "unit"), [("en", "MB"), ("fr", "Mo")])
def test_the_unit_of_a_column_is_in_the_language_of_its_reader(locale, unit):
    table = Table("system_health", [Column("size_mb", Kind.NUMBER, 1, "MB")], 0, iter(()))
    put_into_words(Content(tables=[table]), locale)
    assert table.columns[0].unit == unit


@pytest.mark.parametrize("name", BOUNDS)
def test_every_limit_has_a_name(name):
    for locale in ("en", "fr"):
        assert "_" not in shown("name", name, locale, "limits")
    assert shown("name", name, "en", "plugs") == name
