"""The choices of the actions' forms, and their words, from the records of what can be chosen."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import EVENT_TYPES, LOCALES, REPORT_SECTIONS
from custom_components.med_exporter.engine.readings.fields import FIELDS
from scripts.reference.words import COMPONENT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

SERVICES: Final = COMPONENT / "services.yaml"

_CHOICES: Final[Mapping[str, Collection[str]]] = {
    "export_type": EXPORT_TYPES,
    "file_format": FORMATS,
    "reading_field": FIELDS,
    "report_section": REPORT_SECTIONS,
    "audit_event": EVENT_TYPES,
    "locale": LOCALES,
}
"""By the key of their words."""


def services_text() -> str:
    """Return `services.yaml` with the choices that there are."""
    text = SERVICES.read_text(encoding="utf-8")
    for key, choices in _CHOICES.items():
        lines = "".join(rf"\1  - {choice}\n" for choice in choices)
        text = re.sub(
            rf"^( +)(translation_key: {key}\n\1options:\n)(?:\1  - .*\n)+",
            rf"\1\2{lines}",
            text,
            flags=re.MULTILINE,
        )
    return text


def translations_path(language: str) -> Path:
    """Return where the words of a language are."""
    return COMPONENT / "translations" / f"{language}.json"


def translations_text(language: str) -> str:
    """Return the words of a language, with those that records have."""
    words = json.loads(translations_path(language).read_text(encoding="utf-8"))
    place = ("en", "fr").index(language)
    choices = words["selector"]
    choices["export_type"]["options"] = {one.id: one.title[place] for one in EXPORT_TYPES.values()}
    choices["file_format"]["options"] = {one.id: one.name for one in FORMATS.values()}
    return json.dumps(words, ensure_ascii=False, indent=2) + "\n"
