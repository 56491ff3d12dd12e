# ruff: noqa: RUF001  # French has its own apostrophe
"""What the words of our own in the cells of a document are in the language of its reader.

CSV and JSON, which programs read, keep them as they are; so does what nobody here has named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import Kind
from .tariff.kinds import KINDS as CONTRACT_KINDS
from .words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .content import Content
    from .tables import Chunk

_ROLES = {
    "consumption": ("consumption", "consommation"),
    "production": ("production", "production"),
    "ignored": ("not counted", "non compté"),
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
_SEVERITIES = {
    "info": ("information", "information"),
    "warning": ("warning", "avertissement"),
    "error": ("error", "erreur"),
}
_EVENTS = {
    "login_success": ("login", "connexion"),
    "login_failure": ("failed login", "connexion refusée"),
    "device_controlled": ("device controlled", "appareil commandé"),
    "export_created": ("export created", "export créé"),
    "export_downloaded": ("export downloaded", "export téléchargé"),
    "export_deleted": ("export deleted", "export supprimé"),
    "destination_changed": ("destination changed", "destination modifiée"),
    "schedule_changed": ("schedule changed", "planification modifiée"),
    "energy_corrected": ("energy corrected", "énergie corrigée"),
}
_OF_COLUMN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "role": _ROLES,
    "state": _STATES,
    "kind": _KINDS,
    "severity": _SEVERITIES,
    "event_type": _EVENTS,
}


def put_into_words(content: Content, locale: str) -> None:
    """Let the tables of a document show words of our own in its language, `en` or `fr`."""
    words = Words(locale)
    french = locale == "fr"
    for table in content.tables:
        ways: dict[int, Callable[[str], str]] = {}
        for place, column in enumerate(table.columns):
            if column.kind is not Kind.TEXT:
                continue
            if column.name == "time_of_use":
                ways[place] = words.tariff_period
            elif (known := _OF_COLUMN.get(column.name)) is not None:
                named = {name: pair[french] for name, pair in known.items()}
                ways[place] = lambda value, named=named: named.get(value, value)  # type: ignore[misc]
        if ways:
            table.chunks = _worded(table.chunks, ways)


def _worded(chunks: Iterator[Chunk], ways: Mapping[int, Callable[[str], str]]) -> Iterator[Chunk]:
    for chunk in chunks:
        yield [
            values
            if (way := ways.get(place)) is None
            else [None if value is None else way(value) for value in values]
            for place, values in enumerate(chunk)
        ]
