# ruff: noqa: RUF001  # French has its own apostrophe
"""What the words of our own in the cells of a document are in the language of its reader.

CSV and JSON, which programs read, keep them as they are; so does what nobody here has named.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ..readings.fields import Kind
from ..tariff.kinds import KINDS as CONTRACT_KINDS
from .dates import DateWords
from .details import DetailWords
from .phrases import Words
from .translated import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..rows.content import Content
    from ..rows.tables import Chunk

_ROLES = {
    "consumption": ("consumption", "consommation"),
    "production": ("production", "production"),
    "ignored": ("not counted", "non compté"),
    "owner": ("owner", "propriétaire"),
    "administrator": ("administrator", "administrateur"),
    "user": ("user", "utilisateur"),
}
_STATES = {
    "on": ("on", "allumé"),
    "off": ("off", "éteint"),
    "unavailable": ("unavailable", "indisponible"),
    "unknown": ("unknown", "inconnu"),
    "idle": ("idle", "en attente"),
    "queued": ("queued", "en file d’attente"),
    "running": ("running", "en cours"),
    "success": ("success", "réussi"),
    "completed": ("completed", "terminé"),
    "failed": ("failed", "échoué"),
    "error": ("error", "erreur"),
    "cancelled": ("cancelled", "annulé"),
    "interrupted": ("interrupted", "interrompu"),
    "expired": ("expired", "expiré"),
}
_KINDS = {
    "plug": ("plug", "prise"),
    "meter": ("meter", "compteur"),
    "destination": ("destination", "destination"),
    "file": ("file", "fichier"),
    "push": ("push", "envoi"),
    "database": ("database", "base de données"),
    **{name: kind.title for name, kind in CONTRACT_KINDS.items()},
}
_LIMITS = {
    "max_records_per_export": ("Rows in a file, at most", "Lignes d’un fichier, au plus"),
    "max_date_range_days": ("Days in a file, at most", "Jours d’un fichier, au plus"),
    "max_pdf_rows": ("Rows in a PDF, at most", "Lignes d’un PDF, au plus"),
    "max_concurrent_exports": ("Files made at once", "Fichiers créés en même temps"),
    "max_waiting_exports": ("Files that may wait", "Fichiers qui peuvent attendre"),
    "max_file_size_mb": ("Size of a file, at most", "Taille d’un fichier, au plus"),
    "keep_files_days": ("Files are kept for", "Fichiers conservés pendant"),
    "keep_history_days": ("History is kept for", "Historique conservé pendant"),
    "keep_audit_days": ("Audit log is kept for", "Journal d’audit conservé pendant"),
}
_UNITS = {"d": ("days", "jours"), "MB": ("MB", "Mo")}
_OF_COLUMN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "role": _ROLES,
    "state": _STATES,
    "kind": _KINDS,
    "unit": _UNITS,
}


_CHOICES = {"severity": "severity", "event_type": "audit_event"}
"""Columns of what can be chosen in a form, and its selector."""
_CODES = ("type", "export_type", "format", "delivery")
_DETAILS = ("details", "settings", "request")


def put_into_words(content: Content, locale: str) -> None:
    """Let the tables of a document show words of our own in its language, `en` or `fr`."""
    words = Words(locale)
    french = locale == "fr"
    details = DetailWords(locale)
    dates = DateWords(locale)
    own_ways: dict[str, Callable[[str], str]] = {
        "time_of_use": words.tariff_period,
        "valid_from": lambda day: dates.short(date.fromisoformat(day)),
        "data_types": details.codes,
        **dict.fromkeys(_CODES, details.code),
        **dict.fromkeys(_DETAILS, details.details),
    }
    units = {name: pair[french] for name, pair in _UNITS.items()}
    for table in content.tables:
        table.columns = [
            replace(column, unit=units.get(column.unit, column.unit)) for column in table.columns
        ]
        ways: dict[int, Callable[[str], str]] = {}
        for place, column in enumerate(table.columns):
            if column.kind is not Kind.TEXT:
                continue
            if (own := own_ways.get(column.name)) is not None:
                ways[place] = own
                continue
            if column.name in _CHOICES:
                named = choices(_CHOICES[column.name], locale)
            elif (known := _of(table.name, column.name)) is not None:
                named = {name: pair[french] for name, pair in known.items()}
            else:
                continue
            ways[place] = lambda value, named=named: named.get(value, value)  # type: ignore[misc]
        if ways:
            table.chunks = _worded(table.chunks, ways)


def _of(table: str, column: str) -> Mapping[str, tuple[str, str]] | None:
    if (table, column) == ("limits", "name"):
        return _LIMITS
    return _OF_COLUMN.get(column)


def _worded(chunks: Iterator[Chunk], ways: Mapping[int, Callable[[str], str]]) -> Iterator[Chunk]:
    for chunk in chunks:
        yield [
            values
            if (way := ways.get(place)) is None
            else [None if value is None else way(value) for value in values]
            for place, values in enumerate(chunk)
        ]
